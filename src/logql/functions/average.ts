import type { Accumulator } from './accumulator.ts';

/** avg_over_time: count and mean. The mean itself is kept, as Loki does, so that large values do not overflow. */
export const averageAccumulator: Accumulator = {
  width: 2,
  start(cells, at, value) {
    cells[at] = 1;
    cells[at + 1] = value;
  },
  add(cells, at, value) {
    const count = (cells[at] as number) + 1;
    const mean = cells[at + 1] as number;
    cells[at] = count;
    cells[at + 1] = mean + (value / count - mean / count);
    if (!Number.isFinite(mean) || !Number.isFinite(value)) cells[at + 1] = mean + value;
  },
  combine(into, at, from, fromAt) {
    const left = into[at] as number;
    const right = from[fromAt] as number;
    const count = left + right;
    into[at] = count;
    into[at + 1] = (into[at + 1] as number) * (left / count) + (from[fromAt + 1] as number) * (right / count);
  },
  result: (cells, at) => cells[at + 1] as number,
};
