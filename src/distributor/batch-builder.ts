import type { BatchStream, EntryBatch, LabelSet } from '../model/mod.ts';

/** Up to here bytes are copied in a loop: a call into the runtime costs more. */
const loopBytes = 40;

/** Collects the columns of an EntryBatch. Entries of one stream are added one after another. */
export class BatchBuilder {
  readonly #tenant: string;
  readonly #streams: { readonly labels: LabelSet; rows: number }[] = [];
  #labelBytes = 0;
  #open: { readonly labels: LabelSet; rows: number } | undefined;
  #rows = 0;
  #timeNs: BigInt64Array;
  #timeWords: Uint32Array;
  #lineStart: Uint32Array;
  #metadataStart: Uint32Array;
  #lines: Buffer;
  #linesAt = 0;
  #metadata: Buffer;
  #metadataAt = 0;

  /** Capacities are guesses; the columns grow. */
  constructor(tenant: string, rows: number, lineBytes: number) {
    this.#tenant = tenant;
    const capacity = Math.max(rows, 16);
    this.#timeNs = new BigInt64Array(capacity);
    this.#timeWords = new Uint32Array(this.#timeNs.buffer);
    this.#lineStart = new Uint32Array(capacity + 1);
    this.#metadataStart = new Uint32Array(capacity + 1);
    this.#lines = Buffer.allocUnsafeSlow(Math.max(lineBytes, 64));
    this.#metadata = Buffer.allocUnsafeSlow(Math.max(256, capacity * 24));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of labels and columns, near enough. */
  get bytes(): number {
    return this.#rows * 16 + this.#labelBytes + this.#linesAt + this.#metadataAt;
  }

  /** The entries that follow belong to this stream, whose labels take about `labelBytes`. */
  stream(labels: LabelSet, labelBytes: number): void {
    const stream = { labels, rows: 0 };
    this.#labelBytes += labelBytes;
    this.#streams.push(stream);
    this.#open = stream;
  }

  /** Takes a stream's entries back, all that came since `stream` was called with it. */
  dropStream(): void {
    const stream = this.#streams.pop();
    this.#rows -= stream?.rows ?? 0;
    this.#linesAt = this.#lineStart[this.#rows]!;
    this.#metadataAt = this.#metadataStart[this.#rows]!;
    this.#open = undefined;
  }

  /** Adds a metadata pair to the entry that `addRow` will add next. `encodedName` has its length in front. */
  addPair(encodedName: Buffer, value: Buffer, start: number, length: number): void {
    const need = encodedName.length + length + 5;
    if (this.#metadataAt + need > this.#metadata.length) this.#metadata = grown(this.#metadata, this.#metadataAt, need);
    const into = this.#metadata;
    let at = copyBytes(encodedName, 0, encodedName.length, into, this.#metadataAt);
    let rest = length;
    while (rest >= 0x80) {
      into[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    into[at++] = rest;
    this.#metadataAt = copyBytes(value, start, length, into, at);
  }

  /** Forgets the pairs that were added for a row which is not. */
  dropPairs(): void {
    this.#metadataAt = this.#metadataStart[this.#rows]!;
  }

  /** Adds an entry: its time as two words of 32 bits, its line, and behind that `suffix`. */
  addRow(timeLow: number, timeHigh: number, bytes: Buffer, start: number, length: number, suffix: Buffer | null): void {
    const row = this.#rows;
    if (row + 1 === this.#lineStart.length) this.#growRows();
    const need = length + (suffix?.length ?? 0);
    if (this.#linesAt + need > this.#lines.length) this.#lines = grown(this.#lines, this.#linesAt, need);
    this.#timeWords[row * 2] = timeLow;
    this.#timeWords[row * 2 + 1] = timeHigh;
    this.#linesAt = copyBytes(bytes, start, length, this.#lines, this.#linesAt);
    if (suffix !== null) this.#linesAt = copyBytes(suffix, 0, suffix.length, this.#lines, this.#linesAt);
    this.#lineStart[row + 1] = this.#linesAt;
    this.#metadataStart[row + 1] = this.#metadataAt;
    this.#rows = row + 1;
    if (this.#open !== undefined) this.#open.rows++;
  }

  #growRows(): void {
    const capacity = this.#rows * 2 + 16;
    const timeNs = new BigInt64Array(capacity);
    timeNs.set(this.#timeNs);
    this.#timeNs = timeNs;
    this.#timeWords = new Uint32Array(timeNs.buffer);
    const lineStart = new Uint32Array(capacity + 1);
    lineStart.set(this.#lineStart);
    this.#lineStart = lineStart;
    const metadataStart = new Uint32Array(capacity + 1);
    metadataStart.set(this.#metadataStart);
    this.#metadataStart = metadataStart;
  }

  finish(): EntryBatch {
    const streams: readonly BatchStream[] = this.#streams.filter((stream) => stream.rows > 0);
    return {
      tenant: this.#tenant,
      streams,
      rows: this.#rows,
      timeNs: this.#timeNs.subarray(0, this.#rows),
      lines: this.#lines.subarray(0, this.#linesAt),
      lineStart: this.#lineStart.subarray(0, this.#rows + 1),
      metadata: this.#metadata.subarray(0, this.#metadataAt),
      metadataStart: this.#metadataStart.subarray(0, this.#rows + 1),
    };
  }
}

/** Copies from[start … start + length) to into[at …); where it ends there. */
function copyBytes(from: Buffer, start: number, length: number, into: Buffer, at: number): number {
  if (length <= loopBytes) for (let i = 0; i < length; i++) into[at + i] = from[start + i]!;
  else from.copy(into, at, start, start + length);
  return at + length;
}

function grown(bytes: Buffer, used: number, need: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(used + need, bytes.length * 2));
  bytes.copy(larger, 0, 0, used);
  return larger;
}
