import type { MessagePort } from 'node:worker_threads';
import type { ByteRange } from '../chunks/mod.ts';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';
import { accountReads, noReadCounts, type ObjectStore, type ReadCounts } from '../objects/mod.ts';
import type { IoAnswer, IoRequest } from './blocking-io.ts';

/** Where objects are read from for threads. */
export interface IoStore extends Pick<ObjectStore, 'getRange' | 'forget'> {
  /** See CachedStore; left out where nothing is kept. */
  bringNear?(key: string, offset: number, length: number): void;
}

/** Answers a BlockingIo from the object store. */
export class IoServer {
  /** What was read for the thread so far. */
  readonly reads: ReadCounts = noReadCounts();
  readonly #store: IoStore;
  readonly #port: MessagePort;
  readonly #signal: Int32Array<SharedArrayBuffer>;
  readonly #running = new Map<number, AbortController>();

  constructor(store: IoStore, port: MessagePort, signal: Int32Array<SharedArrayBuffer>) {
    this.#store = store;
    this.#port = port;
    this.#signal = signal;
    port.on('message', (request: IoRequest) => accountReads(this.reads, () => this.#serve(request)));
    // The thread ended.
    port.on('close', () => this.#cancelAll());
    port.unref();
  }

  #serve(request: IoRequest): void {
    switch (request.kind) {
      case 'read':
        void this.#read(request.id, request.key, request.ranges);
        break;
      case 'cancel':
        this.#running.get(request.id)?.abort(new SpoorError('query_cancelled'));
        break;
      case 'near':
        for (const { offset, length } of request.ranges) this.#store.bringNear?.(request.key, offset, length);
        break;
      case 'forget':
        void this.#store.forget?.(request.key);
    }
  }

  async #read(id: number, key: string, ranges: readonly ByteRange[]): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const buffers = await Promise.all(ranges.map(({ offset, length }) => this.#store.getRange(key, offset, length, controller.signal)));
      const own = buffers.map((bytes) => (bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)));
      this.#answer({ id, buffers: own }, own.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : [])));
    } catch (error) {
      // The other ranges need not be read.
      controller.abort(error);
      this.#answer({ id, failure: isSpoorError(error) ? { code: error.code, details: error.details } : { code: 'internal', details: { reason: reasonOf(error) } } }, []);
    } finally {
      this.#running.delete(id);
    }
  }

  #answer(answer: IoAnswer, transfer: readonly ArrayBuffer[]): void {
    this.#port.postMessage(answer, transfer);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  #cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort(new SpoorError('query_cancelled'));
  }
}
