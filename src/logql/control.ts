import { SpoorError } from '../model/mod.ts';

/**
 * What all threads that work on one query share, in shared memory: whether it shall stop, and the memory that it holds, in KiB. A scan that goes to another machine
 * leaves it behind and gets one of its own there.
 */
export interface QueryControl {
  /** [not 0: stop; KiB held]. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Bytes that the query may hold (max_query_memory); 0 is no limit. */
  readonly memoryBytesMax: number;
}

/** Rows after which a scan looks whether it shall stop, and says what it holds: well under a millisecond of fast stages, some of slow ones. */
export const rowsPerCheck = 1024;

const stopWord = 0;
const heldWord = 1;
/** Changes smaller than this are not told to the others. */
const stepBytes = 64 * 1024;

export function newControl(memoryBytesMax = 0): QueryControl {
  return { words: new Int32Array(new SharedArrayBuffer(8)), memoryBytesMax };
}

/** Why queries were stopped; known to the thread that stopped them. */
const reasons = new WeakMap<SharedArrayBuffer, unknown>();

/** Tells all threads that work on the query to stop, also in the middle of a row group. The first reason counts. */
export function stopQuery(control: QueryControl, reason?: unknown): void {
  if (reason !== undefined && !reasons.has(control.words.buffer)) reasons.set(control.words.buffer, reason);
  Atomics.store(control.words, stopWord, 1);
}

/** Why a query was stopped, where this thread did it. */
export function stopReason(control: QueryControl): unknown {
  return reasons.get(control.words.buffer);
}

/** Bytes that a query holds, all threads together. */
export function heldBytes(control: QueryControl): number {
  return Atomics.load(control.words, heldWord) * 1024;
}

/** One holder's account of what it keeps for a query. */
export class Holding {
  readonly #control: QueryControl | undefined;
  #kib = 0;

  constructor(control: QueryControl | undefined) {
    this.#control = control;
  }

  /** Whether the query shall stop. */
  get isStopped(): boolean {
    return this.#control !== undefined && Atomics.load(this.#control.words, stopWord) !== 0;
  }

  /** Throws `query_cancelled` where the query shall stop. */
  checkStop(): void {
    if (this.isStopped) throw new SpoorError('query_cancelled');
  }

  /** Notes that so much is held now. Throws `max_query_memory` where the query holds more than it may. */
  hold(bytes: number): void {
    const control = this.#control;
    if (control === undefined) return;
    const kib = Math.ceil(bytes / 1024);
    const more = kib - this.#kib;
    if (Math.abs(more) * 1024 < stepBytes) return;
    this.#kib = kib;
    const all = Atomics.add(control.words, heldWord, more) + more;
    if (control.memoryBytesMax > 0 && all * 1024 > control.memoryBytesMax && more > 0) throw new SpoorError('max_query_memory', { limit: control.memoryBytesMax });
  }
}
