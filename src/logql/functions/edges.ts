import type { Accumulator } from './accumulator.ts';

/** first_over_time and last_over_time: the value with the smallest or largest (time, stream, position, place). */
export function edgeAccumulator(last: boolean): Accumulator {
  const width = 6;
  return {
    width,
    start(cells, at, value, day, time, stream, position, place) {
      cells[at] = value;
      cells[at + 1] = day;
      cells[at + 2] = time;
      cells[at + 3] = stream;
      cells[at + 4] = position;
      cells[at + 5] = place;
    },
    add(cells, at, value, day, time, stream, position, place) {
      const order =
        day - (cells[at + 1] as number) ||
        time - (cells[at + 2] as number) ||
        stream - (cells[at + 3] as number) ||
        position - (cells[at + 4] as number) ||
        place - (cells[at + 5] as number);
      if (last ? order > 0 : order < 0) this.start(cells, at, value, day, time, stream, position, place);
    },
    combine(into, at, from, fromAt) {
      for (let field = 1; field < width; field++) {
        const order = (from[fromAt + field] as number) - (into[at + field] as number);
        if (order === 0) continue;
        if (last ? order > 0 : order < 0) into.set(from.subarray(fromAt, fromAt + width), at);
        return;
      }
    },
    result: (cells, at) => cells[at] as number,
  };
}
