import type { IndexReader, SelectedStream } from '../index/mod.ts';
import type { Generation, ReadSnapshot } from '../ingester/mod.ts';
import { compileMatcher, mergeBatches, type Batch, type LogSource, type Partial, type ScanTask } from '../logql/mod.ts';
import { ByteBudget } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import { piecesOf, planUnits } from './pieces.ts';
import type { ScanPool, SnapshotSource } from './ports.ts';
import { runScan } from './scan-run.ts';
import { FairTurns } from './schedule/turns.ts';
import { SegmentFiles } from './segment-files.ts';
import type { Unit } from './units.ts';

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

/** Units that are read for one worker thread, or wait for it, at the same time. */
const readsPerLane = 4;

/** Reads heads and segments: implements LogSource, and what labels, series and statistics need. */
export class Querier implements LogSource {
  readonly #parts: QuerierParts;
  readonly #segments: SegmentFiles;
  readonly #memory: ByteBudget;
  readonly #readTurns: FairTurns;
  readonly #workTurns: FairTurns;
  #running = 0;

  constructor(parts: QuerierParts) {
    this.#parts = parts;
    this.#segments = new SegmentFiles(parts.store, parts.footerCacheBytes);
    this.#memory = new ByteBudget(parts.scanBytesMax);
    this.#readTurns = new FairTurns(parts.pool.lanes, readsPerLane);
    this.#workTurns = new FairTurns(parts.pool.lanes, 1);
  }

  /** Units of scans that wait for their turn to be read or worked on. */
  get waiting(): number {
    return this.#readTurns.waiting + this.#workTurns.waiting;
  }

  /** Bytes of rows that were read and not looked through yet. */
  get readBytes(): number {
    return this.#memory.used;
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
    const stored = await this.select(task, snapshot, signal);
    yield* this.run(task, planUnits(task, piecesOf(task, stored, snapshot)), signal);
  }

  /** What the index says of a task: the streams that match, with their chunks in the time range. */
  async select(task: ScanTask, snapshot: ReadSnapshot, signal: AbortSignal): Promise<SelectedStream[]> {
    const { tenant, startNs, endNs } = task;
    return this.#parts.index.select(snapshot.catalogue.indexesFor(tenant, startNs, endNs), { matchers: task.matchers.map(compileMatcher), startNs, endNs }, signal);
  }

  /** Runs units, whose rows must be held by the caller, on all lanes of the pool. */
  async *run(task: ScanTask, units: readonly Unit[], signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    this.#running += 1;
    const results = await runScan({ pool: this.#parts.pool, segments: this.#segments, memory: this.#memory, readTurns: this.#readTurns, workTurns: this.#workTurns }, task, units, signal).finally(() => {
      this.#running -= 1;
    });
    const batches = results.filter((result) => result.kind === 'batch');
    if (batches.length > 0) yield mergeBatches(task, batches);
    for (const result of results) if (result.kind === 'partial') yield result;
  }
}
