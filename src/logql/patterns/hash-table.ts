/** Slots, a power of two, and how many of them may be taken. */
const slots = 2 ** 15;
const usedMax = slots / 2;

/** Values by 64 bits of hash. It forgets all when it is full: at half of its slots, twice as many as there may be clusters. */
export class HashTable<Value extends object> {
  readonly #low = new Int32Array(slots);
  readonly #high = new Int32Array(slots);
  readonly #values: (Value | undefined)[] = Array.from<Value | undefined>({ length: slots }).fill(undefined);
  #used = 0;

  #slot(low: number, high: number): number {
    const mixed = Math.imul(low ^ (high >>> 16), 0x9e3779b1);
    let slot = (mixed ^ (mixed >>> 15)) & (slots - 1);
    while (this.#values[slot] !== undefined && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & (slots - 1);
    return slot;
  }

  /** Both halves are 32-bit integers. */
  get(low: number, high: number): Value | undefined {
    return this.#values[this.#slot(low, high)];
  }

  set(low: number, high: number, value: Value): void {
    if (this.#used === usedMax) this.clear();
    const slot = this.#slot(low, high);
    if (this.#values[slot] === undefined) this.#used++;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#values[slot] = value;
  }

  clear(): void {
    this.#values.fill(undefined);
    this.#used = 0;
  }
}
