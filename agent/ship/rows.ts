import { isUtf8 } from 'node:buffer';
import type { Batch } from '../buffer/batch.ts';

/** Rows in the order of their streams. */
export interface GroupedRows {
  /** Rows, those of one stream together, in their order. Longer than the rows are. */
  readonly order: Uint32Array;
  /** Per stream of the batch: where its rows end in `order`. */
  readonly ends: Uint32Array;
}

/** Sorts rows by stream (counting sort); its memory is used again by the next call. */
export class RowsByStream {
  #order = new Uint32Array(1024);

  group(batch: Batch, rows: Uint32Array): GroupedRows {
    const { stream, streams } = batch;
    const ends = new Uint32Array(streams.length);
    for (let i = 0; i < rows.length; i++) ends[stream[rows[i] as number] as number]!++;
    let sum = 0;
    for (let i = 0; i < ends.length; i++) {
      const count = ends[i] as number;
      ends[i] = sum;
      sum += count;
    }
    if (this.#order.length < rows.length) this.#order = new Uint32Array(Math.max(rows.length, this.#order.length * 2));
    const order = this.#order;
    for (let i = 0; i < rows.length; i++) order[ends[stream[rows[i] as number] as number]!++] = rows[i] as number;
    return { order, ends };
  }
}

/** Bytes of the lines of rows. */
export function lineBytesOf(batch: Batch, rows: Uint32Array): number {
  let bytes = 0;
  for (let i = 0; i < rows.length; i++) bytes += (batch.lineStart[(rows[i] as number) + 1] as number) - (batch.lineStart[rows[i] as number] as number);
  return bytes;
}

/** The line of a row as text; what is no UTF-8 becomes U+FFFD. */
export function lineText(batch: Batch, row: number): string {
  return batch.lines.toString('utf8', batch.lineStart[row], batch.lineStart[row + 1]);
}

/** Whether the line of a row is UTF-8. */
export function isLineUtf8(batch: Batch, row: number): boolean {
  return isUtf8(batch.lines.subarray(batch.lineStart[row], batch.lineStart[row + 1]));
}

/** Called with each pair of a row's structured metadata, in order. */
export function eachPair(batch: Batch, row: number, take: (name: string, value: string) => void): void {
  const bytes = batch.metadata;
  const end = batch.metadataStart[row + 1] as number;
  for (let at = batch.metadataStart[row] as number; at < end; ) {
    let name = '';
    for (let part = 0; part < 2; part++) {
      let length = 0;
      for (let factor = 1; at < end; factor *= 128) {
        const byte = bytes[at++] as number;
        length += (byte & 0x7f) * factor;
        if (byte < 0x80) break;
      }
      const text = bytes.toString('utf8', at, Math.min(end, at + length));
      at += length;
      if (part === 0) name = text;
      else take(name, text);
    }
  }
}

/** The time of a row as RFC 3339 with nanoseconds. */
export function timeText(batch: Batch, row: number): string {
  const seconds = batch.seconds[row] as number;
  const date = new Date(seconds * 1000);
  const whole = Number.isNaN(date.getTime()) ? '1970-01-01T00:00:00' : date.toISOString().slice(0, -5);
  return `${whole}.${String(batch.nanos[row]).padStart(9, '0')}Z`;
}
