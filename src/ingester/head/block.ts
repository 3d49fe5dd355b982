import { countMetadataBytes } from '../../bytes/mod.ts';
import { dayLengthNsNumber, type EntryBatch } from '../../model/mod.ts';

/** Bytes that one row takes in the columns of a head block. */
const rowBytes = 2 * 8 + 7 * 4;

/**
 * A slab of rows that are not yet in object storage: columns and an arena of bytes in SharedArrayBuffers. One writer appends and publishes the
 * row count with Atomics; scanners and sealers in worker threads read rows below a count that they were given, without a copy.
 */
export interface HeadBlockMemory {
  readonly rowsMax: number;
  readonly partition: number;
  /** One Int32: the published row count. */
  readonly control: SharedArrayBuffer;
  readonly columns: SharedArrayBuffer;
  readonly arena: SharedArrayBuffer;
}

/** Typed arrays over a block's memory; the same in every thread. */
export interface HeadBlockView {
  readonly memory: HeadBlockMemory;
  readonly time: Float64Array;
  readonly position: Float64Array;
  readonly stream: Uint32Array;
  readonly day: Int32Array;
  readonly index: Uint32Array;
  readonly lineStart: Uint32Array;
  readonly lineLength: Uint32Array;
  readonly metadataStart: Uint32Array;
  readonly metadataLength: Uint32Array;
  readonly arena: Uint8Array;
}

/** Lays typed arrays over a block's memory. */
export function viewHeadBlock(memory: HeadBlockMemory): HeadBlockView {
  const { columns, rowsMax } = memory;
  let at = 0;
  const next = (bytes: number): number => {
    const start = at;
    at += bytes * rowsMax;
    return start;
  };
  return {
    memory,
    time: new Float64Array(columns, next(8), rowsMax),
    position: new Float64Array(columns, next(8), rowsMax),
    stream: new Uint32Array(columns, next(4), rowsMax),
    day: new Int32Array(columns, next(4), rowsMax),
    index: new Uint32Array(columns, next(4), rowsMax),
    lineStart: new Uint32Array(columns, next(4), rowsMax),
    lineLength: new Uint32Array(columns, next(4), rowsMax),
    metadataStart: new Uint32Array(columns, next(4), rowsMax),
    metadataLength: new Uint32Array(columns, next(4), rowsMax),
    arena: new Uint8Array(memory.arena),
  };
}

/** What one block holds of one stream. Times as UTC day and nanoseconds in it. */
export interface StreamExtent {
  minDay: number;
  minTime: number;
  maxDay: number;
  maxTime: number;
  rows: number;
  /** Of lines, and of metadata as statistics count it. */
  bytes: number;
  /** Rows that were not newer than all before them: where there are none, no two rows are equal. */
  late: number;
}

/** The writer's side of a block. */
export class HeadBlock {
  readonly view: HeadBlockView;
  /** By stream id of the generation. */
  readonly extents = new Map<number, StreamExtent>();
  readonly #control: Int32Array;
  #rows = 0;
  #arenaUsed = 0;

  constructor(partition: number, rowsMax: number, arenaBytes: number, memory?: HeadBlockMemory) {
    this.view = viewHeadBlock(
      memory ?? {
        rowsMax,
        partition,
        control: new SharedArrayBuffer(4),
        columns: new SharedArrayBuffer(rowsMax * rowBytes),
        arena: new SharedArrayBuffer(arenaBytes),
      },
    );
    this.#control = new Int32Array(this.view.memory.control);
  }

  /** An empty block over the same memory; this one must not be used any more. */
  reuse(partition: number): HeadBlock {
    const { memory } = this.view;
    Atomics.store(this.#control, 0, 0);
    return new HeadBlock(partition, memory.rowsMax, memory.arena.byteLength, { ...memory, partition });
  }

  get rows(): number {
    return this.#rows;
  }

  /** Memory that the block holds, used or not. */
  get allocatedBytes(): number {
    const { columns, arena } = this.view.memory;
    return columns.byteLength + arena.byteLength;
  }

  /** Bytes of lines and metadata in it. */
  get usedBytes(): number {
    return this.#arenaUsed;
  }

  /** How many of the batch's rows, counted from `from`, still fit; 0 means that a new block is needed. */
  room(batch: EntryBatch, from: number): number {
    const rowsFree = this.view.memory.rowsMax - this.#rows;
    const bytesFree = this.view.arena.length - this.#arenaUsed;
    let low = 0;
    let high = Math.min(rowsFree, batch.rows - from);
    const base = bytesBefore(batch, from);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (bytesBefore(batch, from + middle) - base <= bytesFree) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Appends rows [from, to) of a batch, which must fit, and publishes them. `streamOf[i]` is the stream id of row i of the batch.
   */
  append(batch: EntryBatch, streamOf: Uint32Array, from: number, to: number, position: number): void {
    const { view } = this;
    const lineBase = batch.lineStart[from] ?? 0;
    const lineBytes = (batch.lineStart[to] ?? 0) - lineBase;
    const metadataBase = batch.metadataStart[from] ?? 0;
    const metadataBytes = (batch.metadataStart[to] ?? 0) - metadataBase;
    const linesAt = this.#arenaUsed;
    const metadataAt = linesAt + lineBytes;
    view.arena.set(batch.lines.subarray(lineBase, lineBase + lineBytes), linesAt);
    view.arena.set(batch.metadata.subarray(metadataBase, metadataBase + metadataBytes), metadataAt);
    const halves = new Int32Array(batch.timeNs.buffer, batch.timeNs.byteOffset, batch.rows * 2);
    let extent: StreamExtent | undefined;
    let extentStream = -1;
    let row = this.#rows;
    for (let i = from; i < to; i++, row++) {
      const high = (halves[2 * i + 1] as number) * 4_294_967_296;
      const low = (halves[2 * i] as number) >>> 0;
      // day × 86 400 × 10⁹ and high are multiples of 2^16, so their difference is exact although neither fits 53 bits.
      let day = Math.floor((high + low) / dayLengthNsNumber);
      let time = high - day * dayLengthNsNumber + low;
      if (time < 0) {
        day -= 1;
        time += dayLengthNsNumber;
      } else if (time >= dayLengthNsNumber) {
        day += 1;
        time -= dayLengthNsNumber;
      }
      const stream = streamOf[i] as number;
      const lineAt = batch.lineStart[i] as number;
      const lineLength = (batch.lineStart[i + 1] as number) - lineAt;
      const metadataFrom = batch.metadataStart[i] as number;
      const metadataLength = (batch.metadataStart[i + 1] as number) - metadataFrom;
      view.time[row] = time;
      view.day[row] = day;
      view.position[row] = position;
      view.index[row] = i;
      view.stream[row] = stream;
      view.lineStart[row] = linesAt + lineAt - lineBase;
      view.lineLength[row] = lineLength;
      view.metadataStart[row] = metadataAt + metadataFrom - metadataBase;
      view.metadataLength[row] = metadataLength;
      if (stream !== extentStream || extent === undefined) {
        extentStream = stream;
        extent = this.extents.get(stream);
        if (extent === undefined) {
          extent = { minDay: day, minTime: time, maxDay: day, maxTime: time, rows: 0, bytes: 0, late: 0 };
          this.extents.set(stream, extent);
        }
      }
      extent.rows += 1;
      extent.bytes += lineLength + countMetadataBytes(batch.metadata, metadataFrom, metadataLength);
      if (day < extent.minDay || (day === extent.minDay && time < extent.minTime)) {
        extent.minDay = day;
        extent.minTime = time;
      }
      if (day > extent.maxDay || (day === extent.maxDay && time > extent.maxTime)) {
        extent.maxDay = day;
        extent.maxTime = time;
      } else if (extent.rows > 1) extent.late += 1;
    }
    this.#arenaUsed = metadataAt + metadataBytes;
    this.#rows = row;
    Atomics.store(this.#control, 0, row);
  }
}

function bytesBefore(batch: EntryBatch, row: number): number {
  return (batch.lineStart[row] ?? 0) + (batch.metadataStart[row] ?? 0);
}
