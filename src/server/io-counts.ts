const names = ['reads', 'readBytes', 'cacheHits', 'cacheHitBytes', 'cacheDamaged'] as const;

/** What threads count of their reads. */
export type IoCount = (typeof names)[number];

/** Counters in memory that all threads share: what they read by themselves, without the object store's thread. */
export class IoCounts {
  readonly memory: SharedArrayBuffer;
  readonly #words: BigInt64Array<SharedArrayBuffer>;

  /** With `memory` of another one it counts to the same. */
  constructor(memory = new SharedArrayBuffer(names.length * 8)) {
    this.memory = memory;
    this.#words = new BigInt64Array(memory);
  }

  add(count: IoCount, number: number): void {
    if (number !== 0) Atomics.add(this.#words, names.indexOf(count), BigInt(number));
  }

  /** All counters as they stand now. */
  snapshot(): Readonly<Record<IoCount, number>> {
    return Object.fromEntries(names.map((name, i) => [name, Number(Atomics.load(this.#words, i))])) as Record<IoCount, number>;
  }
}
