import { SpoorError } from '../../src/model/mod.ts';
import type { ObjectStore } from '../../src/objects/mod.ts';

/** Objects in memory, for tests that make thousands of small stores; remembers the ranges that were read. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  reads: { readonly key: string; readonly offset: number; readonly length: number }[] = [];
  lists = 0;

  get bytesRead(): number {
    return this.reads.reduce((sum, read) => sum + read.length, 0);
  }

  put(key: string, data: Uint8Array): Promise<void> {
    this.objects.set(key, data);
    return Promise.resolve();
  }

  putIfAbsent(key: string, data: Uint8Array): Promise<boolean> {
    if (this.objects.has(key)) return Promise.resolve(false);
    this.objects.set(key, data);
    return Promise.resolve(true);
  }

  async getRange(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    await Promise.resolve();
    signal.throwIfAborted();
    const data = this.objects.get(key);
    if (data === undefined) throw new SpoorError('object_not_found', { key });
    const start = offset < 0 ? Math.max(0, data.length + offset) : offset;
    const range = data.subarray(start, start + length);
    this.reads.push({ key, offset: start, length: range.length });
    return range;
  }

  async *list(prefix: string, after = ''): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    this.lists++;
    for (const key of [...this.objects.keys()].sort()) {
      await Promise.resolve();
      if (key.startsWith(prefix) && key > after) yield { key, size: this.objects.get(key)?.length ?? 0 };
    }
  }

  delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
