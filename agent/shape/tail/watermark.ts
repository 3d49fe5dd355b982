import type { Clock } from '../../../src/model/mod.ts';

/** How far a container was read. */
export interface Progress {
  /** Time of the last line, in milliseconds since the epoch; -Infinity before the first. */
  lastMs: number;
  /** Something is in its files that was not read. */
  behind: boolean;
}

/** Lines that are read as they are written are at most so old. */
const liveMs = 3000;
const tickMs = 100;
/** After a container was found to be behind, others may be, too, that had no turn yet. */
const graceMs = 1000;
/** Time between two looks that counts as reading time; more of it was waiting for the server. */
const stepMs = 500;

/**
 * The time up to which the node's logs were read: nothing older is expected. Containers that are read as they are written are all at the present. Where some are behind (the agent was away, or the
 * server was), the one that is furthest behind says how far all are. Times are those that the container runtime wrote: one clock for the whole node.
 */
export class Watermark {
  readonly #clock: Clock;
  #readingMs = 0;
  /** Reading time at which the last container was found to be behind that was not known before. */
  #foundMs = -Infinity;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
  }

  /** Milliseconds for which lines could be read; waiting for the server is not among them. */
  get readingMs(): number {
    return this.#readingMs;
  }

  /** A line came. */
  saw(progress: Progress, lineMs: number, nowMs: number): void {
    if (progress.lastMs === -Infinity && lineMs < nowMs - liveMs) this.#foundMs = this.#readingMs;
    if (lineMs > progress.lastMs) progress.lastMs = lineMs;
    if (progress.lastMs < nowMs - liveMs) progress.behind = true;
  }

  /** Time passed; true where it is worth looking at the value. */
  tick(): boolean {
    const now = this.#clock.monotonicMs();
    if (now - this.#lastMs < tickMs) return false;
    this.#readingMs += Math.min(now - this.#lastMs, stepMs);
    this.#lastMs = now;
    return true;
  }

  /** Milliseconds since the epoch; -Infinity while it is not known yet who is behind. */
  value(all: Iterable<Progress | null>): number {
    if (this.#readingMs - this.#foundMs < graceMs) return -Infinity;
    let low = this.#clock.nowMs() - liveMs;
    for (const progress of all) if (progress !== null && progress.behind && progress.lastMs < low) low = progress.lastMs;
    return low;
  }
}
