/**
 * Quantiles of sliding windows over one series. All values are ranked once; a Fenwick tree over the ranks counts those in the window,
 * so that a step costs O(log n) however long the range is.
 */
export class QuantileWindow {
  readonly #sorted: Float64Array;
  readonly #rankOf: Uint32Array;
  readonly #tree: Int32Array;
  readonly #top: number;
  #count = 0;

  /** `values` in the order of the buckets. */
  constructor(values: Float64Array) {
    const order = new Uint32Array(values.length);
    for (let i = 0; i < order.length; i++) order[i] = i;
    order.sort((a, b) => compare(values[a] as number, values[b] as number));
    this.#sorted = Float64Array.from(order, (i) => values[i] as number);
    this.#rankOf = new Uint32Array(values.length);
    for (let rank = 0; rank < order.length; rank++) this.#rankOf[order[rank] as number] = rank;
    this.#tree = new Int32Array(values.length + 1);
    let top = 1;
    while (top * 2 <= values.length) top *= 2;
    this.#top = top;
  }

  /** Takes value `at` into the window (`by` 1) or out of it (-1). */
  move(at: number, by: 1 | -1): void {
    this.#count += by;
    for (let i = (this.#rankOf[at] as number) + 1; i < this.#tree.length; i += i & -i) this.#tree[i] = (this.#tree[i] as number) + by;
  }

  /** The quantile, between two values the weighted mean of both; below 0 -Inf, above 1 +Inf, of nothing NaN. */
  quantile(q: number): number {
    if (this.#count === 0 || Number.isNaN(q)) return Number.NaN;
    if (q < 0) return -Infinity;
    if (q > 1) return Infinity;
    const rank = q * (this.#count - 1);
    const lower = Math.max(0, Math.floor(rank));
    const upper = Math.min(this.#count - 1, lower + 1);
    const weight = rank - Math.floor(rank);
    return this.#select(lower) * (1 - weight) + this.#select(upper) * weight;
  }

  #select(rank: number): number {
    let at = 0;
    let left = rank;
    for (let size = this.#top; size > 0; size >>= 1) {
      const next = at + size;
      if (next < this.#tree.length && (this.#tree[next] as number) <= left) {
        at = next;
        left -= this.#tree[next] as number;
      }
    }
    return this.#sorted[at] as number;
  }
}

/** NaN is smaller than all. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  if (Number.isNaN(b)) return 1;
  return a - b;
}
