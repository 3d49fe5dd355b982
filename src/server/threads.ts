import { Worker } from 'node:worker_threads';
import { isSpoorError, reasonOf, SpoorError, type ErrorCode, type ErrorDetails } from '../model/mod.ts';

/** A call as it goes to a thread. */
export interface ThreadCall {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A thread's answer. Coded errors cross with their code. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly code: ErrorCode; readonly details: ErrorDetails } };

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

/** A fixed number of worker threads with a method call protocol. A thread answers its calls in order; one that dies is replaced. */
export class WorkerThreads {
  readonly #url: URL;
  readonly #threads: Thread[];
  #calls = 0;
  #closed = false;

  constructor(url: URL, count: number) {
    this.#url = url;
    this.#threads = Array.from({ length: count }, () => this.#spawn());
  }

  get size(): number {
    return this.#threads.length;
  }

  #spawn(): Thread {
    const worker = new Worker(this.#url, { stdout: false, stderr: false });
    const thread: Thread = { worker, pending: new Map() };
    worker.on('message', (answer: ThreadAnswer) => {
      const pending = thread.pending.get(answer.id);
      thread.pending.delete(answer.id);
      if ('failure' in answer) pending?.reject(new SpoorError(answer.failure.code, answer.failure.details));
      else pending?.resolve(answer.result);
    });
    worker.on('error', (error) => this.#died(thread, error));
    worker.on('exit', () => this.#died(thread, new SpoorError('internal', { reason: 'a worker thread ended' })));
    return thread;
  }

  #died(thread: Thread, error: unknown): void {
    for (const pending of thread.pending.values()) pending.reject(isSpoorError(error) ? error : new SpoorError('internal', { reason: reasonOf(error) }, { cause: error }));
    thread.pending.clear();
    const place = this.#threads.indexOf(thread);
    if (place >= 0 && !this.#closed) this.#threads[place] = this.#spawn();
  }

  /** The thread with the fewest calls under way. */
  idlest(): number {
    let best = 0;
    for (const [i, thread] of this.#threads.entries()) if (thread.pending.size < (this.#threads[best]?.pending.size ?? 0)) best = i;
    return best;
  }

  /** Calls a method in thread number `thread`; buffers in `transfer` are handed over, not copied. */
  call<Result>(thread: number, method: string, args: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    const chosen = this.#threads[thread % this.#threads.length];
    if (chosen === undefined || this.#closed) return Promise.reject(new SpoorError('shutting_down'));
    const id = ++this.#calls;
    return new Promise<Result>((resolve, reject) => {
      chosen.pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
      chosen.worker.postMessage({ id, method, args } satisfies ThreadCall, transfer);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}
