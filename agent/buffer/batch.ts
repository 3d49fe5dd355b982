import type { LabelSet } from '../../src/model/mod.ts';
import type { LineView } from '../join/line.ts';

/** What the lines of one stream of one container are sent with. The object is the stream's identity inside the agent. */
export interface StreamLabels {
  readonly labels: LabelSet;
  /** Tenant that the lines belong to; without one, the destination's. */
  readonly tenant?: string | undefined;
}

/**
 * Lines on their way to a destination, as columns; no object per line. Rows stand in the order in which they were read, those of all streams mixed.
 * A batch is filled, sealed, delivered, and then filled again.
 */
export class Batch {
  rows = 0;
  /** Decided pod labels that must be on disk before the batch is sent (see PodLabels). */
  labelsGeneration = 0;
  /** When the first row came in, monotonic clock; -1 while there is none. */
  sinceMs = -1;
  /** Number of the last cut (see Cuts) that was made before the first row came in. */
  firstCut = 0;
  /** Streams that rows point into, in order of appearance. */
  readonly streams: StreamLabels[] = [];
  /** Per row: whole seconds since the epoch. */
  seconds = new Float64Array(rowsMin);
  /** Per row: nanoseconds of the second. */
  nanos = new Uint32Array(rowsMin);
  /** Per row: index into streams. */
  stream = new Uint32Array(rowsMin);
  /** Row i is lines[lineStart[i] … lineStart[i + 1]). */
  lineStart = new Uint32Array(rowsMin + 1);
  lines: Buffer;
  /** Structured metadata of row i, as encodeMetadata writes it, is metadata[metadataStart[i] … metadataStart[i + 1]). */
  metadataStart = new Uint32Array(rowsMin + 1);
  metadata: Buffer = nothing;
  readonly #streamIndex = new Map<StreamLabels, number>();
  #lastStream: StreamLabels | null = null;
  #lastIndex = 0;

  /** @param bytes memory that is set aside for lines */
  constructor(bytes: number) {
    this.lines = Buffer.allocUnsafeSlow(bytes);
  }

  /** Bytes of lines and metadata, with a fixed amount per row: what limits count. */
  get bytes(): number {
    return this.lineBytes + this.metadataBytes + this.rows * rowOverheadBytes;
  }

  /** Bytes of all lines. */
  get lineBytes(): number {
    return this.lineStart[this.rows] as number;
  }

  /** Bytes of all metadata. */
  get metadataBytes(): number {
    return this.metadataStart[this.rows] as number;
  }

  /** Bytes of memory that the batch occupies. */
  get memoryBytes(): number {
    return this.lines.length + this.metadata.length + this.stream.length * 28;
  }

  /** Appends a copy of a line. */
  append(labels: StreamLabels, line: LineView): void {
    const row = this.rows;
    if (row === this.stream.length) this.reserveRows(row * 2);
    const lineAt = this.lineStart[row] as number;
    const length = line.end - line.start;
    if (lineAt + length > this.lines.length) this.lines = larger(this.lines, lineAt, length);
    line.bytes.copy(this.lines, lineAt, line.start, line.end);
    this.lineStart[row + 1] = lineAt + length;
    this.seconds[row] = line.seconds;
    this.nanos[row] = line.nanos;
    this.stream[row] = labels === this.#lastStream ? this.#lastIndex : this.#indexOf(labels);
    let metadataAt = this.metadataStart[row] as number;
    if (line.metadata !== null) {
      const { metadata } = line;
      if (metadataAt + metadata.length > this.metadata.length) this.metadata = larger(this.metadata, metadataAt, metadata.length);
      this.metadata.set(metadata, metadataAt);
      metadataAt += metadata.length;
    }
    this.metadataStart[row + 1] = metadataAt;
    this.rows = row + 1;
  }

  /** Makes the batch empty; its memory is kept. */
  clear(): void {
    this.rows = 0;
    this.labelsGeneration = 0;
    this.sinceMs = -1;
    this.firstCut = 0;
    this.streams.length = 0;
    this.#streamIndex.clear();
    this.#lastStream = null;
  }

  /** Makes room for so many rows. */
  reserveRows(rows: number): void {
    if (rows <= this.stream.length) return;
    const seconds = new Float64Array(rows);
    seconds.set(this.seconds);
    this.seconds = seconds;
    this.nanos = grown(this.nanos, rows);
    this.stream = grown(this.stream, rows);
    this.lineStart = grown(this.lineStart, rows + 1);
    this.metadataStart = grown(this.metadataStart, rows + 1);
  }

  #indexOf(labels: StreamLabels): number {
    let index = this.#streamIndex.get(labels);
    if (index === undefined) {
      index = this.streams.push(labels) - 1;
      this.#streamIndex.set(labels, index);
    }
    this.#lastStream = labels;
    this.#lastIndex = index;
    return index;
  }
}

/** Batches that are used again, for all destinations. */
export class BatchPool {
  readonly #batchBytes: number;
  readonly #keepMax: number;
  readonly #empty: Batch[] = [];

  /**
   * @param batchBytes memory that a new batch sets aside for lines
   * @param keepMax empty batches that are kept
   */
  constructor(batchBytes: number, keepMax: number) {
    this.#batchBytes = batchBytes;
    this.#keepMax = keepMax;
  }

  /** An empty batch. */
  take(): Batch {
    return this.#empty.pop() ?? new Batch(this.#batchBytes);
  }

  /** Takes a batch back that nobody looks at any more. One that grew far beyond the usual is not worth its memory. */
  give(batch: Batch): void {
    batch.clear();
    if (this.#empty.length < this.#keepMax && batch.memoryBytes < this.#batchBytes * 3) this.#empty.push(batch);
  }
}

const rowsMin = 1024;
const rowOverheadBytes = 16;
const nothing = Buffer.alloc(0);

function grown(column: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(length);
  result.set(column);
  return result;
}

/** A copy of the first `used` bytes with room for `more`. */
function larger(bytes: Buffer, used: number, more: number): Buffer {
  const result = Buffer.allocUnsafeSlow(Math.max(used + more, Math.ceil(bytes.length * 1.5), 4096));
  bytes.copy(result, 0, 0, used);
  return result;
}
