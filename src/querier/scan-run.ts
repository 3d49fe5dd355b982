import { createScanner, type Batch, type Partial, type ScanTask } from '../logql/mod.ts';
import type { ByteBudget, ColumnNeeds, Share } from '../model/mod.ts';
import type { ScanPool } from './ports.ts';
import type { LoadedUnit } from './scan-session.ts';
import type { Unit } from './units.ts';

/** What scans work with. */
export interface ScanParts {
  readonly pool: ScanPool;
  readonly segments: { load(unit: Unit, needs: ColumnNeeds, signal: AbortSignal): Promise<LoadedUnit> };
  /** Of all scans together: bytes of rows that were read and not looked through yet. */
  readonly memory: ByteBudget;
}

let scans = 0;

/**
 * Runs units, whose rows must be held by the caller, on all lanes of the pool; gives one result for each lane that had a unit. When it ends, also with an
 * error, no lane works any more. Throws the first error, or the reason of `signal`.
 */
export async function runScan(parts: ScanParts, task: ScanTask, units: readonly Unit[], signal: AbortSignal): Promise<(Batch | Partial)[]> {
  const { lanes } = parts.pool;
  const scan = ++scans;
  const failed = new AbortController();
  const run: Run = {
    parts,
    scan,
    task,
    needs: createScanner(task).needs,
    next: new UnitQueue(units, task),
    signal: AbortSignal.any([signal, failed.signal]),
    probe: task.output.kind === 'log' && task.output.limit > 0 ? Promise.withResolvers<void>() : null,
    fail: (error) => failed.abort(error),
  };
  // Scans begin on different lanes, so that many small ones are not all done by the same thread.
  const ended = await Promise.allSettled(Array.from({ length: Math.min(lanes, units.length) }, (_, number) => runLane(run, (scan + number) % lanes, number === 0)));
  signal.throwIfAborted();
  const results: (Batch | Partial)[] = [];
  for (const end of ended) {
    if (end.status === 'rejected') throw failed.signal.reason ?? end.reason;
    if (end.value !== null) results.push(end.value);
  }
  return results;
}

interface Run {
  readonly parts: ScanParts;
  readonly scan: number;
  readonly task: ScanTask;
  readonly needs: ColumnNeeds;
  readonly next: UnitQueue;
  readonly signal: AbortSignal;
  /** The newest lines of a long stream lie in its first unit as a rule: the rest is not read before that one has said whether they do. */
  readonly probe: PromiseWithResolvers<void> | null;
  readonly fail: (error: unknown) => void;
}

async function runLane(run: Run, number: number, isFirst: boolean): Promise<Batch | Partial | null> {
  const { parts, scan, next, signal, probe } = run;
  const { pool } = parts;
  let isProbing = isFirst && probe !== null;
  let first: ScanTask | null = run.task;
  let begun = false;
  let current: Reading | undefined;
  let ahead: Reading | undefined;
  const take = (): Reading | undefined => {
    const unit = next.take();
    return unit === undefined ? undefined : new Reading(run, unit);
  };
  try {
    if (!isFirst) await probe?.promise;
    current = take();
    while (current !== undefined) {
      const loaded = await current.loaded();
      // The next one is read meanwhile, where there is memory for it.
      if (!isProbing) ahead = take();
      ahead?.tryBegin();
      signal.throwIfAborted();
      begun = true;
      const { boundNs } = await pool.add(number, scan, first, loaded);
      first = null;
      next.bound(boundNs);
      current.release();
      if (isProbing) ahead = take();
      isProbing = false;
      probe?.resolve();
      current = ahead;
      ahead = undefined;
    }
    return first === null ? await pool.finish(number, scan) : null;
  } catch (error) {
    run.fail(error);
    // A session that failed on its first unit is there as well.
    if (begun) await pool.finish(number, scan).catch(() => undefined);
    throw error;
  } finally {
    current?.release();
    ahead?.release();
    if (isFirst) probe?.resolve();
  }
}

/** A unit on its way from the object store to a worker. */
class Reading {
  readonly #run: Run;
  readonly #unit: Unit;
  readonly #bytes: number;
  #share: Share | undefined;
  #loading: Promise<LoadedUnit> | undefined;

  constructor(run: Run, unit: Unit) {
    this.#run = run;
    this.#unit = unit;
    // Heads are shared with the workers, not read.
    this.#bytes = unit.sources.every(({ source }) => source.kind === 'head') ? 0 : unit.bytes;
  }

  /** Begins to read, if there is memory for it now. */
  tryBegin(): void {
    if (this.#bytes > 0) this.#share = this.#run.parts.memory.tryShare(this.#bytes);
    if (this.#bytes === 0 || this.#share !== undefined) void this.#load();
  }

  /** What was read; begins, as soon as there is memory for it, where that was not done. */
  async loaded(): Promise<LoadedUnit> {
    const { parts, signal } = this.#run;
    if (this.#bytes > 0) this.#share ??= await parts.memory.share(this.#bytes, signal);
    return this.#loading ?? this.#load();
  }

  #load(): Promise<LoadedUnit> {
    const { parts, needs, signal } = this.#run;
    this.#loading = parts.segments.load(this.#unit, needs, signal);
    this.#loading.catch(() => undefined);
    return this.#loading;
  }

  release(): void {
    this.#share?.release();
  }
}

/** Hands units out in order, and no more once a log query cannot want any later one. */
class UnitQueue {
  readonly #units: readonly Unit[];
  readonly #direction: 'forward' | 'backward' | null;
  #next = 0;
  #boundNs: bigint | null = null;

  constructor(units: readonly Unit[], task: ScanTask) {
    this.#units = units;
    this.#direction = task.output.kind === 'log' ? task.output.direction : null;
  }

  take(): Unit | undefined {
    const unit = this.#units[this.#next];
    if (unit === undefined) return undefined;
    if (this.#boundNs !== null && this.#direction === 'backward' && unit.maxNs < this.#boundNs) return undefined;
    if (this.#boundNs !== null && this.#direction === 'forward' && unit.minNs > this.#boundNs) return undefined;
    this.#next += 1;
    return unit;
  }

  /** A lane has all rows that are wanted up to this time. */
  bound(boundNs: bigint | null): void {
    if (boundNs === null) return;
    if (this.#boundNs === null || (this.#direction === 'backward' ? boundNs > this.#boundNs : boundNs < this.#boundNs)) this.#boundNs = boundNs;
  }
}
