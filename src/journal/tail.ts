import type { JournalRecord } from './port.ts';

/** One reader of a partition. */
export interface TailReader {
  /** Position that it wants next. */
  position: number;
}

/**
 * The newest durable records of a partition in memory, for readers that keep up, so that tailing reads no files. Bounded in bytes, and empty while
 * nobody reads. A reader that falls behind goes back to the files. Also wakes readers that wait.
 */
export class Tail {
  readonly #bytesMax: number;
  /** Without gaps from #first up to the newest durable record. */
  readonly #records = new Map<number, JournalRecord>();
  #first = 1;
  #bytes = 0;
  readonly #readers = new Set<TailReader>();
  readonly #waiting = new Set<() => void>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of records held. */
  get bytes(): number {
    return this.#bytes;
  }

  enter(reader: TailReader): void {
    this.#readers.add(reader);
  }

  leave(reader: TailReader): void {
    this.#readers.delete(reader);
    this.#drop();
  }

  /** The record at `position`, if it is held. */
  get(position: number): JournalRecord | undefined {
    return this.#records.get(position);
  }

  /** Notes a record that has become durable. */
  add(position: number, data: Uint8Array): void {
    if (this.#readers.size === 0 || data.length > this.#bytesMax) {
      this.#clear();
      return;
    }
    if (this.#records.size === 0) this.#first = position;
    this.#records.set(position, { position: BigInt(position), data });
    this.#bytes += data.length;
    if (this.#bytes > this.#bytesMax) this.#drop();
  }

  #clear(): void {
    this.#records.clear();
    this.#bytes = 0;
  }

  /** Drops what every reader has passed, then the oldest until the rest is small enough. */
  #drop(): void {
    let wanted = Infinity;
    for (const reader of this.#readers) wanted = Math.min(wanted, reader.position);
    for (let oldest = this.#records.get(this.#first); oldest !== undefined; oldest = this.#records.get(++this.#first)) {
      if (this.#first >= wanted && this.#bytes <= this.#bytesMax) return;
      this.#records.delete(this.#first);
      this.#bytes -= oldest.data.length;
    }
  }

  /** Notes that a reader moved on. */
  advanced(): void {
    if (this.#records.size > 0) this.#drop();
  }

  wake(): void {
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }

  /** Resolves at the next wake, or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        this.#waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#waiting.add(resume);
      signal.addEventListener('abort', resume);
      if (signal.aborted) resume();
    });
  }
}
