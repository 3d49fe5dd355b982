import { createScanner, newControl, stopQuery, type Batch, type Partial, type ScanTask } from '../logql/mod.ts';
import type { ByteBudget, ColumnNeeds } from '../model/mod.ts';
import type { ScanPool } from './ports.ts';
import type { LoadedUnit, UnitDone } from './scan-session.ts';
import type { FairTurns, TurnTaker } from './schedule/turns.ts';
import type { Unit } from './units.ts';

/** What scans work with. */
export interface ScanParts {
  readonly pool: ScanPool;
  /** Of all scans together: bytes of rows that were read and not looked through yet. */
  readonly memory: ByteBudget;
  /** Turns to read a unit and keep it until it was worked on. */
  readonly readTurns: FairTurns;
  /** Turns to work on a unit. */
  readonly workTurns: FairTurns;
  /** Told of each unit that a worker is through with. */
  readonly worked?: (unit: Unit, done: UnitDone) => void;
}

let scans = 0;

/**
 * Runs units, whose rows must be held by the caller, on all lanes of the pool; gives one result for each lane that had a unit. Every unit waits for its turn, so that scans that
 * run at the same time share the lanes fairly. When it ends, also with an error, no lane works any more; a lane in the middle of a unit is told to stop.
 * Throws the first error, or the reason of `signal`.
 */
export async function runScan(parts: ScanParts, task: ScanTask, units: readonly Unit[], signal: AbortSignal): Promise<(Batch | Partial)[]> {
  const { lanes } = parts.pool;
  const scan = ++scans;
  const failed = new AbortController();
  const control = task.control ?? newControl();
  const ended = AbortSignal.any([signal, failed.signal]);
  const onEnd = (): void => stopQuery(control);
  const run: Run = {
    parts,
    scan,
    task: { ...task, control },
    needs: createScanner(task).needs,
    next: new UnitQueue(units, task),
    signal: ended,
    reads: parts.readTurns.join(task.tenant),
    works: parts.workTurns.join(task.tenant),
    probe: task.output.kind === 'log' && task.output.limit > 0 ? Promise.withResolvers<void>() : null,
    fail: (error) => failed.abort(error),
  };
  ended.addEventListener('abort', onEnd, { once: true });
  if (signal.aborted) onEnd();
  try {
    // Scans begin on different lanes, so that many small ones are not all done by the same thread.
    const lanesEnded = await Promise.allSettled(Array.from({ length: Math.min(lanes, units.length) }, (_, number) => new LaneRun(run, (scan + number) % lanes, number === 0).run()));
    signal.throwIfAborted();
    const results: (Batch | Partial)[] = [];
    for (const end of lanesEnded) {
      if (end.status === 'rejected') throw failed.signal.reason ?? end.reason;
      if (end.value !== null) results.push(end.value);
    }
    return results;
  } finally {
    ended.removeEventListener('abort', onEnd);
    run.reads.leave();
    run.works.leave();
  }
}

interface Run {
  readonly parts: ScanParts;
  readonly scan: number;
  readonly task: ScanTask;
  readonly needs: ColumnNeeds;
  readonly next: UnitQueue;
  readonly signal: AbortSignal;
  readonly reads: TurnTaker;
  readonly works: TurnTaker;
  /** The newest lines of a long stream lie in its first unit as a rule: the rest is not read before that one has said whether they do. */
  readonly probe: PromiseWithResolvers<void> | null;
  readonly fail: (error: unknown) => void;
}

/** A unit that was read, on its way to a worker. */
interface ReadUnit {
  readonly loaded: LoadedUnit;
  release(workMs?: number): void;
}

/** One scan's work on one lane. */
class LaneRun {
  readonly #run: Run;
  readonly #lane: number;
  #isProbing: boolean;
  /** Whether the worker has the scan. */
  #isBegun = false;
  #task: ScanTask | null;
  #upcoming: Promise<ReadUnit | undefined> | undefined;

  constructor(run: Run, lane: number, isFirst: boolean) {
    this.#run = run;
    this.#lane = lane;
    this.#isProbing = isFirst && run.probe !== null;
    this.#task = run.task;
  }

  async run(): Promise<Batch | Partial | null> {
    const { parts, scan, signal, probe, fail } = this.#run;
    const isFirst = this.#isProbing;
    try {
      if (!isFirst) await probe?.promise;
      this.#readAhead();
      for (let unit = await this.#upcoming; unit !== undefined; unit = await this.#upcoming) {
        this.#upcoming = undefined;
        // The next one is read meanwhile.
        if (!this.#isProbing) this.#readAhead();
        await this.#work(unit);
        if (this.#isProbing) this.#readAhead();
        this.#isProbing = false;
        probe?.resolve();
      }
      signal.throwIfAborted();
      return this.#isBegun ? await parts.pool.finish(this.#lane, scan) : null;
    } catch (error) {
      fail(error);
      // A session that failed on its first unit is there as well.
      if (this.#isBegun) await parts.pool.finish(this.#lane, scan).catch(() => undefined);
      throw error;
    } finally {
      if (isFirst) probe?.resolve();
      const unused = await this.#upcoming?.catch(() => undefined);
      unused?.release(0);
    }
  }

  #readAhead(): void {
    this.#upcoming = this.#read();
    // It is looked at when its turn comes.
    this.#upcoming.catch(() => undefined);
  }

  /** Reads the next unit, as soon as it is this scan's turn and there is memory for it; undefined where there is none left. */
  async #read(): Promise<ReadUnit | undefined> {
    const { parts, needs, next, reads, signal } = this.#run;
    const turn = await reads.take(this.#lane, signal);
    const unit = next.take();
    if (unit === undefined) {
      turn.done(0);
      return undefined;
    }
    try {
      // Heads are shared with the workers, not read.
      const bytes = unit.sources.every(({ source }) => source.kind === 'head') ? 0 : unit.bytes;
      const share = bytes === 0 ? undefined : await parts.memory.share(bytes, signal);
      const release = (workMs?: number): void => {
        share?.release();
        turn.done(workMs);
      };
      return { loaded: { unit, needs }, release };
    } catch (error) {
      turn.done(0);
      throw error;
    }
  }

  async #work(unit: ReadUnit): Promise<void> {
    const { parts, scan, next, works, signal } = this.#run;
    let workMs: number | undefined = 0;
    try {
      const turn = await works.take(this.#lane, signal);
      try {
        signal.throwIfAborted();
        this.#isBegun = true;
        const done = await parts.pool.add(this.#lane, scan, this.#task, unit.loaded);
        this.#task = null;
        workMs = done.workMs;
        next.bound(done.boundNs);
        parts.worked?.(unit.loaded.unit, done);
      } finally {
        turn.done(workMs);
      }
    } finally {
      unit.release(workMs);
    }
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
