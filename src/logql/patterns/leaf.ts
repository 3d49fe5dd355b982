import { asBuffer } from '../../bytes/mod.ts';
import { valueToken, type LineTokens } from './line-tokens.ts';

/** What stands in the places of a line's words, as Latin-1; null is a variable. */
export type PlaceWords = readonly (string | null)[];

/** What a variable holds in all lines, and the number of the variable. */
export type PlaceValue = readonly [variable: number, text: string];

interface Value {
  readonly variable: number;
  readonly text: string;
  readonly low: number;
  readonly high: number;
}

/** A cluster of lines: the counts by step, at the end of a branch of a tree of words. */
export class Leaf {
  /** The words of its lines. Those that its branch leads through, or makes variables, are the branch's. */
  readonly words: PlaceWords;
  readonly counts = new Map<number, number>();
  /** Lines. */
  total = 0;
  /** The step that was last counted, and how many lines of it are not in `counts` yet. */
  #step = -1;
  #pending = 0;
  /** Values that all lines have; undefined before the first line. */
  #values: Value[] | undefined;
  /** The cluster that this one was merged into. */
  #into: Leaf | null = null;

  constructor(words: PlaceWords) {
    this.words = words;
  }

  /** The cluster that this one is part of by now. */
  resolve(): Leaf {
    return this.#into === null ? this : this.#into.resolve();
  }

  /** Counts a line; by how many pairs of step and count there are more. */
  countLine(step: number): number {
    this.total++;
    if (step === this.#step) {
      this.#pending++;
      return 0;
    }
    const added = this.settle();
    this.#step = step;
    this.#pending = 1;
    return added;
  }

  /** Looks which values a line, whose words were read, has in common with those before. */
  readValues(tokens: LineTokens, bytes: Uint8Array): void {
    const values = this.#values;
    if (values === undefined) {
      this.#values = [];
      for (let variable = 0; variable < tokens.variables; variable++) {
        const token: number = tokens.variable[variable]!;
        if (tokens.kind[token] !== valueToken) continue;
        const text = asBuffer(bytes).toString('latin1', tokens.start[token], tokens.end[token]);
        this.#values.push({ variable, text, low: tokens.wordLow[token]!, high: tokens.wordHigh[token]! });
      }
      return;
    }
    for (let i = values.length - 1; i >= 0; i--) {
      const value: Value = values[i]!;
      const token: number = tokens.variable[value.variable]!;
      if (tokens.wordLow[token] !== value.low || tokens.wordHigh[token] !== value.high || tokens.kind[token] !== valueToken) values.splice(i, 1);
    }
  }

  /** Takes the values that all lines of another cluster have. */
  addValues(others: readonly PlaceValue[]): void {
    this.#values = this.#values?.filter(({ variable, text }) => others.some((other) => other[0] === variable && other[1] === text)) ?? others.map(([variable, text]) => ({ variable, text, low: 0, high: 0 }));
  }

  /** The values that all lines have. */
  get values(): readonly PlaceValue[] {
    return (this.#values ?? []).map(({ variable, text }) => [variable, text] as const).sort(([a], [b]) => a - b);
  }

  /** Counts lines; by how many pairs of step and count there are more. */
  add(step: number, lines: number): number {
    const before = this.counts.size;
    this.total += lines;
    this.counts.set(step, (this.counts.get(step) ?? 0) + lines);
    return this.counts.size - before;
  }

  /** Brings `counts` up to date; by how many pairs there are more. */
  settle(): number {
    if (this.#pending === 0) return 0;
    const before = this.counts.size;
    this.counts.set(this.#step, (this.counts.get(this.#step) ?? 0) + this.#pending);
    this.#pending = 0;
    this.#step = -1;
    return this.counts.size - before;
  }

  /** Takes the lines of another, which from now on is this one; by how many pairs of step and count there are more, both taken together. */
  absorb(other: Leaf): number {
    const added = this.settle() + other.settle();
    const before = this.counts.size + other.counts.size;
    for (const [step, lines] of other.counts) this.add(step, lines);
    if (this.#values === undefined) this.#values = other.#values;
    else if (other.#values !== undefined) this.addValues(other.values);
    other.counts.clear();
    other.#into = this;
    return added + this.counts.size - before;
  }
}
