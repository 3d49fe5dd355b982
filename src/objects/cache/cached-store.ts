import { SpoorError } from '../../model/mod.ts';
import type { CountedObjectStore, ObjectCounts } from '../counts.ts';
import { checkKey } from '../keys.ts';
import { currentAccount } from '../read-account.ts';
import { blockBytes, blocksOf } from './block.ts';
import { BlockMemory } from './block-memory.ts';
import type { DiskCache } from './disk-cache.ts';
import { ReadGate, type GatedRead } from './read-gate.ts';

/** What a CachedStore is made of. */
export interface CachedStoreParts {
  /** Where the objects are. Closed with the cache. */
  readonly store: CountedObjectStore;
  /** Keeps what was read; null: only what was read last is kept, in memory. Closed with the cache. */
  readonly disk: DiskCache | null;
  /** Reads of the store under way at the same time. */
  readonly readsMax: number;
  /** Blocks on their way to the disk, or read ahead, that are held in memory. */
  readonly memoryBytesMax: number;
  /** Whether objects of this key never change once they are there. */
  readonly isCached: (key: string) => boolean;
}

/** Longest single read of the store; longer ones are several at the same time. */
const readBlocksMax = 64;
/** A read of more than this goes past the cache. */
const rangeBytesMax = 64 * 2 ** 20;
/** Reads ahead beyond this many that wait are left out. */
const aheadMax = 256;

/** Adjacent blocks on their way here in one request. */
interface Fetch {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly read: GatedRead;
  readonly bytes: Promise<Uint8Array>;
  readonly controller: AbortController;
  waiting: number;
}

const never = new AbortController().signal;
const noBytes = new Uint8Array(0);
/** Stands for a block that need not be read. */
const onDisk = noBytes;

/**
 * An object store whose immutable objects are read in blocks, and blocks kept: in a cache on disk that outlives the process, and in memory until they are
 * there. What several want at the same time is read once; reads that nobody wants any more are called off.
 */
export class CachedStore implements CountedObjectStore {
  readonly #parts: CachedStoreParts;
  readonly #gate: ReadGate;
  readonly #memory: BlockMemory;
  readonly #fetches = new Map<string, Fetch>();
  #aheads = 0;

  constructor(parts: CachedStoreParts) {
    this.#parts = parts;
    this.#gate = new ReadGate(parts.readsMax);
    this.#memory = new BlockMemory(parts.memoryBytesMax, parts.disk);
  }

  /** Reads that are under way or wait for their turn. */
  get reading(): { readonly running: number; readonly waiting: number } {
    return { running: this.#gate.running, waiting: this.#gate.waiting };
  }

  async put(key: string, data: Uint8Array): Promise<void> {
    try {
      await this.#parts.store.put(key, data);
    } finally {
      await this.forget(key);
    }
  }

  async putIfAbsent(key: string, data: Uint8Array): Promise<boolean> {
    try {
      return await this.#parts.store.putIfAbsent(key, data);
    } finally {
      await this.forget(key);
    }
  }

  list(prefix: string, after?: string): AsyncIterable<{ readonly key: string; readonly size: number }> {
    return this.#parts.store.list(prefix, after);
  }

  async delete(keys: readonly string[]): Promise<void> {
    try {
      await this.#parts.store.delete(keys);
    } finally {
      for (const key of keys) await this.forget(key);
    }
  }

  counts(): ObjectCounts {
    return this.#parts.store.counts();
  }

  /** Resolves when what was read is on disk, and nothing is evicted any more. */
  async settled(): Promise<void> {
    await this.#memory.settled();
    await this.#parts.disk?.settled();
  }

  async close(): Promise<void> {
    for (const fetch of this.#fetches.values()) fetch.controller.abort(new SpoorError('shutting_down'));
    await this.#memory.close();
    await this.#parts.disk?.close();
    await this.#parts.store.close();
  }

  /** Forgets what is kept of an object: it was replaced, deleted, or turned out to be damaged here. */
  async forget(key: string): Promise<void> {
    if (!this.#parts.isCached(key)) return;
    for (const [id, fetch] of this.#fetches) if (fetch.key === key) this.#fetches.delete(id);
    await this.#memory.drop(key);
    await this.#parts.disk?.drop(key);
  }

  async getRange(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    checkKey(key);
    signal.throwIfAborted();
    if (!this.#parts.isCached(key) || offset < 0 || length <= 0 || length > rangeBytesMax) return this.#parts.store.getRange(key, offset, length, signal);
    const data = await this.#read(key, offset, length, signal);
    signal.throwIfAborted();
    return data;
  }

  /** Begins to read what is not near yet, so that getRange finds it, where there is nothing more urgent. Failures are left to getRange. */
  bringNear(key: string, offset: number, length: number): void {
    if (!this.#parts.isCached(key) || offset < 0 || length <= 0 || length > this.#parts.memoryBytesMax / 4 || this.#aheads >= aheadMax) return;
    this.#aheads += 1;
    void this.#bring(key, offset, length).catch(() => undefined).finally(() => {
      this.#aheads -= 1;
    });
  }

  async #bring(key: string, offset: number, length: number): Promise<void> {
    const { disk } = this.#parts;
    const { from, to } = blocksOf(offset, length);
    const found = await Promise.all(Array.from({ length: to - from }, async (_, i) => this.#underWay(key, from + i) ?? ((await disk?.has(key, from + i)) === true ? onDisk : undefined)));
    const fetches = new Set(this.#fetchMissing(key, from, found, false));
    await Promise.all([...fetches].map(async (fetch) => (fetch instanceof Uint8Array ? fetch : this.#join(fetch, false, never))));
  }

  /** What #near gives, in one piece that is the caller's own: he may hand its buffer over. */
  async #read(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const blocks = await this.#near(key, offset, length, signal);
    const first = blocksOf(offset, length).from * blockBytes;
    const parts: Uint8Array[] = [];
    for (const [i, block] of blocks.entries()) {
      const start = first + i * blockBytes;
      parts.push(block.subarray(Math.max(0, offset - start), Math.max(0, Math.min(block.length, offset + length - start))));
      if (block.length < blockBytes) break;
    }
    const data = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return data;
  }

  /** The blocks in which a range lies. */
  async #near(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array[]> {
    const { from, to } = blocksOf(offset, length);
    const found: (Uint8Array | Fetch | undefined)[] = [];
    for (let block = from; block < to; block++) found.push(this.#underWay(key, block));
    const { disk } = this.#parts;
    if (disk !== null) {
      await Promise.all(found.map(async (known, i) => {
        if (known !== undefined) return;
        const data = await disk.read(key, from + i);
        if (data !== undefined) countHit(data, from + i, offset, length);
        found[i] = data;
      }));
      signal.throwIfAborted();
    }
    const waiting = new Map<Fetch, Promise<Uint8Array>>();
    const all = this.#fetchMissing(key, from, found, true);
    for (const one of all) if (!(one instanceof Uint8Array) && !waiting.has(one)) waiting.set(one, this.#join(one, true, signal));
    await Promise.all(waiting.values());
    return Promise.all(all.map(async (one, i) => {
      if (one instanceof Uint8Array) return one;
      const at = (from + i - one.from) * blockBytes;
      return (await waiting.get(one) ?? noBytes).subarray(at, at + blockBytes);
    }));
  }

  #underWay(key: string, block: number): Uint8Array | Fetch | undefined {
    return this.#memory.get(key, block) ?? this.#fetches.get(fetchId(key, block));
  }

  /** Fills what is not there with fetches. */
  #fetchMissing(key: string, from: number, found: readonly (Uint8Array | Fetch | undefined)[], isUrgent: boolean): (Uint8Array | Fetch)[] {
    const all: (Uint8Array | Fetch)[] = [];
    // While the disk was asked others may have begun to read it.
    const known = found.map((one, i) => one ?? this.#underWay(key, from + i));
    for (let i = 0; i < known.length;) {
      const one = known[i];
      if (one !== undefined) {
        all.push(one);
        i += 1;
        continue;
      }
      let end = i + 1;
      while (end < known.length && known[end] === undefined && end - i < readBlocksMax) end += 1;
      const fetch = this.#fetch(key, from + i, from + end, isUrgent);
      for (; i < end; i++) all.push(fetch);
    }
    return all;
  }

  #fetch(key: string, from: number, to: number, isUrgent: boolean): Fetch {
    const controller = new AbortController();
    const read: GatedRead = { isUrgent };
    const bytes = this.#gate.run(read, controller.signal, async () => this.#parts.store.getRange(key, from * blockBytes, (to - from) * blockBytes, controller.signal)).then(
      (data) => {
        if (this.#forgetFetch(fetch)) this.#keep(fetch, data);
        return data;
      },
      (error: unknown) => {
        this.#forgetFetch(fetch);
        throw error;
      },
    );
    const fetch: Fetch = { key, from, to, read, controller, bytes, waiting: 0 };
    // Nobody may be left to see it fail.
    fetch.bytes.catch(() => undefined);
    for (let block = from; block < to; block++) this.#fetches.set(fetchId(key, block), fetch);
    return fetch;
  }

  /** Whether it still was the one that brings its blocks. */
  #forgetFetch(fetch: Fetch): boolean {
    let was = false;
    for (let block = fetch.from; block < fetch.to; block++) {
      const id = fetchId(fetch.key, block);
      if (this.#fetches.get(id) === fetch) was = this.#fetches.delete(id);
    }
    return was;
  }

  #keep({ key, from }: Fetch, data: Uint8Array): void {
    for (let at = 0; at < data.length; at += blockBytes) this.#memory.add(key, from + at / blockBytes, data.subarray(at, at + blockBytes));
  }

  /** Waits for a fetch as long as `signal` lets it; one that nobody waits for is called off. */
  async #join(fetch: Fetch, isUrgent: boolean, signal: AbortSignal): Promise<Uint8Array> {
    fetch.waiting += 1;
    if (isUrgent) fetch.read.isUrgent = true;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal.aborted) onAbort();
      return await Promise.race([fetch.bytes, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      fetch.waiting -= 1;
      if (fetch.waiting === 0 && signal.aborted) {
        this.#forgetFetch(fetch);
        fetch.controller.abort(signal.reason);
      }
    }
  }
}

function fetchId(key: string, block: number): string {
  return `${block} ${key}`;
}

function countHit(data: Uint8Array, block: number, offset: number, length: number): void {
  const account = currentAccount();
  if (account === undefined) return;
  const start = block * blockBytes;
  account.cacheHits += 1;
  account.cacheBytes += Math.max(0, Math.min(start + data.length, offset + length) - Math.max(start, offset));
}
