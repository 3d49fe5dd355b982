import { asBuffer } from '../../bytes/mod.ts';
import { SpoorError, type BytesColumn } from '../../model/mod.ts';
import { encodingIds } from '../format.ts';
import { segmentLimits } from '../limits.ts';
import { sealPage, type SealedPage } from '../page.ts';

/**
 * Byte strings one after another, in pages of about bytesPageTarget bytes that hold whole values; their lengths are a column of their own.
 * Each page is compressed as soon as it is full, so that only one page is ever held raw.
 */
export class PlainPages {
  readonly #column: number;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #values = 0;
  #sealed: SealedPage[] = [];
  #sealedBytes = 0;

  constructor(column: number) {
    this.#column = column;
  }

  /** Bytes held: finished pages and the room of the open one. */
  get heldBytes(): number {
    return this.#sealedBytes + this.#buffer.length;
  }

  /** Bytes that it will take in the segment, roughly. */
  get estimatedBytes(): number {
    return this.#sealedBytes + (this.#at >> 1);
  }

  /** Adds the values from … to of `source`. */
  append(source: BytesColumn, from: number, to: number): void {
    const { start, length } = source;
    const bytes = asBuffer(source.bytes);
    let row = from;
    while (row < to) {
      const begin = start[row]!;
      const endMax = begin + segmentLimits.bytesPageTarget - this.#at;
      let end = begin;
      let next = row;
      while (next < to && (start[next] === end || length[next] === 0) && end + length[next]! <= endMax) {
        end += length[next]!;
        next++;
      }
      if (end > bytes.length) throw new SpoorError('internal', { reason: `row ${row} of a block reaches past the end of its bytes` });
      if (next > row) {
        this.#reserve(end - begin);
        bytes.copy(this.#buffer, this.#at, begin, end);
        this.#at += end - begin;
        this.#values += next - row;
        row = next;
      } else if (this.#values > 0) {
        this.#seal(this.#buffer.subarray(0, this.#at));
      } else if (begin + length[row]! > bytes.length) {
        throw new SpoorError('internal', { reason: `row ${row} of a block reaches past the end of its bytes` });
      } else {
        this.#values = 1;
        this.#seal(bytes.subarray(begin, begin + length[row]!));
        row++;
      }
    }
  }

  /** All pages; none is left open. */
  finish(): SealedPage[] {
    if (this.#values > 0) this.#seal(this.#buffer.subarray(0, this.#at));
    return this.#sealed;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(segmentLimits.bytesPageTarget, Math.max(4096, 2 * (this.#at + bytes))));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }

  #seal(raw: Uint8Array): void {
    const page = sealPage({ column: this.#column, encoding: encodingIds.plain, values: this.#values, range: null }, raw);
    this.#sealed.push(page);
    this.#sealedBytes += page.data.length;
    this.#at = 0;
    this.#values = 0;
  }
}

/**
 * Finds where values begin in a page of this encoding: for the rows rowStart … rowStart + rows, start[row] = at + the lengths before it.
 * Returns the sum of all lengths, to be compared with the page's raw length; -1 where a length makes no sense.
 */
export function plainStarts(length: Float64Array, rowStart: number, rows: number, at: number, start: Uint32Array): number {
  let end = at;
  for (let row = rowStart; row < rowStart + rows; row++) {
    start[row] = end;
    if (!(length[row]! >= 0)) return -1;
    end += length[row]!;
  }
  return end - at;
}
