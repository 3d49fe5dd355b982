import { SpoorError } from '../../model/mod.ts';
import { gramBytes, type GramFilter } from '../grams.ts';
import { alphabetHolds } from './alphabet.ts';
import type { Column, ColumnDictionary, ColumnHeader, ColumnTexts, PageOpener } from './column.ts';
import type { HexPoolReader } from './pool.ts';
import { pickTexts, PlaceList, placesByHeader, searchTexts } from './texts.ts';

/** What a column needs from around it. */
export interface ColumnContext {
  /** Nanoseconds since the start of the day of the row of each value. */
  readonly time: () => Float64Array;
  /** UTC day of the rows. */
  readonly day: number;
  /** The columns before this one. Throws, or gives a column of as many values. */
  readonly earlier: (index: number) => Column;
  readonly pool: () => HexPoolReader;
  /** The filter that has the grams of the values; null where none has. */
  readonly grams: (() => GramFilter) | null;
  /** Object and column, for errors. */
  readonly where: string;
}

/** What columns have in common: results are kept, and what a kind has no better way for goes by the texts of all values. */
export abstract class BaseColumn implements Column {
  readonly header: ColumnHeader;
  protected readonly pages: PageOpener;
  protected readonly where: string;
  readonly #grams: (() => GramFilter) | null;
  #texts: ColumnTexts | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, { where, grams }: ColumnContext) {
    this.header = header;
    this.pages = pages;
    this.where = where;
    this.#grams = grams;
  }

  dictionary(): ColumnDictionary | null {
    return null;
  }

  codes(): Uint8Array | Uint16Array | Uint32Array {
    throw new SpoorError('internal', { reason: `a column of kind ${this.header.kind} has no dictionary` });
  }

  numbers(): Float64Array | null {
    return null;
  }

  measured(): { readonly numbers: Float64Array; readonly unit: string } | null {
    return null;
  }

  texts(): ColumnTexts {
    return (this.#texts ??= this.render(null));
  }

  textsAt(places: Uint32Array): ColumnTexts {
    return this.#texts === null ? this.render(places) : pickTexts(this.#texts, places);
  }

  candidates(needle: Uint8Array): Uint32Array | null {
    return placesByHeader(this.header, needle) ?? this.search(needle);
  }

  mayHold(needle: Uint8Array, fold: boolean): boolean {
    const { lengthMax, alphabet } = this.header;
    if (needle.length > lengthMax || !alphabetHolds(alphabet, needle, fold)) return false;
    return this.#grams === null || needle.length < gramBytes || this.#grams().mayHold(needle);
  }

  /** The values at `places`, or all; all of them stand one after another without gaps. */
  protected abstract render(places: Uint32Array | null): ColumnTexts;

  /** Exact; only asked where the header leaves it open. */
  protected search(needle: Uint8Array): Uint32Array | null {
    const found = new PlaceList();
    searchTexts(this.texts(), this.header.count, needle, found);
    return found.done();
  }

  protected damage(reason: string): SpoorError {
    return columnDamage(this.where, this.header, reason);
  }

  /** A page of exactly `bytes` bytes. */
  protected page(page: number, bytes: number): Uint8Array {
    const raw = this.pages(page);
    if (raw.length !== bytes) throw this.damage(`page ${page} has ${raw.length} bytes instead of ${bytes}`);
    return raw;
  }
}

/** The error for a column that is not what it says. */
export function columnDamage(where: string, header: ColumnHeader, reason: string): SpoorError {
  return new SpoorError('corruption', { where, offset: 0, reason: `column of kind ${header.kind}: ${reason}` });
}

/** An estimate of what an encoding takes, and how to make it. What it needs may stand in scratch arrays: `make` is called before another kind is tried, or not at all. */
export interface Draft {
  readonly bits: number;
  readonly make: () => { readonly header: ColumnHeader; readonly pages: readonly Uint8Array[] };
}
