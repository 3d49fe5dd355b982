import type { Accumulator } from './accumulator.ts';

/** min_over_time and max_over_time: NaN counts only where there is nothing else. */
export function extremeAccumulator(largest: boolean): Accumulator {
  const take = (cells: Float64Array, at: number, value: number): void => {
    const held = cells[at] as number;
    if (Number.isNaN(held) || (largest ? value > held : value < held)) cells[at] = value;
  };
  return {
    width: 1,
    start(cells, at, value) {
      cells[at] = value;
    },
    add: take,
    combine: (into, at, from, fromAt) => take(into, at, from[fromAt] as number),
    result: (cells, at) => cells[at] as number,
  };
}
