import type { LineTemplate, ShreddedColumn } from '../../../model/mod.ts';
import { Fits, sameExactly, sameFolded, type Ask } from './alignments.ts';

/** What holes must hold, all of them, so that the needle lies over them and the text between. */
export type Spread = readonly { readonly hole: number; readonly ask: Ask }[];

/** Steps, and spreads, after which lines are looked at instead. */
const stepsMax = 20_000;
const spreadsMax = 32;

/**
 * The ways in which a needle (in lower case with `fold`) can lie over more than one hole: it begins in text or in a hole, fills holes, and ends in text or in a hole. A line
 * that holds it so is as one of them wants, and the other way round. What filters of columns rule out is left out. Null where there are too many.
 */
export function spreadNeedle(template: LineTemplate, columns: readonly ShreddedColumn[], needle: Buffer, fold: boolean): readonly Spread[] | null {
  const search = new SpreadSearch(template, columns, needle, fold);
  for (let hole = 0; hole < template.holes.length && !search.failed; hole++) search.begin(hole);
  return search.failed ? null : search.found;
}

class SpreadSearch {
  readonly found: Spread[] = [];
  readonly #template: LineTemplate;
  readonly #columns: readonly ShreddedColumn[];
  readonly #needle: Buffer;
  readonly #fold: boolean;
  readonly #same: typeof sameExactly;
  readonly #fits: readonly Fits[];
  #steps = 0;

  constructor(template: LineTemplate, columns: readonly ShreddedColumn[], needle: Buffer, fold: boolean) {
    this.#template = template;
    this.#columns = columns;
    this.#needle = needle;
    this.#fold = fold;
    this.#same = fold ? sameFolded : sameExactly;
    this.#fits = template.holes.map((hole, i) => new Fits(hole, columns[i]!.header, fold));
  }

  get failed(): boolean {
    return this.#steps > stepsMax || this.found.length > spreadsMax;
  }

  /** Needles that begin in the text before a hole, or in the hole. */
  begin(hole: number): void {
    const needle = this.#needle;
    const before = this.#template.text[hole]!;
    for (let inside = 1; inside < needle.length && inside <= before.length; inside++) {
      this.#steps++;
      if (this.#same(before, before.length - inside, needle, 0, inside)) this.#fill(hole, inside, []);
    }
    for (let to = 1; to < needle.length; to++) {
      this.#steps++;
      if (!this.#fits[hole]!.fits(needle, 0, to, this.#columns[hole]!.header.lengthMax)) break;
      this.#behind(hole, to, { kind: 'ends', bytes: needle.subarray(0, to) }, []);
    }
  }

  /** The needle reaches up to where a hole begins; it goes on from `at`. */
  #fill(hole: number, at: number, spread: Spread): void {
    if (this.failed) return;
    const needle = this.#needle;
    const { lengthMin, lengthMax } = this.#columns[hole]!.header;
    const fits = this.#fits[hole]!;
    for (let to = at; to < needle.length; to++) {
      this.#steps++;
      if (to - at > lengthMax || (to > at && !fits.fits(needle, to - 1, to, lengthMax))) return;
      if (to - at >= lengthMin) this.#behind(hole, to, { kind: 'equals', bytes: needle.subarray(at, to) }, spread);
    }
    if (spread.length > 0 && fits.fits(needle, needle.length - 1, needle.length, lengthMax)) this.#end(hole, { kind: 'starts', bytes: needle.subarray(at) }, spread);
  }

  /** The needle goes on at `at` in the text behind a hole that is as asked. */
  #behind(hole: number, at: number, ask: Ask, spread: Spread): void {
    const needle = this.#needle;
    const after = this.#template.text[hole + 1]!;
    const there = Math.min(needle.length - at, after.length);
    if (!this.#same(after, 0, needle, at, there)) return;
    if (at + there === needle.length) {
      if (spread.length > 0) this.#end(hole, ask, spread);
    } else if (hole + 1 < this.#template.holes.length && this.#mayHold(hole, ask)) this.#fill(hole + 1, at + there, [...spread, { hole, ask }]);
  }

  #end(hole: number, ask: Ask, spread: Spread): void {
    if (this.#mayHold(hole, ask)) this.found.push([...spread, { hole, ask }]);
  }

  #mayHold(hole: number, { bytes }: Ask): boolean {
    return bytes.length === 0 || this.#columns[hole]!.mayHold(bytes, this.#fold);
  }
}
