import { compressSync } from 'snappy';
import { formatLabels, type LabelSet } from '../../../src/model/mod.ts';
import type { Batch } from '../../buffer/batch.ts';
import { RowsByStream } from '../rows.ts';

/**
 * Turns batches into Loki pushes: protobuf PushRequest (loki.proto: streams = 1 {labels = 1, entries = 2 {timestamp = 1, line = 2, structuredMetadata = 3}}) in a raw snappy block. Rows are
 * grouped by stream; within a stream they keep their order. The same rows always give the same bytes.
 *
 * It writes straight from the batch's columns into one buffer that is kept, and compresses on the spot: the threaded compression of the snappy package keeps
 * hundreds of megabytes resident (docs/operate/agent.md), and 2 ms per batch hold up nothing here.
 */
export class BatchEncoder {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #at = 0;
  readonly #groups = new RowsByStream();
  readonly #labels = new WeakMap<LabelSet, Buffer>();

  /** The body for rows of a batch. */
  encode(batch: Batch, rows: Uint32Array): Buffer {
    const { order, ends } = this.#groups.group(batch, rows);
    this.#at = 0;
    let start = 0;
    for (const [i, { labels }] of batch.streams.entries()) {
      const end = ends[i] as number;
      if (start === end) continue;
      const text = this.#labelText(labels);
      let length = 1 + varintLength(text.length) + text.length;
      for (let at = start; at < end; at++) {
        const entry = entryLength(batch, order[at] as number);
        length += 1 + varintLength(entry) + entry;
      }
      this.#room(length + 8);
      this.#bytesField(0x0a, length);
      this.#bytesField(0x0a, text.length);
      this.#at += text.copy(this.#bytes, this.#at);
      for (; start < end; start++) this.#entry(batch, order[start] as number);
    }
    return compressSync(this.#bytes.subarray(0, this.#at), { copyOutputData: true });
  }

  #entry(batch: Batch, row: number): void {
    const seconds = batch.seconds[row] as number;
    const nanos = batch.nanos[row] as number;
    const lineStart = batch.lineStart[row] as number;
    const lineEnd = batch.lineStart[row + 1] as number;
    this.#bytesField(0x12, entryLength(batch, row));
    this.#bytesField(0x0a, timeLength(seconds, nanos));
    if (seconds !== 0) this.#bytesField(0x08, seconds);
    if (nanos !== 0) this.#bytesField(0x10, nanos);
    this.#bytesField(0x12, lineEnd - lineStart);
    this.#at += batch.lines.copy(this.#bytes, this.#at, lineStart, lineEnd);
    this.#metadata(batch.metadata, batch.metadataStart[row] as number, batch.metadataStart[row + 1] as number);
  }

  /** A pair of encodeMetadata is length and bytes of the name, then of the value: with a tag before each it is a protobuf LabelPairAdapter. */
  #metadata(metadata: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const valueAt = textEnd(metadata, at);
      const end = textEnd(metadata, valueAt);
      this.#bytesField(0x1a, end - at + 2);
      this.#bytes[this.#at++] = 0x0a;
      this.#bytes.set(metadata.subarray(at, valueAt), this.#at);
      this.#at += valueAt - at;
      this.#bytes[this.#at++] = 0x12;
      this.#bytes.set(metadata.subarray(valueAt, end), this.#at);
      this.#at += end - valueAt;
      at = end;
    }
  }

  /** A tag, and a number or a length as varint. */
  #bytesField(tag: number, value: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = tag;
    let rest = value;
    while (rest >= 0x80) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[at++] = rest;
    this.#at = at;
  }

  #labelText(labels: LabelSet): Buffer {
    let text = this.#labels.get(labels);
    if (text === undefined) {
      text = Buffer.from(formatLabels(labels));
      this.#labels.set(labels, text);
    }
    return text;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, Math.ceil(this.#bytes.length * 1.5)));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function entryLength(batch: Batch, row: number): number {
  const time = timeLength(batch.seconds[row] as number, batch.nanos[row] as number);
  const line = (batch.lineStart[row + 1] as number) - (batch.lineStart[row] as number);
  return 1 + varintLength(time) + time + 1 + varintLength(line) + line + metadataLength(batch.metadata, batch.metadataStart[row] as number, batch.metadataStart[row + 1] as number);
}

function timeLength(seconds: number, nanos: number): number {
  return (seconds === 0 ? 0 : 1 + varintLength(seconds)) + (nanos === 0 ? 0 : 1 + varintLength(nanos));
}

function metadataLength(metadata: Uint8Array, from: number, to: number): number {
  let total = 0;
  for (let at = from; at < to; ) {
    const end = textEnd(metadata, textEnd(metadata, at));
    const pair = end - at + 2;
    total += 1 + varintLength(pair) + pair;
    at = end;
  }
  return total;
}

/** Where the text at `at`, whose length stands before it, ends. */
function textEnd(metadata: Uint8Array, at: number): number {
  let length = 0;
  let next = at;
  for (let factor = 1; ; factor *= 128) {
    const byte = metadata[next++] as number;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) return next + length;
  }
}

function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  let length = 3;
  for (let rest = Math.floor(value / 0x20_0000); rest > 0; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
