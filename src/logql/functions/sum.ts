import type { Accumulator } from './accumulator.ts';

/** Neumaier's compensated sum: adds to the sum at `at`, and to what it lost at `at + 1`. */
export function addCompensated(cells: Float64Array, at: number, value: number): void {
  const sum = cells[at] as number;
  const next = sum + value;
  const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  cells[at] = next;
  cells[at + 1] = (cells[at + 1] as number) + lost;
}

/**
 * sum_over_time, bytes_over_time, and (divided by the range) bytes_rate and rate of an unwrapped label.
 * The sum is compensated, so that the order in which pieces meet does not show.
 */
export function sumAccumulator(divisor: number): Accumulator {
  return {
    width: 2,
    start(cells, at, value) {
      cells[at] = value;
      cells[at + 1] = 0;
    },
    add: addCompensated,
    combine(into, at, from, fromAt) {
      addCompensated(into, at, from[fromAt] as number);
      into[at + 1] = (into[at + 1] as number) + (from[fromAt + 1] as number);
    },
    result(cells, at) {
      const sum = cells[at] as number;
      // Beside an infinity the compensation means nothing.
      return (Number.isFinite(sum) ? sum + (cells[at + 1] as number) : sum) / divisor;
    },
  };
}
