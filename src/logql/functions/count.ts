import type { Accumulator } from './accumulator.ts';

/** count_over_time, and (divided by the range) rate of lines: how many samples. Whole numbers, hence exact. */
export function countAccumulator(divisor: number): Accumulator {
  return {
    width: 1,
    start(cells, at) {
      cells[at] = 1;
    },
    add(cells, at) {
      cells[at] = (cells[at] as number) + 1;
    },
    combine(into, at, from, fromAt) {
      into[at] = (into[at] as number) + (from[fromAt] as number);
    },
    result: (cells, at) => (cells[at] as number) / divisor,
  };
}
