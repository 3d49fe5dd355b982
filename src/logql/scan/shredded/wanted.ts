import type { ShreddedRows, ShreddedTemplate } from '../../../model/mod.ts';
import type { Marks } from './marks.ts';

/** Which places of each template lie in runs that are wanted. */
export class WantedPlaces {
  readonly #rows: ShreddedRows;
  readonly #all: boolean;
  #marks: Uint8Array | undefined;

  constructor(rows: ShreddedRows) {
    this.#rows = rows;
    let count = 0;
    for (const { from, to } of rows.runs) count += to - from;
    this.#all = count === rows.rows;
  }

  of(template: ShreddedTemplate): Marks {
    if (this.#all) return 'all';
    if (this.#marks === undefined) {
      this.#marks = new Uint8Array(this.#rows.rows);
      for (const { from, to } of this.#rows.runs) this.#marks.fill(1, from, to);
    }
    const marks = this.#marks;
    const rows = template.rows();
    const own = new Uint8Array(rows.length);
    let count = 0;
    for (let place = 0; place < own.length; place++) {
      const mark = marks[rows[place]!]!;
      own[place] = mark;
      count += mark;
    }
    return count === 0 ? 'none' : count === own.length ? 'all' : own;
  }
}

/** Calls `each` for every run with rows among `places` (ascending): they are places[from … to). */
export function eachRun(rows: ShreddedRows, template: ShreddedTemplate, places: Uint32Array, each: (stream: number, from: number, to: number) => void): void {
  const all = template.rows();
  let from = 0;
  for (const run of rows.runs) {
    from = firstAtOrAfter(all, places, from, run.from);
    const to = firstAtOrAfter(all, places, from, run.to);
    if (to > from) each(run.stream, from, to);
    from = to;
  }
}

/** The first index, from `from` on, whose place has a row of at least `row`; most are near, or far. */
function firstAtOrAfter(all: Uint32Array, places: Uint32Array, from: number, row: number): number {
  let low = from;
  let step = 1;
  while (low + step <= places.length && all[places[low + step - 1]!]! < row) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, places.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[places[middle]!]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
