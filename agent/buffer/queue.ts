import { Batch } from './batch.ts';

/**
 * Sealed batches waiting to be delivered, in order, in memory: the log files themselves are the buffer on disk, because reading stops while the queue is
 * full. Several batches may be on their way at a time; they are confirmed in order.
 */
export class BatchQueue {
  readonly #bytesMax: number;
  readonly #batchBytes: number;
  readonly #confirm: (batch: Batch) => void;
  /** Batches not confirmed yet, oldest first. */
  readonly #open: { readonly batch: Batch; taken: boolean; done: boolean }[] = [];
  readonly #empty: Batch[] = [];
  readonly #waiters: (() => void)[] = [];
  #bytes = 0;

  /**
   * @param bytesMax bytes (see Batch.bytes) at which the queue is full
   * @param batchBytes memory that a new batch sets aside for lines
   * @param confirm called for each batch once it and all before it are delivered
   */
  constructor(bytesMax: number, batchBytes: number, confirm: (batch: Batch) => void) {
    this.#bytesMax = bytesMax;
    this.#batchBytes = batchBytes;
    this.#confirm = confirm;
  }

  /** Bytes that wait or are on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Batches that wait or are on their way. */
  get batches(): number {
    return this.#open.length;
  }

  /** Whether a batch is there that nobody works on. */
  get waiting(): boolean {
    return this.#open.some((entry) => !entry.taken);
  }

  /** Whether reading has to wait. */
  get full(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** An empty batch, with the memory of a delivered one where there is one. */
  takeEmpty(): Batch {
    return this.#empty.pop() ?? new Batch(this.#batchBytes);
  }

  push(batch: Batch): void {
    this.#bytes += batch.bytes;
    this.#open.push({ batch, taken: false, done: false });
    this.#wake();
  }

  /** The oldest batch that nobody works on; undefined where there is none. */
  take(): Batch | undefined {
    const entry = this.#open.find((candidate) => !candidate.taken);
    if (entry === undefined) return undefined;
    entry.taken = true;
    return entry.batch;
  }

  /** Says that a batch is delivered; confirms it and those behind it as far as all before them are. */
  done(batch: Batch): void {
    const entry = this.#open.find((candidate) => candidate.batch === batch);
    if (entry !== undefined) entry.done = true;
    for (let first = this.#open[0]; first?.done === true; first = this.#open[0]) {
      this.#open.shift();
      this.#bytes -= first.batch.bytes;
      this.#confirm(first.batch);
      first.batch.clear();
      // One that grew far beyond the usual is not worth its memory.
      if (this.#empty.length < emptyBatchesMax && first.batch.memoryBytes < this.#batchBytes * 3) this.#empty.push(first.batch);
    }
    this.#wake();
  }

  /** Resolves at the next change: a batch came in or was confirmed, or `wake` was called. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** Lets everyone who waits look again. */
  wake(): void {
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

const emptyBatchesMax = 4;
