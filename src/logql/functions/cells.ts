/**
 * Numbers the (series, bucket) pairs that hold samples, so that memory follows the data and not series × steps. Samples mostly come
 * in the order of time: the last cell of each series is remembered, the hash table is asked only where the bucket changes.
 */
export class CellTable {
  /** Per cell: its series and its bucket. */
  series: Int32Array<ArrayBuffer> = new Int32Array(256);
  buckets: Int32Array<ArrayBuffer> = new Int32Array(256);
  count = 0;

  #slots: Int32Array<ArrayBuffer> = new Int32Array(1024).fill(-1);
  #lastBucket: Int32Array<ArrayBuffer> = new Int32Array(64).fill(-1);
  #lastCell: Int32Array<ArrayBuffer> = new Int32Array(64);

  /** The cell of (series, bucket). A new one has the number `count` had before. */
  find(series: number, bucket: number): number {
    if (series >= this.#lastBucket.length) this.#growSeries(series);
    if (this.#lastBucket[series] === bucket) return this.#lastCell[series] as number;
    let mask = this.#slots.length - 1;
    let slot = hash(series, bucket) & mask;
    for (;;) {
      const cell = this.#slots[slot] as number;
      if (cell < 0) break;
      if (this.buckets[cell] === bucket && this.series[cell] === series) {
        this.#lastBucket[series] = bucket;
        this.#lastCell[series] = cell;
        return cell;
      }
      slot = (slot + 1) & mask;
    }
    const cell = this.count++;
    if (cell >= this.series.length) {
      this.series = grown(this.series);
      this.buckets = grown(this.buckets);
    }
    this.series[cell] = series;
    this.buckets[cell] = bucket;
    this.#slots[slot] = cell;
    if (this.count * 2 > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
      mask = this.#slots.length - 1;
      for (let i = 0; i < this.count; i++) {
        let at = hash(this.series[i] as number, this.buckets[i] as number) & mask;
        while ((this.#slots[at] as number) >= 0) at = (at + 1) & mask;
        this.#slots[at] = i;
      }
    }
    this.#lastBucket[series] = bucket;
    this.#lastCell[series] = cell;
    return cell;
  }

  /** Cell numbers of each series, in the order of their buckets. */
  bySeries(seriesCount: number): Int32Array[] {
    const counts = new Int32Array(seriesCount);
    for (let cell = 0; cell < this.count; cell++) counts[this.series[cell] as number] = (counts[this.series[cell] as number] as number) + 1;
    const lists = Array.from(counts, (count) => new Int32Array(count));
    counts.fill(0);
    for (let cell = 0; cell < this.count; cell++) {
      const series = this.series[cell] as number;
      const at = counts[series] as number;
      (lists[series] as Int32Array)[at] = cell;
      counts[series] = at + 1;
    }
    for (const list of lists) list.sort((a, b) => (this.buckets[a] as number) - (this.buckets[b] as number));
    return lists;
  }

  #growSeries(series: number): void {
    const length = Math.max(series + 1, this.#lastBucket.length * 2);
    const buckets = new Int32Array(length).fill(-1);
    buckets.set(this.#lastBucket);
    this.#lastBucket = buckets;
    const cells = new Int32Array(length);
    cells.set(this.#lastCell);
    this.#lastCell = cells;
  }
}

function hash(series: number, bucket: number): number {
  const mixed = Math.imul(series + 1, 0x9e3779b1) ^ Math.imul(bucket + 1, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(array.length * 2);
  copy.set(array);
  return copy;
}
