import { releaseNativeMemory } from '../bytes/mod.ts';
import { decodeRowGroup, type ByteRange, type RowGroupMeta } from '../chunks/mod.ts';
import { headRows, inWindows, OrderedRows, viewHeadBlock, type TimeWindow } from '../ingester/mod.ts';
import { createScanner, type Batch, type BlockScanner, type Partial, type ScanTask } from '../logql/mod.ts';
import { systemClock, type BytesColumn, type Clock, type ColumnNeeds, type LabelSet, type RowBlock } from '../model/mod.ts';
import type { Unit, UnitPiece } from './units.ts';

/** What was read of a row group for a worker. */
export interface FetchedRowGroup {
  readonly meta: RowGroupMeta;
  readonly ranges: readonly ByteRange[];
  readonly buffers: readonly Uint8Array[];
  readonly columns: ColumnNeeds;
}

/** A unit with the bytes of its segments, as it goes to a worker: `fetched[i]` belongs to `unit.sources[i]`, null for heads. */
export interface LoadedUnit {
  readonly unit: Unit;
  readonly fetched: readonly (FetchedRowGroup | null)[];
}

/** All columns: what merging needs. */
export const allColumns: ColumnNeeds = { order: true, lineLength: true, lines: true, metadata: true };

/** After so many raw bytes what decompression allocated is given back. */
const releaseBytes = 8 * 2 ** 20;

/** Answer to an added unit. */
export interface UnitDone {
  /** The time beyond which the lane needs no more rows (a log query that has all it was asked for), else null. */
  readonly boundNs: bigint | null;
  /** Milliseconds that the unit took. */
  readonly workMs?: number;
}

/** The scans under way in one worker thread, each with its scanner. Blocking calls. */
export class ScanSessions {
  readonly #scanners = new Map<number, BlockScanner>();
  readonly #clock: Clock;
  #bytesSinceRelease = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Runs a unit. `task` comes with the first one. */
  add(scan: number, task: ScanTask | null, loaded: LoadedUnit): UnitDone {
    const beganMs = this.#clock.monotonicMs();
    const scanner = this.#scanner(scan, task);
    for (const block of unitBlocks(loaded)) if (block.rows > 0) scanner.add(block);
    this.#bytesSinceRelease += loaded.unit.bytes;
    if (this.#bytesSinceRelease >= releaseBytes) {
      this.#bytesSinceRelease = 0;
      releaseNativeMemory();
    }
    return { boundNs: scanner.boundNs(), workMs: this.#clock.monotonicMs() - beganMs };
  }

  #scanner(scan: number, task: ScanTask | null): BlockScanner {
    const known = this.#scanners.get(scan);
    if (known !== undefined) return known;
    if (task === null) throw new TypeError(`scan ${scan} was not begun`);
    const scanner = createScanner(task);
    this.#scanners.set(scan, scanner);
    return scanner;
  }

  /** The result of all units that this worker was given, null if there was none, and the buffers in it that can be handed over. */
  finish(scan: number): { readonly result: Batch | Partial | null; readonly buffers: readonly ArrayBuffer[] } {
    const scanner = this.#scanners.get(scan);
    this.#scanners.delete(scan);
    const result = scanner?.finish() ?? null;
    return result?.kind === 'batch' ? packLines(result) : { result, buffers: [] };
  }
}

/** Copies the lines, which are views of whole pages, into one buffer: a view that crosses threads takes everything below it along. */
function packLines(batch: Batch): { readonly result: Batch; readonly buffers: readonly ArrayBuffer[] } {
  const buffer = new ArrayBuffer(batch.rows.reduce((bytes, { line }) => bytes + line.length, 0));
  const bytes = new Uint8Array(buffer);
  let at = 0;
  const rows = batch.rows.map((row) => {
    bytes.set(row.line, at);
    const line = bytes.subarray(at, at + row.line.length);
    at += row.line.length;
    return { ...row, line };
  });
  return { result: { ...batch, rows }, buffers: [buffer] };
}

/** The rows of a unit, each once. */
function* unitBlocks({ unit, fetched }: LoadedUnit): Generator<RowBlock> {
  const toMerge: RowBlock[] = [];
  for (const [i, { source, pieces }] of unit.sources.entries()) {
    if (source.kind === 'head') {
      const wanted = pieces.map(({ slot, rowStart, windows }) => ({ slot, streamId: rowStart, windows }));
      toMerge.push(...headRows(viewHeadBlock(source.block), source.rows, wanted, unit.streams, source.fromRow));
      continue;
    }
    const group = fetched[i];
    if (group === null || group === undefined) throw new TypeError('a row group was not loaded');
    const block = segmentRows(group, pieces, unit.streams, source.segment.key);
    if (unit.merge) toMerge.push(block);
    else yield block;
  }
  for (const blocks of Map.groupBy(toMerge, (block) => block.day).values()) {
    const ordered = new OrderedRows(blocks, unit.streams.length);
    yield ordered.take(0, ordered.rows);
  }
}

/** Rows of pieces of a row group, inside their windows; `stream` points into `streams`. */
function segmentRows(group: FetchedRowGroup, pieces: readonly UnitPiece[], streams: readonly LabelSet[], where: string): RowBlock {
  const chunks = pieces.map(({ slot, rowStart, rows }) => ({ labels: streams[slot] as LabelSet, rowStart, rows }));
  const block = decodeRowGroup(group.meta, group.ranges, group.buffers, group.columns, chunks, where);
  for (let row = 0; row < block.rows; row++) block.stream[row] = (pieces[block.stream[row] as number] as UnitPiece).slot;
  const windowsOf = new Map(pieces.map(({ slot, windows }) => [slot, windows]));
  const all = pieces.every(({ windows }) => windows === null);
  return all ? { ...block, streams } : insideWindows({ ...block, streams }, windowsOf);
}

function insideWindows(block: RowBlock, windowsOf: ReadonlyMap<number, readonly TimeWindow[] | null>): RowBlock {
  const kept = new Uint32Array(block.rows);
  let rows = 0;
  for (let row = 0; row < block.rows; row++) {
    const windows = windowsOf.get(block.stream[row] as number) ?? null;
    if (windows === null || inWindows(windows, block.day, block.time[row] as number)) kept[rows++] = row;
  }
  const ids = kept.subarray(0, rows);
  const words = (column: Uint32Array): Uint32Array => ids.map((row) => column[row] as number);
  const doubles = (column: Float64Array): Float64Array => Float64Array.from(ids, (row) => column[row] as number);
  const bytes = (column: BytesColumn | null): BytesColumn | null =>
    column === null ? null : { bytes: column.bytes, start: words(column.start), length: words(column.length) };
  const { order } = block;
  return {
    ...block,
    rows,
    stream: words(block.stream),
    time: doubles(block.time),
    order: order === null ? null : { position: doubles(order.position), index: words(order.index), partition: words(order.partition) },
    lineLength: block.lineLength === null ? null : words(block.lineLength),
    lines: bytes(block.lines),
    metadata: bytes(block.metadata),
  };
}
