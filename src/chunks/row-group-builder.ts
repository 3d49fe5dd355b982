import { countMetadataBytes } from '../bytes/mod.ts';
import { SpoorError, type BytesColumn, type RowBlock, type RowOrder } from '../model/mod.ts';
import type { BuiltContent, RowGroupContent } from './content.ts';
import { columnIds } from './format.ts';
import { sealIntegers } from './integers.ts';
import { segmentLimits } from './limits.ts';
import type { SealedPage } from './page.ts';

/** A block whose columns are all there. */
export interface FullBlock extends RowBlock {
  readonly order: RowOrder;
  readonly lines: BytesColumn;
  readonly metadata: BytesColumn;
}

/** One run of rows of one stream. */
export interface BuiltRun {
  readonly stream: number;
  readonly rowStart: number;
  readonly rows: number;
  readonly minTime: number;
  readonly maxTime: number;
  /** Raw bytes of lines, and of metadata as statistics count them. */
  readonly bytes: number;
}

/** A finished row group. */
export interface BuiltRowGroup {
  readonly rows: number;
  readonly runs: readonly BuiltRun[];
  readonly minTime: number;
  readonly maxTime: number;
  readonly lineBytes: number;
  readonly metadataBytes: number;
  readonly pages: readonly SealedPage[];
  readonly shredded: BuiltContent['shredded'];
}

interface OpenRun {
  stream: number;
  rowStart: number;
  rows: number;
  bytes: number;
}

type Columns = readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

/** Columns of row groups that are encoded, to be used again. */
const spare: Columns[] = [];
const spareMax = 2;

/**
 * A row group that is being filled. Lines and metadata are the content's business; the columns of numbers wait until the end.
 */
export class RowGroupBuilder {
  #rows = 0;
  #lineBytes = 0;
  #time: Float64Array;
  #position: Float64Array;
  #index: Float64Array;
  #partition: Float64Array;
  #lineLength: Float64Array;
  readonly #content: RowGroupContent;
  readonly #runs: OpenRun[] = [];
  readonly #streams = new Set<number>();

  constructor(content: RowGroupContent) {
    this.#content = content;
    const columns = spare.pop() ?? Array.from({ length: 5 }, () => new Float64Array(256));
    [this.#time, this.#position, this.#index, this.#partition, this.#lineLength] = columns as Columns;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes held, roughly. */
  get heldBytes(): number {
    return this.#content.heldBytes + 5 * this.#time.byteLength + 64 * this.#runs.length;
  }

  /** Bytes that it will take in the segment, roughly. */
  get estimatedBytes(): number {
    return this.#content.estimatedBytes + 8 * this.#rows;
  }

  /** True when no row may follow. */
  get full(): boolean {
    return (
      this.#rows >= segmentLimits.rowGroupRowsMax || this.#lineBytes >= segmentLimits.rowGroupLineBytesMax ||
      this.#content.metadataBytes >= segmentLimits.rowGroupMetadataBytesMax
    );
  }

  /** Whether rows of `stream` may follow: it has no rows here yet, or its rows were the last ones and `row` does not precede them. */
  accepts(stream: number, block: FullBlock, row: number): boolean {
    if (!this.#streams.has(stream)) return true;
    return this.#runs.at(-1)?.stream === stream && this.#compareLast(block, row) <= 0;
  }

  /**
   * Adds rows of one stream from row `from` on, before `to`; stops where the row group is full. Returns the first row that was not added.
   * Rows out of order are an `internal` error: the caller did not sort.
   */
  append(stream: number, block: FullBlock, from: number, to: number): number {
    const end = this.#fitting(block, from, to);
    if (end === from) return from;
    this.#reserve(this.#rows + end - from);
    let bytes = 0;
    const { time, order, lines, metadata } = block;
    for (let row = from, at = this.#rows; row < end; row++, at++) {
      if (row > from) assertOrdered(block, row);
      this.#time[at] = time[row]!;
      this.#position[at] = order.position[row]!;
      this.#index[at] = order.index[row]!;
      this.#partition[at] = order.partition[row]!;
      this.#lineLength[at] = lines.length[row]!;
      this.#lineBytes += lines.length[row]!;
      bytes += lines.length[row]! + countMetadataBytes(metadata.bytes, metadata.start[row]!, metadata.length[row]!);
    }
    if (!(time[from]! >= 0 && time[end - 1]! < 86_400e9)) throw new SpoorError('internal', { reason: 'a time of a block lies outside its day' });
    this.#content.append(block, from, end);
    const last = this.#runs.at(-1);
    if (last?.stream === stream) {
      last.rows += end - from;
      last.bytes += bytes;
    } else {
      this.#runs.push({ stream, rowStart: this.#rows, rows: end - from, bytes });
      this.#streams.add(stream);
    }
    this.#rows += end - from;
    return end;
  }

  /** The first row that does not fit any more. A row that is over a limit by itself fits into an empty row group. */
  #fitting(block: FullBlock, from: number, to: number): number {
    let rows = this.#rows;
    let lineBytes = this.#lineBytes;
    let metadataBytes = this.#content.metadataBytes;
    for (let row = from; row < to; row++) {
      const line = block.lines.length[row]!;
      const metadata = block.metadata.length[row]!;
      if (line > segmentLimits.pageRawBytesMax || metadata > segmentLimits.pageRawBytesMax)
        throw new SpoorError('internal', { reason: `a line or its metadata has more than ${segmentLimits.pageRawBytesMax} bytes (pageRawBytesMax)` });
      lineBytes += line;
      metadataBytes += metadata;
      rows++;
      const over = rows > segmentLimits.rowGroupRowsMax || lineBytes > segmentLimits.rowGroupLineBytesMax || metadataBytes > segmentLimits.rowGroupMetadataBytesMax;
      if (over && rows > 1) return row;
    }
    return to;
  }

  #compareLast(block: FullBlock, row: number): number {
    const last = this.#rows - 1;
    const { time, order } = block;
    return (
      this.#time[last]! - time[row]! || this.#position[last]! - order.position[row]! || this.#index[last]! - order.index[row]! ||
      this.#partition[last]! - order.partition[row]!
    );
  }

  #reserve(rows: number): void {
    if (rows <= this.#time.length) return;
    const capacity = Math.max(rows, Math.min(2 * this.#time.length, segmentLimits.rowGroupRowsMax));
    const grow = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(capacity);
      grown.set(old.subarray(0, this.#rows));
      return grown;
    };
    this.#time = grow(this.#time);
    this.#position = grow(this.#position);
    this.#index = grow(this.#index);
    this.#partition = grow(this.#partition);
    this.#lineLength = grow(this.#lineLength);
  }

  /** Encodes the row group, whose rows are of one day. */
  finish(day: number): BuiltRowGroup {
    const count = this.#runs.length;
    const start = new Uint32Array(count + 1);
    const runStream = new Float64Array(count);
    const runRows = new Float64Array(count);
    for (const [i, run] of this.#runs.entries()) {
      start[i + 1] = run.rowStart + run.rows;
      runStream[i] = run.stream;
      runRows[i] = run.rows;
    }
    const runs = { count, start };
    const one = { count: 1, start: Uint32Array.of(0, count) };
    const time = sealIntegers(columnIds.time, this.#time, runs, true);
    const content = this.#content.finish({ runs, time: this.#time, day });
    const pages = [
      sealIntegers(columnIds.runStream, runStream, one, false),
      sealIntegers(columnIds.runRows, runRows, one, false),
      time,
      sealIntegers(columnIds.lineLength, this.#lineLength, runs, false),
      ...content.pages,
      sealIntegers(columnIds.position, this.#position, runs, false),
      sealIntegers(columnIds.index, this.#index, runs, false),
      sealIntegers(columnIds.partition, this.#partition, runs, false),
    ];
    const built: BuiltRowGroup = {
      rows: this.#rows,
      runs: this.#runs.map((run) => ({ ...run, minTime: this.#time[run.rowStart]!, maxTime: this.#time[run.rowStart + run.rows - 1]! })),
      minTime: time.meta.range!.min,
      maxTime: time.meta.range!.max,
      lineBytes: this.#lineBytes,
      metadataBytes: this.#content.metadataBytes,
      pages,
      shredded: content.shredded,
    };
    // Nothing is added any more.
    if (spare.length < spareMax) spare.push([this.#time, this.#position, this.#index, this.#partition, this.#lineLength]);
    return built;
  }
}

function assertOrdered(block: FullBlock, row: number): void {
  const { time, order } = block;
  const difference =
    time[row]! - time[row - 1]! || order.position[row]! - order.position[row - 1]! || order.index[row]! - order.index[row - 1]! ||
    order.partition[row]! - order.partition[row - 1]!;
  if (!(difference >= 0)) throw new SpoorError('internal', { reason: `row ${row} of a block is out of order` });
}
