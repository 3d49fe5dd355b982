import { randomNumbers } from '../support/random.ts';

/** Random choices that a seed gives again. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomNumbers(seed);
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.#next() * below);
  }

  /** A whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** The result of one of the functions. */
  run<T>(...makers: readonly (() => T)[]): T {
    return this.pick(makers)();
  }

  /** `from` to `to` results. */
  list<T>(from: number, to: number, make: () => T): T[] {
    return Array.from({ length: this.between(from, to) }, make);
  }

  /** As many as `count` different choices, in random order. */
  some<T>(count: number, choices: readonly T[]): T[] {
    const left = [...choices];
    const out: T[] = [];
    while (out.length < count && left.length > 0) out.push(...left.splice(this.below(left.length), 1));
    return out;
  }
}
