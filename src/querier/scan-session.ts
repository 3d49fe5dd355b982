import { releaseNativeMemory } from '../bytes/mod.ts';
import { headRows, inWindows, OrderedRows, viewHeadBlock, type TimeWindow } from '../ingester/mod.ts';
import { createScanner, Holding, type Batch, type BlockScanner, type Partial, type ScanTask } from '../logql/mod.ts';
import { isSpoorError, shreddedBlock, systemClock, type BytesColumn, type Clock, type ColumnNeeds, type RowBlock } from '../model/mod.ts';
import { readsSince, type ReadCounts } from '../objects/mod.ts';
import type { SegmentCache, SegmentUser } from './segment-cache.ts';
import type { SegmentSource, Unit, UnitPiece } from './units.ts';
import { WantedPages } from './wanted-pages.ts';

/** A unit as it goes to a worker, which reads its segments itself. */
export interface LoadedUnit {
  readonly unit: Unit;
  /** Columns that the scan needs of blocks. */
  readonly needs: ColumnNeeds;
  /** Row groups of units that come soon, here or in another thread. */
  readonly ahead?: readonly SegmentSource[];
}

/** All columns: what merging needs. */
export const allColumns: ColumnNeeds = { order: true, lineLength: true, lines: true, metadata: true };

/** After about so many bytes what decompression allocated is given back; a stored byte makes about so many. */
const releaseBytes = 16 * 2 ** 20;
const expansion = 4;

/** Answer to an added unit. */
export interface UnitDone {
  /** The time beyond which the lane needs no more rows (a log query that has all it was asked for), else null. */
  readonly boundNs: bigint | null;
  /** Milliseconds that the unit took. */
  readonly workMs?: number;
  /** Bytes of segments that were read for it, as they are stored. */
  readonly storedBytes?: number;
  /** What that took of the object store and the cache on disk. */
  readonly reads?: Readonly<ReadCounts>;
}

/** A scan in one thread. */
interface Scan {
  readonly scanner: BlockScanner;
  readonly holding: Holding;
  readonly user: SegmentUser;
  /** A log task whose latest rows come first. */
  readonly backward: boolean;
  /** Row groups ahead whose segments could not be opened yet. */
  ahead: readonly SegmentSource[];
}

/** The scans under way in one worker thread, each with its scanner. Blocking calls. */
export class ScanSessions {
  readonly #scans = new Map<number, Scan>();
  readonly #segments: SegmentCache;
  readonly #clock: Clock;
  #bytesSinceRelease = 0;

  constructor(segments: SegmentCache, clock: Clock = systemClock) {
    this.#segments = segments;
    this.#clock = clock;
  }

  /** Runs a unit. `task` comes with the first one. */
  add(scan: number, task: ScanTask | null, loaded: LoadedUnit): UnitDone {
    const beganMs = this.#clock.monotonicMs();
    const segments = this.#segments;
    const [storedBefore, readsBefore] = [segments.storedBytes, { ...segments.reads }];
    const known = this.#scan(scan, task);
    const { scanner, holding } = known;
    segments.serve(known.user);
    known.ahead = [...known.ahead, ...(loaded.ahead ?? [])].filter((source) => !segments.bringNear(source));
    try {
      addUnit(scanner, loaded, segments, known.backward, () => holding.checkStop());
    } catch (error) {
      if (isSpoorError(error, 'corruption')) segments.forget(segmentsOf(loaded.unit));
      throw error;
    }
    segments.noteWanted();
    const storedBytes = segments.storedBytes - storedBefore;
    this.#bytesSinceRelease += storedBytes * expansion;
    if (this.#bytesSinceRelease >= releaseBytes) {
      this.#bytesSinceRelease = 0;
      releaseNativeMemory();
    }
    return { boundNs: scanner.boundNs(), workMs: this.#clock.monotonicMs() - beganMs, storedBytes, reads: readsSince(segments.reads, readsBefore) };
  }

  #scan(number: number, task: ScanTask | null): Scan {
    const known = this.#scans.get(number);
    if (known !== undefined) return known;
    if (task === null) throw new TypeError(`scan ${number} was not begun`);
    const holding = new Holding(task.control);
    const scan: Scan = { scanner: createScanner(task), backward: task.output.kind === 'log' && task.output.direction === 'backward', holding, user: { isStopped: () => holding.isStopped, wanted: new WantedPages() }, ahead: [] };
    this.#scans.set(number, scan);
    return scan;
  }

  /** The result of all units that this worker was given, null if there was none or nobody wants it any more. */
  finish(scan: number): Batch | Partial | null {
    const known = this.#scans.get(scan);
    this.#scans.delete(scan);
    return known === undefined || known.holding.isStopped ? null : known.scanner.finish();
  }
}

function segmentsOf({ sources }: Unit): Set<string> {
  return new Set(sources.flatMap(({ source }) => (source.kind === 'segment' ? [source.segment.key] : [])));
}

/** Gives the scanner the rows of a unit, each once. */
function addUnit(scanner: BlockScanner, { unit, needs }: LoadedUnit, segments: SegmentCache, backward: boolean, checkStop: () => void): void {
  const toMerge: RowBlock[] = [];
  const columns = unit.merge ? allColumns : needs;
  // The rows that are wanted first lie in the last sources where later rows come first.
  for (const { source, pieces } of backward ? unit.sources.toReversed() : unit.sources) {
    checkStop();
    if (source.kind === 'head') {
      const wanted = pieces.map(({ slot, rowStart, windows }) => ({ slot, streamId: rowStart, windows }));
      toMerge.push(...headRows(viewHeadBlock(source.block), source.rows, wanted, unit.streams, source.fromRow));
      continue;
    }
    const group = segments.shredded(source, pieces, unit.streams);
    if (group !== null && !unit.merge) scanner.addShredded(group);
    else toAdd(scanner, toMerge, unit, group === null ? plainBlock(segments, source, pieces, unit, columns) : shreddedBlock(group, columns));
  }
  for (const blocks of Map.groupBy(toMerge, (block) => block.day).values()) {
    const ordered = new OrderedRows(blocks, unit.streams.length);
    if (ordered.rows > 0) scanner.add(ordered.take(0, ordered.rows));
  }
}

function toAdd(scanner: BlockScanner, toMerge: RowBlock[], unit: Unit, block: RowBlock): void {
  if (unit.merge) toMerge.push(block);
  else if (block.rows > 0) scanner.add(block);
}

/** Rows of pieces of a row group that is not shredded, inside their windows. */
function plainBlock(segments: SegmentCache, source: SegmentSource, pieces: readonly UnitPiece[], unit: Unit, columns: ColumnNeeds): RowBlock {
  const block = segments.block(source, pieces, unit.streams, columns);
  const windowsOf = new Map(pieces.map(({ slot, windows }) => [slot, windows]));
  return pieces.every(({ windows }) => windows === null) ? block : insideWindows(block, windowsOf);
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
