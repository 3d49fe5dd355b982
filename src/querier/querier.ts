import type { IndexReader } from '../index/mod.ts';
import type { Generation, HeadBlock, HeadSnapshot, ReadSnapshot, StreamExtent } from '../ingester/mod.ts';
import { compileMatcher, mergeBatches, type Batch, type LogSource, type Partial, type ScanTask } from '../logql/mod.ts';
import { ByteBudget, dayLengthNs, formatLabels, type CompiledMatcher, type LabelSet } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import { matchesAll } from './matching.ts';
import type { ScanPool, SnapshotSource } from './ports.ts';
import { runScan } from './scan-run.ts';
import { SegmentFiles } from './segment-files.ts';
import { UnitPlanner, type Piece, type Source, type Unit } from './units.ts';

export interface QuerierParts {
  readonly snapshots: SnapshotSource;
  readonly store: ObjectStore;
  readonly index: IndexReader;
  readonly pool: ScanPool;
  /** Bytes of segment footers that are kept. */
  readonly footerCacheBytes: number;
  /** Bytes of rows that all scans together may have read and not looked through yet. */
  readonly scanBytesMax: number;
}

/** Reads heads and segments: implements LogSource, and what labels, series and statistics need. */
export class Querier implements LogSource {
  readonly #parts: QuerierParts;
  readonly #segments: SegmentFiles;
  readonly #memory: ByteBudget;
  #running = 0;

  constructor(parts: QuerierParts) {
    this.#parts = parts;
    this.#segments = new SegmentFiles(parts.store, parts.footerCacheBytes);
    this.#memory = new ByteBudget(parts.scanBytesMax);
  }

  /** Scans under way. */
  get running(): number {
    return this.#running;
  }

  /** Fixes what a query reads; the caller must release it. */
  snapshot(): ReadSnapshot {
    return this.#parts.snapshots.snapshot();
  }

  onApplied(listener: (generation: Generation) => void): () => void {
    return this.#parts.snapshots.onApplied(listener);
  }

  async *scan(task: ScanTask, signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    const snapshot = this.snapshot();
    try {
      yield* this.scanSnapshot(task, snapshot, signal);
    } finally {
      snapshot.release();
    }
  }

  /** scan over a snapshot that the caller holds. */
  async *scanSnapshot(task: ScanTask, snapshot: ReadSnapshot, signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    if (task.startNs >= task.endNs) return;
    const planner = new UnitPlanner(task.startNs, task.endNs);
    for (const { labels, pieces } of await this.#pieces(task, snapshot, signal)) planner.addStream(labels, pieces);
    const direction = task.output.kind === 'log' ? task.output.direction : 'forward';
    yield* this.run(task, planner.finish(direction), signal);
  }

  /** Runs units, whose rows must be held by the caller, on all lanes of the pool. */
  async *run(task: ScanTask, units: readonly Unit[], signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    this.#running += 1;
    const results = await runScan({ pool: this.#parts.pool, segments: this.#segments, memory: this.#memory }, task, units, signal).finally(() => {
      this.#running -= 1;
    });
    const batches = results.filter((result) => result.kind === 'batch');
    if (batches.length > 0) yield mergeBatches(task, batches);
    for (const result of results) if (result.kind === 'partial') yield result;
  }

  /** Streams that match, each with the pieces that may hold rows of the time range. */
  async #pieces(task: ScanTask, snapshot: ReadSnapshot, signal: AbortSignal): Promise<Iterable<{ labels: LabelSet; pieces: Piece[] }>> {
    const { tenant, startNs, endNs } = task;
    const matchers = task.matchers.map(compileMatcher);
    const found = new FoundStreams();
    const indexes = snapshot.catalogue.indexesFor(tenant, startNs, endNs);
    for (const { labels, chunks } of await this.#parts.index.select(indexes, { matchers, startNs, endNs }, signal)) {
      const key = formatLabels(labels);
      for (const chunk of chunks) {
        const source = found.segment(chunk.segment, chunk.rowGroup);
        const origin = found.origin(flushOf(chunk.segment.key));
        found.add(key, labels, { source, origin, rowStart: chunk.rowStart, rows: chunk.rows, minNs: chunk.minNs, maxNs: chunk.maxNs, bytes: chunk.bytes });
      }
    }
    for (const head of snapshot.heads) addHead(found, head, tenant, matchers);
    return found.streams();
  }
}

/** Rows of one flush hold no duplicates of each other; the keys of its segments differ in the number behind the last dash. */
function flushOf(segmentKey: string): string {
  return segmentKey.slice(0, segmentKey.lastIndexOf('-'));
}

/** Gathers pieces by stream and makes each source once. */
class FoundStreams {
  readonly #streams = new Map<string, { labels: LabelSet; pieces: Piece[] }>();
  readonly #sources = new Map<string, Source>();
  readonly #origins = new Map<string, number>();
  #origin = 0;

  streams(): Iterable<{ labels: LabelSet; pieces: Piece[] }> {
    return this.#streams.values();
  }

  /** A number for an origin, the same for the same name; a new one without a name. */
  origin(name?: string): number {
    const known = name === undefined ? undefined : this.#origins.get(name);
    if (known !== undefined) return known;
    this.#origin += 1;
    if (name !== undefined) this.#origins.set(name, this.#origin);
    return this.#origin;
  }

  segment(segment: Extract<Source, { kind: 'segment' }>['segment'], rowGroup: number): Source {
    const name = `${segment.key}#${rowGroup}`;
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { kind: 'segment', id: this.#sources.size, segment, rowGroup };
      this.#sources.set(name, source);
    }
    return source;
  }

  head(name: string, block: Extract<Source, { kind: 'head' }>['block'], fromRow: number, rows: number): Source {
    const source: Source = { kind: 'head', id: this.#sources.size, block, fromRow, rows };
    this.#sources.set(name, source);
    return source;
  }

  /** `key` is formatLabels(labels). */
  add(key: string, labels: LabelSet, piece: Piece): void {
    const stream = this.#streams.get(key);
    if (stream === undefined) this.#streams.set(key, { labels, pieces: [piece] });
    else stream.pieces.push(piece);
  }
}

function addHead(found: FoundStreams, { generation, blockRows }: HeadSnapshot, tenant: string, matchers: readonly CompiledMatcher[]): void {
  const ids = [...(generation.tenants.get(tenant)?.values() ?? [])].filter((id) => matchesAll(matchers, generation.streams[id]?.labels ?? []));
  if (ids.length === 0) return;
  for (const [number, rows] of blockRows.entries()) {
    const block = generation.blocks[number] as HeadBlock;
    const source = found.head(`head/${generation.partition}/${generation.first}/${number}`, block.view.memory, 0, rows);
    const origin = found.origin();
    for (const id of ids) {
      const extent = block.extents.get(id);
      const stream = generation.streams[id];
      if (extent === undefined || stream === undefined) continue;
      const { minNs, maxNs } = extentRange(extent);
      found.add(stream.key, stream.labels, { source, origin, rowStart: id, rows: extent.rows, minNs, maxNs, bytes: extent.bytes });
    }
  }
}

/** First and last nanosecond of a stream in a head block. */
export function extentRange(extent: StreamExtent): { readonly minNs: bigint; readonly maxNs: bigint } {
  return {
    minNs: BigInt(extent.minDay) * dayLengthNs + BigInt(extent.minTime),
    maxNs: BigInt(extent.maxDay) * dayLengthNs + BigInt(extent.maxTime),
  };
}
