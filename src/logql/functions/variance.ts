import type { Accumulator } from './accumulator.ts';

/**
 * stdvar_over_time and stddev_over_time (population variance): count, mean and sum of squared distances by Welford's method;
 * pieces are merged by Chan, Golub and LeVeque's formula (1979).
 */
export function varianceAccumulator(root: boolean): Accumulator {
  return {
    width: 3,
    start(cells, at, value) {
      cells[at] = 1;
      cells[at + 1] = value;
      // An infinite value has no variance.
      cells[at + 2] = value - value;
    },
    add(cells, at, value) {
      const count = (cells[at] as number) + 1;
      const delta = value - (cells[at + 1] as number);
      const mean = (cells[at + 1] as number) + delta / count;
      cells[at] = count;
      cells[at + 1] = mean;
      cells[at + 2] = (cells[at + 2] as number) + delta * (value - mean);
    },
    combine(into, at, from, fromAt) {
      const left = into[at] as number;
      const right = from[fromAt] as number;
      const count = left + right;
      const delta = (from[fromAt + 1] as number) - (into[at + 1] as number);
      into[at] = count;
      into[at + 1] = (into[at + 1] as number) + delta * (right / count);
      into[at + 2] = (into[at + 2] as number) + (from[fromAt + 2] as number) + delta * delta * ((left * right) / count);
    },
    result(cells, at) {
      const variance = (cells[at + 2] as number) / (cells[at] as number);
      return root ? Math.sqrt(variance) : variance;
    },
  };
}
