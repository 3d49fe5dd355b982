import type { Accumulator } from './accumulator.ts';
import { elapsedNs } from './windows.ts';

/** What rate_counter keeps of each sample: value, day, time, stream, position, place. */
export const counterSampleWidth = 6;

/**
 * What rate_counter makes of the samples of one bucket, once they stand in order of time: first and last value with their times, their number,
 * and how much the counter lost in resets. Buckets follow one another in time, so putting them together is associative (not commutative).
 * Fields: first value, day, time; last value, day, time; count; lost.
 */
export const counterAccumulator: Accumulator = {
  width: 8,
  start(cells, at, value, day, time) {
    cells[at] = cells[at + 3] = value;
    cells[at + 1] = cells[at + 4] = day;
    cells[at + 2] = cells[at + 5] = time;
    cells[at + 6] = 1;
    cells[at + 7] = 0;
  },
  add(cells, at, value, day, time) {
    if (value < (cells[at + 3] as number)) cells[at + 7] = (cells[at + 7] as number) + (cells[at + 3] as number);
    cells[at + 3] = value;
    cells[at + 4] = day;
    cells[at + 5] = time;
    cells[at + 6] = (cells[at + 6] as number) + 1;
  },
  combine(into, at, from, fromAt) {
    const reset = (from[fromAt] as number) < (into[at + 3] as number) ? (into[at + 3] as number) : 0;
    into[at + 7] = (into[at + 7] as number) + (from[fromAt + 7] as number) + reset;
    into[at + 3] = from[fromAt + 3] as number;
    into[at + 4] = from[fromAt + 4] as number;
    into[at + 5] = from[fromAt + 5] as number;
    into[at + 6] = (into[at + 6] as number) + (from[fromAt + 6] as number);
  },
  result: () => Number.NaN,
};

/**
 * The per-second rate of a window that ends at (endDay, endTime): Prometheus' extrapolated rate, with the window's own bounds.
 * Fewer than two samples give 0.
 */
export function extrapolatedRate(cells: Float64Array, at: number, rangeNs: number, endDay: number, endTime: number): number {
  const count = cells[at + 6] as number;
  if (count < 2) return 0;
  const [first, firstDay, firstTime] = [cells[at] as number, cells[at + 1] as number, cells[at + 2] as number];
  const [last, lastDay, lastTime] = [cells[at + 3] as number, cells[at + 4] as number, cells[at + 5] as number];
  let increase = last - first + (cells[at + 7] as number);
  let toStart = (rangeNs - elapsedNs(firstDay, firstTime, endDay, endTime)) / 1e9;
  let toEnd = elapsedNs(lastDay, lastTime, endDay, endTime) / 1e9;
  const sampled = elapsedNs(firstDay, firstTime, lastDay, lastTime) / 1e9;
  const between = sampled / (count - 1);
  const threshold = between * 1.1;
  if (toStart >= threshold) toStart = between / 2;
  if (increase > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / increase));
  if (toEnd >= threshold) toEnd = between / 2;
  increase *= (sampled + toStart + toEnd) / sampled;
  return increase / (rangeNs / 1e9);
}
