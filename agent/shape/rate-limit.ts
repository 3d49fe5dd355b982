import { formatBinarySize } from '../../src/model/mod.ts';
import { newLine, type LineSink, type LineView } from '../join/line.ts';
import type { Stage } from '../pipeline/stage.ts';
import { countDropped, type ShapeCounts } from './counts.ts';
import { setMetadata } from './weight.ts';

/** Rates of a pod; undefined is no limit. */
export interface RateLimitOptions {
  readonly linesPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** Seconds' worth of both that may come at once after a quiet time; at least 1. */
  readonly burstSeconds: number;
  /** A marker line comes at most this often in a stream, in the time of the lines. */
  readonly markerIntervalMs: number;
}

/** Seconds of log time that are told apart: containers of a pod may be read so far apart. */
const slots = 128;

/**
 * What a pod may still write, by the second in which the container runtime wrote its lines: not by when they are read, else catching up after an outage would look like a flood, and lines that
 * are read again would be counted again. What a second leaves over goes to the next, up to the burst. Shared by the containers of the pod.
 */
export class PodBudget {
  readonly #rate: number;
  readonly #burst: number;
  readonly #second = new Float64Array(slots).fill(-1);
  readonly #left = new Float64Array(slots);
  #newest = -1;

  constructor(perSecond: number, burstSeconds: number) {
    this.#rate = perSecond;
    this.#burst = perSecond * burstSeconds;
  }

  /** Whether `amount` may be taken at `second`. A line that alone is more than a burst is let through when nothing else was. */
  has(second: number, amount: number): boolean {
    const left = this.#left[this.#slot(second)]!;
    return left >= amount || (left >= this.#burst && amount > this.#burst);
  }

  take(second: number, amount: number): void {
    this.#left[this.#slot(second)]! -= amount;
  }

  #slot(second: number): number {
    const slot = second % slots;
    if (this.#second[slot] === second) return slot;
    this.#left[slot] = this.#carried(second);
    this.#second[slot] = second;
    if (second > this.#newest) this.#newest = second;
    return slot;
  }

  /** What there is at the beginning of a second that is seen for the first time. */
  #carried(second: number): number {
    if (this.#newest < 0) return this.#burst;
    // A second that is long over, or was skipped: it has its own rate.
    if (second < this.#newest) return this.#rate;
    return Math.min(this.#burst, this.#left[this.#newest % slots]! + (second - this.#newest) * this.#rate);
  }
}

/** The budgets of a pod. */
export interface PodBudgets {
  readonly lines: PodBudget | null;
  readonly bytes: PodBudget | null;
}

export function podBudgets(options: RateLimitOptions): PodBudgets {
  const { linesPerSecond, bytesPerSecond, burstSeconds } = options;
  return {
    lines: linesPerSecond === undefined ? null : new PodBudget(linesPerSecond, burstSeconds),
    bytes: bytesPerSecond === undefined ? null : new PodBudget(bytesPerSecond, burstSeconds),
  };
}

/** Budgets by pod UID, for as long as a container of the pod uses them. */
export class RateLimits {
  readonly #pods = new Map<string, WeakRef<PodBudgets>>();

  of(uid: string, options: RateLimitOptions): PodBudgets {
    const known = this.#pods.get(uid)?.deref();
    if (known !== undefined) return known;
    for (const [other, budgets] of this.#pods) if (budgets.deref() === undefined) this.#pods.delete(other);
    const budgets = podBudgets(options);
    this.#pods.set(uid, new WeakRef(budgets));
    return budgets;
  }
}

/** What was dropped from a stream and not said yet. */
interface Hole {
  lines: number;
  bytes: number;
  /** When the first line of it came, and the last: seconds of log time. */
  sinceSeconds: number;
  /** The last dropped line, without its bytes. */
  readonly last: LineView;
  /** Monotonic clock at the tick after which nothing more was dropped; -1 before a tick. */
  quietSinceMs: number;
}

/** Metadata of a marker line. */
export const droppedLinesMetadata = 'spoor_dropped_lines';
export const droppedBytesMetadata = 'spoor_dropped_bytes';

/** Drops what a pod writes beyond its rates, and says so in the stream: a reader sees where lines are missing. */
export function rateLimitStage(options: RateLimitOptions, budgets: PodBudgets, counts: ShapeCounts): Stage {
  const { lines, bytes } = budgets;
  const holes: (Hole | null)[] = [null, null, null];
  const intervalSeconds = options.markerIntervalMs / 1000;

  const say = (hole: Hole, next: LineSink): void => {
    const text = Buffer.from(
      `spoor: ${hole.lines} ${hole.lines === 1 ? 'line' : 'lines'} (${formatBinarySize(hole.bytes)}) of this stream were dropped here: over the pod's limit of ${limitText(options)}`,
    );
    const line = hole.last;
    line.bytes = text;
    line.start = 0;
    line.end = text.length;
    line.metadata = null;
    setMetadata(line, droppedLinesMetadata, String(hole.lines));
    setMetadata(line, droppedBytesMetadata, String(hole.bytes));
    counts.markers++;
    next(line);
  };
  const drop = (line: LineView): void => {
    const length = line.end - line.start;
    countDropped(counts, 'rate_limit', length);
    const hole = (holes[line.stream] ??= { lines: 0, bytes: 0, sinceSeconds: line.seconds, last: newLine(), quietSinceMs: -1 });
    hole.lines++;
    hole.bytes += length;
    hole.quietSinceMs = -1;
    const { last } = hole;
    last.stream = line.stream;
    last.seconds = line.seconds;
    last.nanos = line.nanos;
    last.file = line.file;
    last.offset = line.offset;
    last.labels = line.labels;
  };
  const sayAll = (next: LineSink, which: (hole: Hole) => boolean): void => {
    for (const [stream, hole] of holes.entries()) {
      if (hole === null || !which(hole)) continue;
      holes[stream] = null;
      say(hole, next);
    }
  };

  return {
    take: (line, next) => {
      const second = Math.floor(line.seconds);
      const length = line.end - line.start;
      const hole = holes[line.stream];
      if (hole !== null && hole !== undefined && line.seconds - hole.sinceSeconds >= intervalSeconds) {
        holes[line.stream] = null;
        say(hole, next);
      }
      if ((lines !== null && !lines.has(second, 1)) || (bytes !== null && !bytes.has(second, length))) {
        drop(line);
        return;
      }
      lines?.take(second, 1);
      bytes?.take(second, length);
      next(line);
    },
    tick: (nowMs, next) => {
      sayAll(next, (hole) => {
        if (hole.quietSinceMs < 0) hole.quietSinceMs = nowMs;
        return nowMs - hole.quietSinceMs >= options.markerIntervalMs;
      });
    },
    flush: (next) => sayAll(next, () => true),
  };
}

function limitText({ linesPerSecond, bytesPerSecond }: RateLimitOptions): string {
  const parts: string[] = [];
  if (linesPerSecond !== undefined) parts.push(`${linesPerSecond} lines a second`);
  if (bytesPerSecond !== undefined) parts.push(`${formatBinarySize(bytesPerSecond)} a second`);
  return parts.join(' and ');
}
