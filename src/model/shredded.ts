import type { LabelSet } from './labels.ts';
import type { BytesColumn, RowOrder } from './rows.ts';

/**
 * Rows taken apart into templates and columns, as segments hold them: what a scan may read instead of a RowBlock. Nothing is read or decoded before it is
 * asked for, and everything that was decoded is kept as long as the object. All calls may throw `corruption`, and what the object store throws.
 *
 * Rows are numbered from 0 within the row group. `runs` says which of them are wanted; all others must be left alone.
 */
export interface ShreddedRows {
  /** Rows of the row group. */
  readonly rows: number;
  /** UTC day; times count from its first nanosecond. */
  readonly day: number;
  /** Label sets that runs point into. */
  readonly streams: readonly LabelSet[];
  /** The rows wanted: of one stream, in total order; runs rise and do not overlap. */
  readonly runs: readonly ShreddedRun[];
  readonly templates: readonly ShreddedTemplate[];
  /** Bytes of lines and metadata of all rows. */
  readonly bytes: number;
  /** Nanoseconds since the start of the day, for each row of the row group. */
  time(): Float64Array;
  order(): RowOrder;
  lineLength(): Uint32Array;
  /** For each row of the row group the number of its template. */
  templateOf(): Uint8Array | Uint16Array;
  /** The lines of `rows` (ascending), put together: element i is that of rows[i]. */
  lines(rows: Uint32Array): BytesColumn;
  /** Structured metadata of `rows`, as lines(). */
  metadata(rows: Uint32Array): BytesColumn;
}

export interface ShreddedRun {
  /** Index into `streams`. */
  readonly stream: number;
  /** First row, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** The rows of one template. Places number them from 0. */
export interface ShreddedTemplate {
  readonly template: LineTemplate;
  /** The same text for the same template, in all row groups and segments. */
  readonly key: string;
  /** How many rows it has. */
  readonly count: number;
  /** Row numbers, ascending. */
  rows(): Uint32Array;
  /** Reads what texts() or codes() of these columns will need in one go; nothing else depends on it. */
  want(columns: readonly number[]): void;
  /** What is known of the columns without opening them; one object as long as the segment's directory is kept. */
  readonly heads: readonly ColumnHead[];
  /** Columns: holes of the line, then values of metadata (or the one of all metadata, where `template.metadata` is null). Opened when they are first asked for. */
  readonly columns: readonly ShreddedColumn[];
  /** One of the columns, without opening the others. */
  column(number: number): ShreddedColumn;
}

/** What a column is known by. */
export interface ColumnHead {
  readonly header: ColumnSummary;
}

/** What lines have in common (src/chunks/shred/template.ts says what kinds promise). */
export interface LineTemplate {
  readonly kind: 'json' | 'logfmt' | 'text' | 'plain';
  /** What stands before each hole, and behind the last. */
  readonly text: readonly Buffer[];
  readonly holes: readonly ('string' | 'token' | 'array' | 'bare' | 'word' | 'any')[];
  /** Names of structured metadata, in order; null where it is one column as bytes. */
  readonly metadata: readonly string[] | null;
}

/** One column; value i belongs to place i of its template. */
export interface ShreddedColumn extends ColumnHead {
  /** Distinct values where there are few, else null. */
  dictionary(): { readonly entries: BytesTexts; readonly size: number } | null;
  /** For each place its entry in the dictionary, where there is one. */
  codes(): Uint8Array | Uint16Array | Uint32Array;
  /** The values as Number(text) gives them, where all are numbers, else null. */
  numbers(): Float64Array | null;
  /** Numbers that one and the same unit stands behind (`12.5ms`), exactly what Number gives for what stands before it; else null. */
  measured(): { readonly numbers: Float64Array; readonly unit: string } | null;
  texts(): BytesTexts;
  /** Values at `places`, ascending; element i is that of places[i]. */
  textsAt(places: Uint32Array): BytesTexts;
  /** Places, ascending, of values that may hold `needle`; null: look at all. */
  candidates(needle: Uint8Array): Uint32Array | null;
  /** False where it is known, without reading the column, that no value holds `needle`; with `fold` in whatever case of ASCII letters. */
  mayHold(needle: Uint8Array, fold: boolean): boolean;
}

export interface ColumnSummary {
  /** `constant` where all values are the same; what else it may be is the segment's business. */
  readonly kind: string;
  /** 256 bits: bytes that may occur. */
  readonly alphabet: Uint32Array;
  readonly lengthMin: number;
  readonly lengthMax: number;
  /** Smallest and largest number, where all values are numbers. */
  readonly range: { readonly min: number; readonly max: number } | null;
}

/** Value i is bytes[start[i] … start[i] + length[i]). */
export interface BytesTexts {
  readonly bytes: Buffer;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
}
