import type { JournalRecord } from './port.ts';

/** One reader of a partition. */
export interface TailReader {
  /** Position that it wants next, or of the record that it looks at. */
  position: number;
  /** The record that it looks at. */
  held?: TailRecord | undefined;
}

/** A record in memory. */
interface TailRecord extends JournalRecord {
  readonly released: (() => void) | undefined;
  /** Readers that look at it, and one while it is in the tail. */
  holders: number;
}

/**
 * The newest durable records of a partition in memory, for readers that keep up, so that tailing reads no files. Bounded in bytes, and empty while
 * nobody reads. A reader that falls behind goes back to the files. Also wakes readers that wait.
 */
export class Tail {
  readonly #bytesMax: number;
  /** Without gaps from #first up to the newest durable record. */
  readonly #records = new Map<number, TailRecord>();
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
    this.#let(reader.held);
    reader.held = undefined;
    this.#readers.delete(reader);
    this.#drop();
  }

  /** The record at `position`, if it is held. */
  get(position: number): TailRecord | undefined {
    return this.#records.get(position);
  }

  /** Gives the record to a reader, whose next one it is: its memory stays as it is until `advance`. */
  hold(reader: TailReader, record: TailRecord): JournalRecord {
    record.holders++;
    reader.held = record;
    return record;
  }

  /** The reader is done with the record that it held. */
  advance(reader: TailReader): void {
    this.#let(reader.held);
    reader.held = undefined;
    reader.position++;
    this.advanced();
  }

  #let(record: TailRecord | undefined): void {
    if (record !== undefined && --record.holders === 0) record.released?.();
  }

  /** Notes a record that has become durable. `released` is called when it is here no more and nobody looks at it. */
  add(position: number, data: Uint8Array, released?: () => void): void {
    if (this.#readers.size === 0 || data.length > this.#bytesMax) {
      this.#clear();
      released?.();
      return;
    }
    if (this.#records.size === 0) this.#first = position;
    this.#records.set(position, { position: BigInt(position), data, released, holders: 1 });
    this.#bytes += data.length;
    if (this.#bytes > this.#bytesMax) this.#drop();
  }

  #clear(): void {
    const dropped = [...this.#records.values()];
    this.#records.clear();
    this.#bytes = 0;
    for (const record of dropped) this.#let(record);
  }

  /** Drops what every reader has passed, then the oldest until the rest is small enough. */
  #drop(): void {
    let wanted = Infinity;
    for (const reader of this.#readers) wanted = Math.min(wanted, reader.position);
    for (let oldest = this.#records.get(this.#first); oldest !== undefined; oldest = this.#records.get(++this.#first)) {
      if (this.#first >= wanted && this.#bytes <= this.#bytesMax) return;
      this.#records.delete(this.#first);
      this.#bytes -= oldest.data.length;
      this.#let(oldest);
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
