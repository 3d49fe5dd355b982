import type { BytesColumn } from '../model/mod.ts';
import { DictionaryBuilder } from './encodings/dictionary.ts';
import { PlainPages } from './encodings/plain.ts';
import { columnIds, encodingIds } from './format.ts';
import { sealIntegers, type Runs } from './integers.ts';
import { sealPage, type SealedPage } from './page.ts';

/** Entries up to which a dictionary may hold a different value for each row. */
const distinctAllowed = 64;

/**
 * The structured metadata of a row group. Whole values go into a dictionary while few of them differ (at most one row in four is new);
 * once they do (trace IDs), all go into plain pages, where lz4 takes care of the repeated names.
 */
export class MetadataBuilder {
  #dictionary: DictionaryBuilder | undefined = new DictionaryBuilder();
  readonly #pages = new PlainPages(columnIds.metadata);
  /** Codes with a dictionary, else lengths. */
  #numbers = new Float64Array(256);
  #rows = 0;
  /** Bytes of all values. */
  bytes = 0;

  get heldBytes(): number {
    return this.#pages.heldBytes + this.#numbers.byteLength + (this.#dictionary?.heldBytes ?? 0);
  }

  get estimatedBytes(): number {
    return this.#pages.estimatedBytes;
  }

  append(source: BytesColumn, from: number, to: number): void {
    const rows = this.#rows + to - from;
    if (rows > this.#numbers.length) {
      const grown = new Float64Array(Math.max(rows, 2 * this.#numbers.length));
      grown.set(this.#numbers.subarray(0, this.#rows));
      this.#numbers = grown;
    }
    const { length } = source;
    let bytes = 0;
    for (let row = from; row < to; row++) bytes += length[row]!;
    this.bytes += bytes;
    let row = from;
    if (this.#dictionary !== undefined) row = this.#appendCodes(this.#dictionary, source, from, to);
    if (row < to) {
      this.#pages.append(source, row, to);
      for (let i = row; i < to; i++) this.#numbers[this.#rows++] = length[i]!;
    }
  }

  /** Adds rows to the dictionary; gives it up at the first row that it should not take, and returns that row. */
  #appendCodes(dictionary: DictionaryBuilder, source: BytesColumn, from: number, to: number): number {
    const { bytes, start, length } = source;
    for (let row = from; row < to; row++) {
      const code = dictionary.code(bytes, start[row]!, length[row]!);
      if (code < 0 || (dictionary.entries > distinctAllowed && dictionary.entries * 4 > this.#rows)) {
        this.#giveUp(dictionary);
        return row;
      }
      this.#numbers[this.#rows++] = code;
    }
    return to;
  }

  #giveUp(dictionary: DictionaryBuilder): void {
    const rows = this.#rows;
    const expanded = dictionary.expand(this.#numbers, rows);
    this.#pages.append(expanded, 0, rows);
    this.#numbers.set(expanded.length);
    this.#dictionary = undefined;
  }

  /** All pages, in file order; none where no row has metadata. */
  finish(runs: Runs): SealedPage[] {
    if (this.bytes === 0) return [];
    const dictionary = this.#dictionary;
    if (dictionary === undefined) return [sealIntegers(columnIds.metadataLength, this.#numbers, runs, false), ...this.#pages.finish()];
    const content = { column: columnIds.metadataDictionary, encoding: encodingIds.dictionary, values: dictionary.entries, range: null };
    return [sealIntegers(columnIds.metadataCode, this.#numbers, runs, false), sealPage(content, dictionary.encode())];
  }
}
