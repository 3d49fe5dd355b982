import type { IndexReader, SelectedStream } from '../index/mod.ts';
import type { Generation, ReadSnapshot } from '../ingester/mod.ts';
import { compileMatcher, mergeBatches, type Batch, type LogSource, type Partial, type ScanTask } from '../logql/mod.ts';
import { ByteBudget, systemClock } from '../model/mod.ts';
import { accountReads, noReadCounts } from '../objects/mod.ts';
import { LabelQuerier } from './labels.ts';
import { explainScan, type ScanExplanation } from './explain.ts';
import { CountedPieces } from './counted-pieces.ts';
import { piecesOf, planUnits } from './pieces.ts';
import { checkComplete, unitsWithinLimit } from './read-limit.ts';
import type { ScanPool, SnapshotSource } from './ports.ts';
import { ReadTally, type IndexCost } from './read-tally.ts';
import { runScan } from './scan-run.ts';
import { FairTurns } from './schedule/turns.ts';
import type { Unit } from './units.ts';

export interface QuerierParts {
  readonly snapshots: SnapshotSource;
  readonly index: IndexReader;
  readonly pool: ScanPool;
  /** Bytes of rows that all scans together may have read and not looked through yet. */
  readonly scanBytesMax: number;
  /** Units of a scan whose reads are begun before it is their turn (0). */
  readonly readAhead?: number;
}

/** Reads heads and segments: implements LogSource, and what labels, series and statistics need. */
export class Querier implements LogSource {
  readonly #parts: QuerierParts;
  readonly #labels: LabelQuerier;
  readonly #memory: ByteBudget;
  readonly #turns: FairTurns;
  #running = 0;

  constructor(parts: QuerierParts) {
    this.#parts = parts;
    this.#labels = new LabelQuerier(parts.snapshots, parts.index);
    this.#memory = new ByteBudget(parts.scanBytesMax);
    this.#turns = new FairTurns(parts.pool.lanes, 1);
  }

  /** How many turns to work on a unit are waited for. */
  get waiting(): number {
    return this.#turns.waiting;
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

  /** By the index and the heads; see LabelQuerier.stats. */
  async bytes({ tenant, matchers, startNs, endNs }: ScanTask, signal: AbortSignal): Promise<number> {
    return (await this.#labels.stats({ tenant, matchers, startNs, endNs }, signal)).bytes;
  }

  /** scan over a snapshot that the caller holds. */
  async *scanSnapshot(task: ScanTask, snapshot: ReadSnapshot, signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    if (task.startNs >= task.endNs) return;
    const beganMs = systemClock.monotonicMs();
    const reads = noReadCounts();
    const stored = await accountReads(reads, () => this.select(task, snapshot, signal));
    const index: IndexCost = { ms: systemClock.monotonicMs() - beganMs, reads };
    const counted = new CountedPieces(task);
    const units = planUnits(task, piecesOf(task, stored, snapshot), counted.count);
    yield* counted.finish(units.length === 0 ? index : null);
    const allowed = unitsWithinLimit(task, units);
    for await (const result of this.run(task, allowed, signal, index)) {
      checkComplete(task, result, units, allowed.length);
      yield result;
    }
  }

  /** What a task would read and what not; see explainScan. */
  async explain(task: ScanTask, signal: AbortSignal): Promise<ScanExplanation> {
    const snapshot = this.snapshot();
    try {
      return await explainScan(this.#parts.index, task, snapshot, signal);
    } finally {
      snapshot.release();
    }
  }

  /** What the index says of a task: the streams that match, with their chunks in the time range. */
  async select(task: ScanTask, snapshot: ReadSnapshot, signal: AbortSignal): Promise<SelectedStream[]> {
    const { tenant, startNs, endNs } = task;
    return this.#parts.index.select(snapshot.catalogue.indexesFor(tenant, startNs, endNs), { matchers: task.matchers.map(compileMatcher), startNs, endNs }, signal);
  }

  /** Runs units, whose rows must be held by the caller, on all lanes of the pool. `index`: what it took to find them. */
  async *run(task: ScanTask, units: readonly Unit[], signal: AbortSignal, index: IndexCost = { ms: 0, reads: noReadCounts() }): AsyncGenerator<Batch | Partial> {
    this.#running += 1;
    const tally = new ReadTally(units, index);
    const { pool, readAhead = 0 } = this.#parts;
    const results = await runScan({ pool, memory: this.#memory, turns: this.#turns, readAhead, worked: (unit, done) => tally.add(unit, done) }, task, units, signal).finally(() => {
      this.#running -= 1;
    });
    const batches = results.filter((result) => result.kind === 'batch');
    if (batches.length > 0) yield* tally.tell([mergeBatches(task, batches)]);
    yield* tally.tell(results.filter((result) => result.kind === 'partial'));
  }
}
