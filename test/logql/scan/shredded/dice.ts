/** Draws from random numbers in [0, 1). */
export class Dice {
  readonly next: () => number;

  constructor(next: () => number) {
    this.next = next;
  }

  /** 0 … count - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** One to `most` different values. */
  some<T>(values: readonly T[], most: number): T[] {
    const left = [...values];
    return Array.from({ length: 1 + this.below(Math.min(most, values.length)) }, () => left.splice(this.below(left.length), 1)[0]!);
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => '0123456789abcdef'[this.below(16)]!).join('');
  }
}
