import { createScanner, newControl, stopQuery, stopReason, type Batch, type Partial, type QueryControl, type ScanTask } from '../logql/mod.ts';
import { isSpoorError, type ByteBudget, type ColumnNeeds, type Share } from '../model/mod.ts';
import type { ScanPool } from './ports.ts';
import type { UnitDone } from './scan-session.ts';
import type { FairTurns, Turn, TurnTaker } from './schedule/turns.ts';
import { joinUnits, type SegmentSource, type Unit } from './units.ts';

/** What scans work with. */
export interface ScanParts {
  readonly pool: ScanPool;
  /** Of all scans together: bytes of rows that were read and not looked through yet. */
  readonly memory: ByteBudget;
  /** Turns to work on a unit. */
  readonly turns: FairTurns;
  /** Units whose reads are begun before it is their turn (0). */
  readonly readAhead?: number;
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
  // Aborts when there is no unit left to begin.
  const drained = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const onEnd = (): void => stopQuery(control, ended.reason);
  const run: Run = {
    parts,
    scan,
    task: { ...task, control },
    needs: createScanner(task).needs,
    next: new UnitQueue(units, task, lanes, () => drained.abort()),
    signal: ended,
    turns: parts.turns.join(task.tenant, expectedMs(task, units)),
    wanting: AbortSignal.any([ended, drained.signal]),
    probe: task.output.kind === 'log' && task.output.limit > 0 ? Promise.withResolvers<void>() : null,
    fail: (error) => failed.abort(error),
  };
  ended.addEventListener('abort', onEnd, { once: true });
  if (signal.aborted) onEnd();
  try {
    // Scans begin on different lanes, so that many small ones are not all done by the same thread.
    const lanesEnded = await Promise.allSettled(Array.from({ length: Math.min(lanes, units.length) }, (_, number) => new LaneRun(run, (scan + number) % lanes, number).run()));
    signal.throwIfAborted();
    const results: (Batch | Partial)[] = [];
    for (const end of lanesEnded) {
      if (end.status === 'rejected') throw firstReason(failed.signal.reason ?? end.reason, control);
      if (end.value !== null) results.push(end.value);
    }
    return results;
  } finally {
    ended.removeEventListener('abort', onEnd);
    run.turns.leave();
  }
}

/** Where another scan of the query failed, this one was stopped: the other one's failure is the query's. */
function firstReason(error: unknown, control: QueryControl): unknown {
  return isSpoorError(error, 'query_cancelled') ? (stopReason(control) ?? error) : error;
}

/** Rows that a thread looks through in a millisecond, at best, in bytes. */
const bytesPerMs = 200_000;

/** How long a scan takes at least. A log query may have its rows with the first unit. */
function expectedMs({ output }: ScanTask, units: readonly Unit[]): number {
  if (output.kind === 'log' && output.limit > 0) return 0;
  return units.reduce((bytes, unit) => bytes + unit.bytes, 0) / bytesPerMs;
}

interface Run {
  readonly parts: ScanParts;
  readonly scan: number;
  readonly task: ScanTask;
  readonly needs: ColumnNeeds;
  readonly next: UnitQueue;
  readonly signal: AbortSignal;
  readonly turns: TurnTaker;
  /** Aborts when no turn is wanted any more. */
  readonly wanting: AbortSignal;
  /** The newest lines of a long stream lie in its first unit as a rule: the rest is not read before that one has said whether they do. */
  readonly probe: PromiseWithResolvers<void> | null;
  readonly fail: (error: unknown) => void;
}

/** One scan's work on one lane. */
class LaneRun {
  readonly #run: Run;
  readonly #lane: number;
  /** Which of the scan's lanes it is. */
  readonly #number: number;
  #isProbing: boolean;
  /** Whether the worker has the scan. */
  #isBegun = false;
  /** Units are worked on together up to so many bytes: more where that takes no time, as where a filter rules out nearly all. */
  #bytesMax = 0;
  #task: ScanTask | null;
  #upcoming: Promise<Turn | undefined> | undefined;

  constructor(run: Run, lane: number, number: number) {
    this.#run = run;
    this.#lane = lane;
    this.#number = number;
    this.#isProbing = number === 0 && run.probe !== null;
    this.#task = run.task;
  }

  async run(): Promise<Batch | Partial | null> {
    const { parts, scan, next, signal, probe, fail } = this.#run;
    const isFirst = this.#isProbing;
    try {
      if (!isFirst) await probe?.promise;
      this.#ask();
      for (let turn = await this.#turn(); turn !== undefined; turn = await this.#turn()) {
        const unit = next.take(this.#number, this.#bytesMax);
        if (unit === undefined) {
          turn.done(0);
          break;
        }
        // The next turn is asked for meanwhile, so that whoever has the best claim gets it when this one ends.
        if (!this.#isProbing) this.#ask();
        await this.#work(turn, unit);
        if (this.#isProbing) this.#ask();
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
      unused?.done(0);
    }
  }

  /** The turn that was asked for; undefined where none is wanted any more. */
  async #turn(): Promise<Turn | undefined> {
    const upcoming = this.#upcoming;
    this.#upcoming = undefined;
    return upcoming;
  }

  #ask(): void {
    const { turns, wanting, signal } = this.#run;
    this.#upcoming = turns.take(this.#lane, wanting).catch((error: unknown) => {
      if (!signal.aborted) return undefined;
      throw error;
    });
    // It is looked at later.
    this.#upcoming.catch(() => undefined);
  }

  async #work(turn: Turn, unit: Unit): Promise<void> {
    const { parts, scan, needs, next, signal } = this.#run;
    let workMs: number | undefined = 0;
    let share: Share | undefined;
    try {
      // Heads are shared with the workers, not read.
      if (unit.sources.some(({ source }) => source.kind === 'segment')) share = await parts.memory.share(unit.bytes, signal);
      signal.throwIfAborted();
      this.#isBegun = true;
      // Rows beyond a unit that is tried first may not be wanted at all.
      const ahead = this.#isProbing ? [] : next.announce(parts.readAhead ?? 0);
      const done = await parts.pool.add(this.#lane, scan, this.#task, { unit, needs, ahead });
      this.#task = null;
      workMs = done.workMs;
      if (workMs !== undefined && workMs < lightMs) this.#bytesMax = Math.min(joinedBytesMax, 2 * unit.bytes);
      else if (workMs !== undefined && workMs > heavyMs) this.#bytesMax /= 2;
      next.bound(done.boundNs);
      parts.worked?.(unit, done);
    } finally {
      share?.release();
      turn.done(workMs);
    }
  }
}

/** A unit that took less is light, one that took more is heavy. */
const lightMs = 5;
const heavyMs = 25;
const joinedBytesMax = 64 * 2 ** 20;

/** Row groups that are announced at a time at most. */
const announcedMax = 64;

/**
 * Hands units out in order, and no more once a log query cannot want any later one. Lanes take turns at the units of a scan for patterns: which clusters of lines are dropped, where there are too many, then does not
 * depend on which lane was faster.
 */
class UnitQueue {
  readonly #units: readonly Unit[];
  readonly #direction: 'forward' | 'backward' | null;
  readonly #onDrained: () => void;
  /** The next unit of each lane; one for all of them where any may take any. */
  readonly #next: number[];
  #boundNs: bigint | null = null;
  /** Units before this one were announced. */
  #announced = 0;

  /** `onDrained` is told when there is none left. */
  constructor(units: readonly Unit[], task: ScanTask, lanes: number, onDrained: () => void) {
    this.#next = Array.from({ length: task.output.kind === 'patterns' ? lanes : 1 }, (_, number) => number);
    this.#units = units;
    this.#onDrained = onDrained;
    this.#direction = task.output.kind === 'log' ? task.output.direction : null;
  }

  /** The next unit for the scan's lane of that number; several in one while they have no more than `bytesMax` together. */
  take(number: number, bytesMax: number): Unit | undefined {
    const place = number % this.#next.length;
    const unit = this.#upcoming(place);
    if (unit === undefined) return undefined;
    const units = [unit];
    let { bytes } = unit;
    this.#next[place]! += this.#next.length;
    for (let more = this.#upcoming(place); more !== undefined && !unit.merge && !more.merge && bytes + more.bytes <= bytesMax; more = this.#upcoming(place)) {
      units.push(more);
      bytes += more.bytes;
      this.#next[place]! += this.#next.length;
    }
    this.#tellDrained();
    return joinUnits(this.#direction === 'backward' ? units.reverse() : units);
  }

  /** Row groups of the next so many units, each once. */
  announce(units: number): readonly SegmentSource[] {
    const from = Math.max(this.#announced, Math.min(...this.#next));
    const to = Math.max(...this.#next) + units;
    if (units === 0 || to <= from) return [];
    this.#announced = to;
    return this.#units.slice(from, to).filter((unit) => this.#isWanted(unit)).flatMap(({ sources }) => sources.flatMap(({ source }) => (source.kind === 'segment' ? [source] : []))).slice(0, announcedMax);
  }

  #tellDrained(): void {
    if (this.#next.every((_, place) => this.#upcoming(place) === undefined)) this.#onDrained();
  }

  #upcoming(place: number): Unit | undefined {
    const unit = this.#units[this.#next[place]!];
    return unit !== undefined && this.#isWanted(unit) ? unit : undefined;
  }

  #isWanted(unit: Unit): boolean {
    if (this.#boundNs === null) return true;
    return this.#direction === 'backward' ? unit.maxNs >= this.#boundNs : this.#direction === 'forward' ? unit.minNs <= this.#boundNs : true;
  }

  /** A lane has all rows that are wanted up to this time. */
  bound(boundNs: bigint | null): void {
    if (boundNs === null) return;
    if (this.#boundNs === null || (this.#direction === 'backward' ? boundNs > this.#boundNs : boundNs < this.#boundNs)) this.#boundNs = boundNs;
    this.#tellDrained();
  }
}
