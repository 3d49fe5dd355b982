import type { TailRows } from './tail-sender.ts';

/** Bytes of lines that are held at most; what is more goes out early. */
const heldBytesMax = 32 * 2 ** 20;
/** What a row takes beside its line. */
const rowBytes = 200;

interface Held {
  readonly row: TailRows['rows'][number];
  readonly labels: TailRows['labels'];
}

/** Holds the rows of a tail until their times are so long ago, so that those that arrive late come in order; a client asks for that with `delay_for`. */
export class TailDelay {
  readonly #delayNs: bigint;
  readonly #bytesMax: number;
  /** By time; of the same time by arrival. */
  #held: Held[] = [];
  #bytes = 0;

  constructor(delayNs: bigint, bytesMax = heldBytesMax) {
    this.#delayNs = delayNs;
    this.#bytesMax = bytesMax;
  }

  /** Takes rows, which stand in the order of their times. */
  add({ labels, rows }: TailRows): void {
    const before = this.#held;
    const merged: Held[] = [];
    let from = 0;
    for (const row of rows) {
      for (; from < before.length && (before[from] as Held).row.timeNs <= row.timeNs; from++) merged.push(before[from] as Held);
      merged.push({ row, labels });
      this.#bytes += row.line.length + rowBytes;
    }
    for (; from < before.length; from++) merged.push(before[from] as Held);
    this.#held = merged;
  }

  /** The rows that are due at a time, oldest first; null where there are none. */
  due(nowNs: bigint): TailRows | null {
    let count = 0;
    while (count < this.#held.length) {
      const { row } = this.#held[count] as Held;
      if (row.timeNs + this.#delayNs > nowNs && this.#bytes <= this.#bytesMax) break;
      this.#bytes -= row.line.length + rowBytes;
      count += 1;
    }
    if (count === 0) return null;
    const numbers = new Map<TailRows['labels'], number>();
    const all: TailRows['labels'][number][] = [];
    const rows = this.#held.slice(0, count).map(({ row, labels }) => {
      let base = numbers.get(labels);
      if (base === undefined) {
        base = all.length;
        numbers.set(labels, base);
        for (const set of labels) all.push(set);
      }
      return { ...row, labels: base + row.labels };
    });
    this.#held = this.#held.slice(count);
    return { labels: all, rows };
  }
}
