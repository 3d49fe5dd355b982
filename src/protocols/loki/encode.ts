import { compressSync } from 'snappy';
import { formatLabels, type LabelSet } from '../../model/mod.ts';

/** Most bytes that the tag, length and time of an entry take. */
const entryOverheadMax = 48;

/**
 * Writes a Loki push (protobuf PushRequest in a raw snappy block) stream by stream, with no object per entry. Send the result of `finish` with
 * `Content-Type: application/x-protobuf`. Equal calls give equal bytes. After `finish` or `clear` it is empty and can be used again.
 *
 *     encoder.stream(labels); encoder.entry(timeNs, bytes, start, end, metadata); …; const body = await encoder.finish();
 */
export class PushEncoder {
  /** Finished streams, then (from #streamStart on) the content of the open one, which still lacks its head. */
  #bytes: Buffer;
  #at = 0;
  #streamStart = -1;
  #entries = 0;

  constructor(capacity = 1024 * 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(1024, capacity));
  }

  /** Bytes so far, before compression. */
  get bytes(): number {
    return this.#at;
  }

  /** Entries so far. */
  get entries(): number {
    return this.#entries;
  }

  /** Begins a stream; the entries that follow are its. The same labels may come again: the server merges them. */
  stream(labels: LabelSet): void {
    this.#endStream();
    const text = formatLabels(labels);
    const length = Buffer.byteLength(text);
    this.#room(length + 16);
    this.#streamStart = this.#at;
    this.#bytes[this.#at++] = 0x0a;
    this.#varint(length);
    this.#at += this.#bytes.write(text, this.#at, length, 'utf8');
  }

  /**
   * Adds an entry to the open stream: line bytes[start … end), and structured metadata in the form of encodeMetadata.
   * @param timeNs nanoseconds since the epoch, not before 1970
   */
  entry(timeNs: bigint, bytes: Uint8Array, start = 0, end: number = bytes.length, metadata?: Uint8Array): void {
    if (this.#streamStart < 0) throw new TypeError('PushEncoder.entry without a stream');
    const lineLength = end - start;
    const metadataLength = metadata === undefined ? 0 : this.#metadataLength(metadata);
    const seconds = Number(timeNs / 1_000_000_000n);
    const nanos = Number(timeNs % 1_000_000_000n);
    const timeLength = (seconds === 0 ? 0 : 1 + varintLength(seconds)) + (nanos === 0 ? 0 : 1 + varintLength(nanos));
    const length = 1 + varintLength(timeLength) + timeLength + 1 + varintLength(lineLength) + lineLength + metadataLength;
    this.#room(length + entryOverheadMax);
    const into = this.#bytes;
    into[this.#at++] = 0x12;
    this.#varint(length);
    into[this.#at++] = 0x0a;
    this.#varint(timeLength);
    if (seconds !== 0) {
      into[this.#at++] = 0x08;
      this.#varint(seconds);
    }
    if (nanos !== 0) {
      into[this.#at++] = 0x10;
      this.#varint(nanos);
    }
    into[this.#at++] = 0x12;
    this.#varint(lineLength);
    into.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#at);
    this.#at += lineLength;
    if (metadata !== undefined) this.#metadata(metadata);
    this.#entries++;
  }

  /** The finished body; the encoder is empty then. Compression runs on the thread pool. */
  async finish(): Promise<Uint8Array> {
    this.#endStream();
    const raw = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.clear();
    // Not `compress`, which loses the memory of its results (Brooooooklyn/snappy#323).
    return compressSync(raw, { copyOutputData: true });
  }

  /** Forgets everything. */
  clear(): void {
    this.#at = 0;
    this.#streamStart = -1;
    this.#entries = 0;
  }

  /** Puts tag and length in front of the open stream's content. */
  #endStream(): void {
    const start = this.#streamStart;
    if (start < 0) return;
    const length = this.#at - start;
    const head = 1 + varintLength(length);
    this.#room(head);
    this.#bytes.copyWithin(start + head, start, this.#at);
    this.#at = start;
    this.#bytes[this.#at++] = 0x0a;
    this.#varint(length);
    this.#at += length;
    this.#streamStart = -1;
  }

  /** Bytes that the pairs take as fields of an entry. */
  #metadataLength(metadata: Uint8Array): number {
    let total = 0;
    for (let at = 0; at < metadata.length; ) {
      const pair = pairEnd(metadata, at) - at;
      total += 1 + varintLength(pair + 2) + pair + 2;
      at += pair;
    }
    return total;
  }

  /** A pair of encodeMetadata is length and bytes of the name, then of the value: with a tag before each it is a protobuf LabelPairAdapter. */
  #metadata(metadata: Uint8Array): void {
    for (let at = 0; at < metadata.length; ) {
      const end = pairEnd(metadata, at);
      const valueAt = textEnd(metadata, at);
      this.#bytes[this.#at++] = 0x1a;
      this.#varint(end - at + 2);
      this.#bytes[this.#at++] = 0x0a;
      this.#bytes.set(metadata.subarray(at, valueAt), this.#at);
      this.#at += valueAt - at;
      this.#bytes[this.#at++] = 0x12;
      this.#bytes.set(metadata.subarray(valueAt, end), this.#at);
      this.#at += end - valueAt;
      at = end;
    }
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

function pairEnd(metadata: Uint8Array, at: number): number {
  return textEnd(metadata, textEnd(metadata, at));
}

/** Where the length-prefixed text at `at` ends. */
function textEnd(metadata: Uint8Array, at: number): number {
  let length = 0;
  let next = at;
  for (let factor = 1; ; factor *= 128) {
    const byte = metadata[next++];
    if (byte === undefined) throw new RangeError('PushEncoder: metadata ends inside a pair');
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  if (next + length > metadata.length) throw new RangeError('PushEncoder: metadata ends inside a pair');
  return next + length;
}
