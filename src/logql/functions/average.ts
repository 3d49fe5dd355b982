import type { Accumulator } from './accumulator.ts';
import { addCompensated } from './sum.ts';

/**
 * avg_over_time: count, compensated sum (two fields) and running mean. The sum gives the exact answer; where it overflows, or an infinity is among the values, the mean
 * does, as in Loki.
 */
export const averageAccumulator: Accumulator = {
  width: 4,
  start(cells, at, value) {
    cells[at] = 1;
    cells[at + 1] = value;
    cells[at + 2] = 0;
    cells[at + 3] = value;
  },
  add(cells, at, value) {
    const count = (cells[at] as number) + 1;
    const mean = cells[at + 3] as number;
    cells[at] = count;
    addCompensated(cells, at + 1, value);
    cells[at + 3] = Number.isFinite(mean) && Number.isFinite(value) ? mean + (value / count - mean / count) : mean + value;
  },
  combine(into, at, from, fromAt) {
    const left = into[at] as number;
    const right = from[fromAt] as number;
    const count = left + right;
    into[at] = count;
    addCompensated(into, at + 1, from[fromAt + 1] as number);
    into[at + 2] = (into[at + 2] as number) + (from[fromAt + 2] as number);
    into[at + 3] = (into[at + 3] as number) * (left / count) + (from[fromAt + 3] as number) * (right / count);
  },
  result(cells, at) {
    const sum = cells[at + 1] as number;
    return Number.isFinite(sum) ? (sum + (cells[at + 2] as number)) / (cells[at] as number) : (cells[at + 3] as number);
  },
};
