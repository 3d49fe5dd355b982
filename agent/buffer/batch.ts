import type { LabelSet } from '../../src/model/mod.ts';
import type { LineView } from '../join/line.ts';
import type { FilePosition, LogFile } from '../tail/file.ts';

/** What the lines of one stream of one container are sent with. The object is the stream's identity inside the agent. */
export interface StreamLabels {
  readonly labels: LabelSet;
  /** Tenant that the stream's lines go to (annotation `spoor.dev/tenant`, a rule); undefined for the destination's own. A request holds lines of one tenant. */
  readonly tenant?: string | undefined;
}

/** A file and how far it is dealt with once the batch is delivered. */
export interface BatchPosition {
  /** Name of the file's chain. */
  readonly chain: string;
  readonly file: LogFile;
  readonly position: FilePosition;
}

/**
 * Lines on their way to a destination, as columns; no object per line. Rows stand in the order in which they were read, those of all streams mixed.
 * A batch is filled, sealed with the positions that its delivery confirms, delivered, and then filled again.
 */
export class Batch {
  rows = 0;
  /** Positions that the delivery of this batch and all before it confirms. */
  positions: readonly BatchPosition[] = [];
  /** Decided pod labels that must be on disk before the batch is sent (see PodLabels). */
  labelsGeneration = 0;
  /** When the first row came in, monotonic clock; -1 while there is none. */
  sinceMs = -1;
  /** Streams that rows point into, in order of appearance. */
  readonly streams: StreamLabels[] = [];
  /** Per row: whole seconds since the epoch. */
  seconds = new Float64Array(1024);
  /** Per row: nanoseconds of the second. */
  nanos = new Uint32Array(1024);
  /** Per row: index into streams. */
  stream = new Uint32Array(1024);
  /** Row i is lines[lineStart[i] … lineStart[i + 1]). */
  lineStart = new Uint32Array(1025);
  lines: Buffer;
  /** Structured metadata of row i, as encodeMetadata writes it, is metadata[metadataStart[i] … metadataStart[i + 1]); empty for none. */
  metadataStart = new Uint32Array(1025);
  metadata = Buffer.alloc(0);
  #lineBytes = 0;
  #metadataBytes = 0;
  readonly #streamIndex = new Map<StreamLabels, number>();
  #lastStream: StreamLabels | null = null;
  #lastIndex = 0;

  constructor(bytes: number) {
    this.lines = Buffer.allocUnsafeSlow(bytes);
  }

  /** Bytes of lines and metadata, with a fixed amount per row: what limits count. */
  get bytes(): number {
    return this.#lineBytes + this.#metadataBytes + this.rows * rowOverheadBytes;
  }

  /** Bytes of memory that the batch occupies. */
  get memoryBytes(): number {
    return this.lines.length + this.seconds.byteLength + this.nanos.byteLength + this.stream.byteLength + this.lineStart.byteLength + this.metadataStart.byteLength + this.metadata.length;
  }

  /** Appends a copy of a line. */
  append(labels: StreamLabels, line: LineView): void {
    const row = this.rows;
    if (row === this.stream.length) this.#growRows();
    const length = line.end - line.start;
    if (this.#lineBytes + length > this.lines.length) this.#growLines(length);
    line.bytes.copy(this.lines, this.#lineBytes, line.start, line.end);
    this.#lineBytes += length;
    this.lineStart[row + 1] = this.#lineBytes;
    this.seconds[row] = line.seconds;
    this.nanos[row] = line.nanos;
    this.stream[row] = labels === this.#lastStream ? this.#lastIndex : this.#indexOf(labels);
    if (line.metadata !== null) {
      if (this.#metadataBytes + line.metadata.length > this.metadata.length) this.#growMetadata(line.metadata.length);
      this.metadata.set(line.metadata, this.#metadataBytes);
      this.#metadataBytes += line.metadata.length;
    }
    this.metadataStart[row + 1] = this.#metadataBytes;
    this.rows = row + 1;
  }

  /** Makes the batch empty; its memory is kept. */
  clear(): void {
    this.rows = 0;
    this.positions = [];
    this.labelsGeneration = 0;
    this.sinceMs = -1;
    this.streams.length = 0;
    this.#streamIndex.clear();
    this.#lastStream = null;
    this.#lineBytes = 0;
    this.#metadataBytes = 0;
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

  #growRows(): void {
    const rows = this.stream.length * 2;
    const seconds = new Float64Array(rows);
    seconds.set(this.seconds);
    this.seconds = seconds;
    this.nanos = grown(this.nanos, rows);
    this.stream = grown(this.stream, rows);
    this.metadataStart = grown(this.metadataStart, rows + 1);
    this.lineStart = grown(this.lineStart, rows + 1);
  }

  #growLines(room: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#lineBytes + room, Math.ceil(this.lines.length * 1.5)));
    this.lines.copy(bytes, 0, 0, this.#lineBytes);
    this.lines = bytes;
  }

  #growMetadata(room: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(4096, this.#metadataBytes + room, Math.ceil(this.metadata.length * 1.5)));
    this.metadata.copy(bytes, 0, 0, this.#metadataBytes);
    this.metadata = bytes;
  }
}

const rowOverheadBytes = 16;

function grown(column: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(length);
  result.set(column);
  return result;
}
