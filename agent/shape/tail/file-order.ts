import { nowhere, type Address, type HeldLines } from './held-lines.ts';

/**
 * Held lines by file and stream, in the order in which they stand there: a chain through the lines themselves, so that the first line that is still held, which holds the file's position
 * back, is known at any time, and a line leaves it in one step.
 */
export class FileOrder {
  readonly #lines: HeldLines;
  /** By file × 4 + stream. */
  readonly #ends = new Map<number, { first: Address; last: Address }>();

  constructor(lines: HeldLines) {
    this.#lines = lines;
  }

  add(address: Address, file: number, stream: number): void {
    const key = file * 4 + stream;
    const ends = this.#ends.get(key);
    if (ends === undefined) {
      this.#ends.set(key, { first: address, last: address });
      return;
    }
    this.#lines.setNextOfFile(ends.last, address);
    this.#lines.setPrevOfFile(address, ends.last);
    ends.last = address;
  }

  remove(address: Address, file: number, stream: number): void {
    const key = file * 4 + stream;
    const ends = this.#ends.get(key);
    if (ends === undefined) return;
    const next = this.#lines.nextOfFile(address);
    const prev = this.#lines.prevOfFile(address);
    if (prev === nowhere) ends.first = next;
    else this.#lines.setNextOfFile(prev, next);
    if (next === nowhere) ends.last = prev;
    else this.#lines.setPrevOfFile(next, prev);
    if (ends.first === nowhere) this.#ends.delete(key);
  }

  /** Offset of the first line; null where there is none. */
  first(file: number, stream: number): number | null {
    const ends = this.#ends.get(file * 4 + stream);
    return ends === undefined ? null : this.#lines.offset(ends.first);
  }
}
