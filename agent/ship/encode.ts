import { PushEncoder } from '../../src/protocols/mod.ts';
import type { Batch } from '../buffer/batch.ts';

/** Turns batches into Loki pushes. Rows are grouped by stream; within a stream they keep their order. The same rows always give the same bytes. */
export class BatchEncoder {
  readonly #encoder = new PushEncoder();
  #order = new Uint32Array(1024);

  /** The body for rows [from … to) of a batch. Every byte is taken from the batch before the first await. */
  async encode(batch: Batch, from: number, to: number): Promise<Uint8Array> {
    const { streams, timeNs, lines, lineStart, metadata, metadataValues } = batch;
    const next = this.#group(batch, from, to);
    const order = this.#order;
    const encoder = this.#encoder;
    encoder.clear();
    let at = 0;
    for (const [i, labels] of streams.entries()) {
      const end = next[i] as number;
      if (at === end) continue;
      encoder.stream(labels.labels);
      for (; at < end; at++) {
        const row = order[at] as number;
        const meta = metadata[row] as number;
        encoder.entry(timeNs[row] as bigint, lines, lineStart[row], lineStart[row + 1], meta === 0 ? undefined : metadataValues[meta - 1]);
      }
    }
    return encoder.finish();
  }

  /** Sorts rows by stream (counting sort) into #order; per stream, where its rows end there. */
  #group(batch: Batch, from: number, to: number): Uint32Array {
    const { stream, streams } = batch;
    const next = new Uint32Array(streams.length);
    for (let row = from; row < to; row++) next[stream[row] as number]!++;
    let sum = 0;
    for (let i = 0; i < next.length; i++) {
      const count = next[i] as number;
      next[i] = sum;
      sum += count;
    }
    if (this.#order.length < to - from) this.#order = new Uint32Array(Math.max(to - from, this.#order.length * 2));
    for (let row = from; row < to; row++) this.#order[next[stream[row] as number]!++] = row;
    return next;
  }
}
