import { ceilMs, floorMs } from './volume-extents.ts';

/** A stretch of time that gets volumes of its own, in milliseconds since the epoch. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  /** The time that its volumes are given. */
  readonly time: number;
}

/**
 * The buckets of a range, which begin at multiples of the step (0: one bucket). As in Loki each is stamped one millisecond before its end, the last one with the end of the range. Unlike there
 * they hold their last second too.
 */
export function bucketsOf(startNs: bigint, endNs: bigint, stepNs: bigint): Bucket[] {
  const start = floorMs(startNs);
  const end = ceilMs(endNs);
  const step = floorMs(stepNs);
  if (step <= 0) return [{ from: start, to: end, time: end }];
  const buckets: Bucket[] = [];
  for (let at = start - (start % step); at < end; at += step) {
    const next = at + step;
    buckets.push({ from: Math.max(at, start), to: Math.min(next, end), time: next >= end ? end : next - 1 });
  }
  return buckets;
}
