/**
 * A column of byte strings: what fills one hole of a template, for the rows of that template in one row group. Values are written with the encoding
 * that their content asks for, and every encoding gives back the bytes exactly.
 */

/** Byte strings to be written: value i is bytes[start[i] … start[i] + length[i]), 0 ≤ i < count. */
export interface ColumnValues {
  readonly bytes: Buffer;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
  readonly count: number;
  /** Nanoseconds since the start of the day of the row of each value: timestamps are stored as the difference. */
  readonly time: Float64Array;
  /** UTC day of the rows. */
  readonly day: number;
}

/** Encodings by their number in the column directory; one file each. Numbers are never reused. */
export const columnKinds = {
  /** All values are the same; no pages. */
  constant: 1,
  /** Few distinct values: entries (in the header where they are small, else a page) and a code for each value. */
  dictionary: 2,
  /** Whole numbers as a program prints them (no plus, no leading zeros, no -0), within ±(2^53 - 1). */
  integer: 3,
  /** Decimal numbers with a fixed or a trimmed number of digits behind the point: mantissa, and one scale for all. */
  decimal: 4,
  /** Hexadecimal digits of one case and one even length, two to a byte. */
  hex: 5,
  /** UUIDs in the 8-4-4-4-12 form of one case, 16 bytes. */
  uuid: 6,
  /** IPv4 addresses in canonical form, 4 bytes. */
  ipv4: 7,
  /** Points in time of one format, as nanoseconds relative to the row's time. */
  time: 8,
  /** Hexadecimal digits that a pool of the segment holds: a code for each value. */
  pool: 9,
  /** The same value, row by row, as an earlier column of the template. */
  same: 10,
  /** A prefix and a suffix that all values share, and another encoding for what is between them. */
  affix: 11,
  /** Anything: lengths, and the bytes one after another. */
  text: 12,
} as const;

export type ColumnKind = keyof typeof columnKinds;

/** What a column keeps in the directory, besides where its pages stand. Plain data. */
export interface ColumnHeader {
  readonly kind: ColumnKind;
  readonly count: number;
  /** Every byte that occurs in any value has its bit set: 8 words of 32 bits. A superset where that is cheaper. */
  readonly alphabet: Uint32Array;
  /** Shortest and longest value. */
  readonly lengthMin: number;
  readonly lengthMax: number;
  /** The kind's own parameters, as its file writes them. */
  readonly parameters: Uint8Array;
  /** Smallest and largest number, where every value is a number as `numbers()` gives it; else null. */
  readonly range: { readonly min: number; readonly max: number } | null;
}

/** A column as it was written: header, and raw pages that the writer of the row group compresses and places. */
export interface EncodedColumn {
  readonly header: ColumnHeader;
  readonly pages: readonly Uint8Array[];
}

/** Byte strings of a decoded column: value i is bytes[start[i] … start[i] + length[i]). Values may share bytes. */
export interface ColumnTexts {
  readonly bytes: Buffer;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
}

/** Distinct values and which of them each value is. */
export interface ColumnDictionary {
  readonly entries: ColumnTexts;
  readonly size: number;
}

/**
 * A column opened for reading. Pages are fetched and decoded when they are first asked for; every result is kept. Throws `corruption` where pages are not
 * what the header says.
 */
export interface Column {
  readonly header: ColumnHeader;
  /** Distinct values where the column is a constant or a dictionary (also behind `same`; behind `affix` with prefix and suffix in them); else null. */
  dictionary(): ColumnDictionary | null;
  /** For each value its entry in `dictionary()`; only where that is not null. */
  codes(): Uint8Array | Uint16Array | Uint32Array;
  /** The values as numbers, exactly what Number(text) gives, where the kind says that every value is a number; else null. */
  numbers(): Float64Array | null;
  /** Numbers with one suffix that all values share, which is no part of them (`12.5ms`); else null. */
  measured(): { readonly numbers: Float64Array; readonly unit: string } | null;
  /** All values as bytes. */
  texts(): ColumnTexts;
  /**
   * The values at `places` (ascending) as bytes, in that order; cheaper than texts() where they are few.
   */
  textsAt(places: Uint32Array): ColumnTexts;
  /**
   * Places (ascending) of the values that may contain `needle`, a superset; null where the kind knows no way better than looking at all values. Constants, numbers
   * and hexadecimal digits answer exactly.
   */
  candidates(needle: Uint8Array): Uint32Array | null;
  /** False where no value contains `needle`, with `fold` in whatever case of ASCII letters; reads no page of the column. */
  mayHold(needle: Uint8Array, fold: boolean): boolean;
}

/** Fetches the raw (decompressed, checked) bytes of a page of the column. */
export type PageOpener = (page: number) => Uint8Array;
