import { Worker, type MessagePort } from 'node:worker_threads';
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
  | { readonly id: number; readonly failure: ThreadFailure };

/** An error on its way between threads. `stack` is for logs. */
export interface ThreadFailure {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly stack?: string | undefined;
}

/** Room for young objects in a thread: what these need lies outside the heap, and V8 would keep 100 MB and more for them. */
const maxYoungGenerationSizeMb = 24;

/** What a thread gets when it begins. */
export interface ThreadData {
  readonly data: unknown;
  readonly transfer: readonly MessagePort[];
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  alive: boolean;
}

/** A fixed number of worker threads with a method call protocol. A thread answers its calls in order; one that died is replaced at the next call. */
export class WorkerThreads {
  readonly #url: URL;
  readonly #begin: ((place: number) => ThreadData) | null;
  /** A thread begins with its first call. */
  readonly #threads: (Thread | undefined)[];
  #calls = 0;
  #closed = false;

  /** `begin` gives each new thread, which has that number, its workerData. */
  constructor(url: URL, count: number, begin: ((place: number) => ThreadData) | null = null) {
    this.#url = url;
    this.#begin = begin;
    this.#threads = Array.from({ length: count }, () => undefined);
  }

  get size(): number {
    return this.#threads.length;
  }

  #spawn(place: number): Thread {
    const given = this.#begin?.(place);
    const worker = new Worker(this.#url, { stdout: false, stderr: false, resourceLimits: { maxYoungGenerationSizeMb }, ...(given === undefined ? {} : { workerData: given.data, transferList: [...given.transfer] }) });
    const thread: Thread = { worker, pending: new Map(), alive: true };
    worker.on('message', (answer: ThreadAnswer) => {
      const pending = thread.pending.get(answer.id);
      thread.pending.delete(answer.id);
      if ('failure' in answer) pending?.reject(errorOf(answer.failure));
      else pending?.resolve(answer.result);
    });
    worker.on('error', (error) => this.#died(thread, error));
    worker.on('exit', () => this.#died(thread, new SpoorError('internal', { reason: 'a worker thread ended' })));
    return thread;
  }

  #died(thread: Thread, error: unknown): void {
    for (const pending of thread.pending.values()) pending.reject(isSpoorError(error) ? error : new SpoorError('internal', { reason: reasonOf(error) }, { cause: error }));
    thread.pending.clear();
    thread.alive = false;
  }

  /** Calls a method in thread number `thread`; buffers in `transfer` are handed over, not copied. */
  call<Result>(thread: number, method: string, args: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    if (this.#closed) return Promise.reject(new SpoorError('shutting_down'));
    const chosen = this.#living(thread % this.#threads.length);
    const id = ++this.#calls;
    return new Promise<Result>((resolve, reject) => {
      chosen.worker.postMessage({ id, method, args } satisfies ThreadCall, transfer);
      chosen.pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
  }

  #living(place: number): Thread {
    const thread = this.#threads[place];
    if (thread?.alive === true) return thread;
    const spawned = this.#spawn(place);
    this.#threads[place] = spawned;
    return spawned;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.flatMap((thread) => (thread === undefined ? [] : [thread.worker.terminate()])));
  }
}

function errorOf({ code, details, stack }: ThreadFailure): SpoorError {
  if (stack === undefined) return new SpoorError(code, details);
  const cause = new Error('in a worker thread');
  cause.stack = stack;
  return new SpoorError(code, details, { cause });
}
