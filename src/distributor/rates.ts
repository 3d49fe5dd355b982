import type { Clock } from '../model/mod.ts';

/** A token bucket over bytes: full at first, refilled at `rate` per second up to `burst`. What is taken may leave a debt. */
export class TokenBucket {
  #tokens: number;
  #atMs: number;

  constructor(burst: number, nowMs: number) {
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Milliseconds until `bytes` are there: 0 if they are, Infinity if they never will be. */
  waitMs(bytes: number, rate: number, burst: number, nowMs: number): number {
    this.#refill(rate, burst, nowMs);
    if (bytes <= this.#tokens) return 0;
    if (bytes > burst || rate <= 0) return Number.POSITIVE_INFINITY;
    return ((bytes - this.#tokens) / rate) * 1000;
  }

  take(bytes: number): void {
    this.#tokens -= bytes;
  }

  /** Whether it is as if it had never been used. */
  isFull(rate: number, burst: number, nowMs: number): boolean {
    this.#refill(rate, burst, nowMs);
    return this.#tokens >= burst;
  }

  #refill(rate: number, burst: number, nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(burst, this.#tokens + (passedMs / 1000) * rate);
    this.#atMs = nowMs;
  }
}

/** Buckets swept at once, and how often. */
const sweepEveryMs = 60_000;

interface Kept {
  readonly bucket: TokenBucket;
  rate: number;
  burst: number;
}

/** Token buckets by group and key. Those that are full again are forgotten. */
export class Rates {
  readonly #groups = new Map<string, Map<string, Kept>>();
  readonly #clock: Clock;
  #sweptMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweptMs = clock.monotonicMs();
  }

  /** Milliseconds until `bytes` are allowed: 0 if they are, Infinity if they never will be. Takes nothing. */
  waitMs(group: string, key: string, bytes: number, rate: number, burst: number): number {
    const known = this.#groups.get(group)?.get(key);
    if (known !== undefined) return known.bucket.waitMs(bytes, rate, burst, this.#clock.monotonicMs());
    return bytes <= burst ? 0 : Number.POSITIVE_INFINITY;
  }

  take(group: string, key: string, bytes: number, rate: number, burst: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#sweep(nowMs);
    let buckets = this.#groups.get(group);
    if (buckets === undefined) {
      buckets = new Map();
      this.#groups.set(group, buckets);
    }
    let known = buckets.get(key);
    if (known === undefined) {
      known = { bucket: new TokenBucket(burst, nowMs), rate, burst };
      buckets.set(key, known);
    }
    known.rate = rate;
    known.burst = burst;
    known.bucket.waitMs(0, rate, burst, nowMs);
    known.bucket.take(bytes);
  }

  /** Number of buckets that are remembered. */
  get size(): number {
    let size = 0;
    for (const buckets of this.#groups.values()) size += buckets.size;
    return size;
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < sweepEveryMs) return;
    this.#sweptMs = nowMs;
    for (const [group, buckets] of this.#groups) {
      for (const [key, { bucket, rate, burst }] of buckets) if (bucket.isFull(rate, burst, nowMs)) buckets.delete(key);
      if (buckets.size === 0) this.#groups.delete(group);
    }
  }
}
