import { setTimeout as sleep } from 'node:timers/promises';
import { SpoorError } from '../../src/model/mod.ts';
import type { CountedObjectStore, ObjectCounts } from '../../src/objects/mod.ts';
import { RequestCounter } from '../../src/objects/counts.ts';

/** An object store in memory that takes its time, fails when it is told to, and keeps account of its reads. */
export class SlowStore implements CountedObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  /** Reads in the order in which they began: key, offset, length. */
  readonly reads: (readonly [key: string, offset: number, length: number])[] = [];
  /** Reads that were called off. */
  aborted = 0;
  running = 0;
  runningMost = 0;
  latencyMs = 0;
  /** Why a read fails; undefined: it does not. */
  failure: (key: string, read: number) => string | undefined = () => undefined;
  readonly #counter = new RequestCounter();

  put(key: string, data: Uint8Array): Promise<void> {
    this.#counter.request('put');
    this.objects.set(key, Uint8Array.from(data));
    return Promise.resolve();
  }

  putIfAbsent(key: string, data: Uint8Array): Promise<boolean> {
    this.#counter.request('put_if_absent');
    const is = this.objects.has(key);
    if (!is) this.objects.set(key, Uint8Array.from(data));
    return Promise.resolve(!is);
  }

  async getRange(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.#counter.request('get');
    const failure = this.failure(key, this.reads.length);
    this.reads.push([key, offset, length]);
    this.running += 1;
    this.runningMost = Math.max(this.runningMost, this.running);
    try {
      await sleep(this.latencyMs, undefined, { signal });
    } catch {
      this.aborted += 1;
      throw signal.reason;
    } finally {
      this.running -= 1;
    }
    if (failure !== undefined) {
      this.#counter.failure('get');
      throw new SpoorError('object_store', { operation: 'get', key, reason: failure });
    }
    const object = this.objects.get(key);
    if (object === undefined) throw new SpoorError('object_not_found', { key });
    const start = offset < 0 ? Math.max(0, object.length + offset) : offset;
    const data = object.slice(start, start + length);
    this.#counter.read(data.length);
    return data;
  }

  async *list(prefix: string, after = ''): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    for (const [key, { length }] of [...this.objects].sort(([a], [b]) => (a < b ? -1 : 1))) if (key.startsWith(prefix) && key > after) yield { key, size: length };
  }

  delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
    return Promise.resolve();
  }

  counts(): ObjectCounts {
    return this.#counter.snapshot();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
