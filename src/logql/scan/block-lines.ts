import { isAscii } from 'node:buffer';
import type { BytesColumn } from '../../model/mod.ts';
import { asBuffer } from '../../bytes/mod.ts';

/** Letters that equal ASCII k and s without case: U+212A and U+017F. */
const wideFolds = [Buffer.from('\u212a', 'utf8'), Buffer.from('\u017f', 'utf8')];

/** Part of the searched bytes that rows must fill for one search over all of them to be worth it. */
const densityMin = 0.4;

/** The lines of a block as one stretch of bytes that can be searched at once. */
export class BlockLines {
  readonly rows: number;
  readonly bytes: Buffer;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
  /** First byte of any line, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Whether lines lie apart and densely, so that searching all bytes at once finds rows. */
  readonly searchable: boolean;
  /** Rows by where they start; null where that is their order. */
  readonly #order: Uint32Array | null;
  #text: string | undefined;
  #foldsWide: boolean | undefined;

  constructor(lines: BytesColumn, rows: number) {
    this.rows = rows;
    this.bytes = asBuffer(lines.bytes);
    this.start = lines.start;
    this.length = lines.length;
    let sorted = true;
    let total = 0;
    let from = Infinity;
    let to = 0;
    for (let row = 0; row < rows; row++) {
      const start = this.start[row]!;
      const length = this.length[row]!;
      total += length;
      if (start < from) from = start;
      if (start + length > to) to = start + length;
      if (row > 0 && start < this.start[row - 1]!) sorted = false;
    }
    this.from = rows === 0 ? 0 : from;
    this.to = to;
    const order = sorted ? null : Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => this.start[a]! - this.start[b]!);
    this.#order = order;
    this.searchable = total >= (to - from) * densityMin && this.#apart();
  }

  /** Whether no line overlaps another. */
  #apart(): boolean {
    let end = 0;
    for (let i = 0; i < this.rows; i++) {
      const row = this.rowAt(i);
      if (this.start[row]! < end) return false;
      end = this.start[row]! + this.length[row]!;
    }
    return true;
  }

  /** The row that is i-th by where it starts. */
  rowAt(i: number): number {
    return this.#order === null ? i : this.#order[i]!;
  }

  /** The last place in the order, at or after `i`, whose row starts at or before `position`; `i - 1` if there is none. */
  placeOf(position: number, i: number): number {
    let low = i - 1;
    let step = 1;
    // Hits come in order: look near by first.
    let high = i;
    while (high < this.rows && this.start[this.rowAt(high)]! <= position) {
      low = high;
      high += step;
      step *= 2;
    }
    high = Math.min(high, this.rows);
    while (low + 1 < high) {
      const mid = (low + high) >> 1;
      if (this.start[this.rowAt(mid)]! <= position) low = mid;
      else high = mid;
    }
    return low;
  }

  /** The searched bytes, one character each. */
  get text(): string {
    this.#text ??= this.bytes.toString('latin1', this.from, this.to);
    return this.#text;
  }

  /** Whether the bytes hold a letter outside ASCII that equals one of ASCII without case. */
  get foldsWide(): boolean {
    if (this.#foldsWide === undefined) {
      const all = this.bytes.subarray(this.from, this.to);
      this.#foldsWide = !isAscii(all) && wideFolds.some((letter) => all.includes(letter));
    }
    return this.#foldsWide;
  }
}
