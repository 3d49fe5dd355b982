import type { Entry } from './answers.ts';
import { entryKey } from './query.ts';

const secondNs = 1_000_000_000n;

/** What a {@link Seen} remembers at most. */
export interface SeenOptions {
  /** How far before the newest entry a gap is searched for entries that arrived late. */
  readonly windowNs: bigint;
  /** Entries to remember; beyond it the oldest seconds are forgotten first. */
  readonly entriesMax: number;
}

/**
 * The entries that a tail has printed lately, to tell what comes a second time. An entry is the same as another where labels, time and line are;
 * each source (one connection, one query for a gap) is counted by itself, and an entry is new when its source has brought it
 * more often than it was printed.
 */
export class Seen {
  readonly #options: SeenOptions;
  /** Per second of entry time: how often each entry was printed. */
  readonly #printed = new Map<bigint, Map<string, number>>();
  #entries = 0;
  #newestNs: bigint | undefined;
  #floorNs: bigint;

  /** @param startNs nothing before this time was asked for */
  constructor(startNs: bigint, options: SeenOptions) {
    this.#floorNs = startNs;
    this.#options = options;
  }

  /** Where to take up the thread: all that was printed from here on is remembered. */
  get resumeNs(): bigint {
    const windowNs = (this.#newestNs ?? this.#floorNs) - this.#options.windowNs;
    return windowNs > this.#floorNs ? windowNs : this.#floorNs;
  }

  /** Time of the newest entry printed. */
  get newestNs(): bigint | undefined {
    return this.#newestNs;
  }

  /** A new source; its function says whether an entry has to be printed, and remembers it. */
  source(): (entry: Entry) => boolean {
    const brought = new Map<bigint, Map<string, number>>();
    return (entry) => {
      if (entry.timeNs < this.#floorNs) return true;
      const second = entry.timeNs / secondNs;
      const key = entryKey(entry);
      const count = increment(bucketOf(brought, second), key);
      const printed = bucketOf(this.#printed, second);
      if (count <= (printed.get(key) ?? 0)) return false;
      printed.set(key, count);
      this.#entries++;
      if (this.#newestNs === undefined || entry.timeNs > this.#newestNs) this.#newestNs = entry.timeNs;
      if (this.#entries > this.#options.entriesMax) {
        this.#forget();
        for (const old of brought.keys()) if (old < this.#floorNs / secondNs) brought.delete(old);
      }
      return true;
    };
  }

  /** Entries before `timeNs` were not asked for: a query for a gap must not go back to them. */
  raiseFloor(timeNs: bigint): void {
    if (timeNs > this.#floorNs) this.#floorNs = timeNs;
  }

  #forget(): void {
    const newestSecond = (this.#newestNs ?? 0n) / secondNs;
    for (const second of Array.from(this.#printed.keys()).sort((a, b) => (a < b ? -1 : 1))) {
      if (this.#entries <= this.#options.entriesMax || second >= newestSecond) break;
      for (const count of this.#printed.get(second)?.values() ?? []) this.#entries -= count;
      this.#printed.delete(second);
      this.raiseFloor((second + 1n) * secondNs);
    }
  }
}

function bucketOf(buckets: Map<bigint, Map<string, number>>, second: bigint): Map<string, number> {
  const bucket = buckets.get(second) ?? new Map<string, number>();
  buckets.set(second, bucket);
  return bucket;
}

function increment(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
