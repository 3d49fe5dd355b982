/** A stream of random numbers; the same seed gives the same ones. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ x < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, `low` ≤ x ≤ `high`. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0];
  }

  /** `digits` hexadecimal digits, not all zero. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.int(1, 0xffffffff).toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  /** A name as Kubernetes makes them up: without vowels and without what looks alike. */
  suffix(length: number): string {
    return Array.from({ length }, () => 'bcdfghjklmnpqrstvwxz2456789'[this.int(0, 26)]).join('');
  }

  /** A waiting time with the given mean, as between events that know nothing of each other. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }
}
