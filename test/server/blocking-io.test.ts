import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/model/mod.ts';
import { CachedStore, DiskCache, openDirectoryStore, type ObjectStore, type ReadCounts } from '../../src/objects/mod.ts';
import { blockBytes } from '../../src/objects/cache/block.ts';
import type { IoParts } from '../../src/server/blocking-io.ts';
import { IoCounts } from '../../src/server/io-counts.ts';
import { IoServer } from '../../src/server/serve-io.ts';
import { WorkerThreads } from '../../src/server/threads.ts';
import { pattern } from '../contract/objects.ts';
import { SlowStore } from '../support/slow-store.ts';

interface Reader {
  readonly threads: WorkerThreads;
  readonly server: () => IoServer;
  readonly counts: IoCounts;
  readonly stop: Int32Array<SharedArrayBuffer>;
  readonly read: (key: string, ...ranges: readonly (readonly [offset: number, length: number])[]) => Promise<Uint8Array[]>;
}

let directory: string;
let slow: SlowStore;
let readers: Reader[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spoor-io-'));
  slow = new SlowStore();
  readers = [];
});
afterEach(async () => {
  for (const { threads } of readers) await threads.close();
  await rm(directory, { recursive: true, force: true });
});

/** A thread that reads from a store of this one. */
function readFrom(store: Pick<ObjectStore, 'getRange'>, where: Partial<Pick<IoParts, 'directory' | 'cache'>> = {}): Reader {
  const counts = new IoCounts();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  let server: IoServer | undefined;
  const threads = new WorkerThreads(new URL('io-worker.ts', import.meta.url), 1, () => {
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    server = new IoServer(store, port1, signal);
    return { data: { io: { port: port2, signal, directory: null, cache: null, counts: counts.memory, ...where } satisfies IoParts, stop }, transfer: [port2] };
  });
  const reader: Reader = {
    threads, counts, stop,
    server: () => server!,
    read: async (key, ...ranges) => threads.call(0, 'read', [key, ranges.map(([offset, length]) => ({ offset, length }))]),
  };
  readers.push(reader);
  return reader;
}

async function cachedStore(): Promise<{ readonly store: CachedStore; readonly disk: DiskCache }> {
  const disk = await DiskCache.open({ directory, scope: 's', bytesMax: 2 ** 30, freeBytesMin: 0, clock: systemClock });
  return { disk, store: new CachedStore({ store: slow, disk, readsMax: 8, memoryBytesMax: 2 ** 24, isCached: () => true }) };
}

describe('BlockingIo', () => {
  it('asks for several ranges at once, which are read at the same time', async () => {
    const data = pattern(10_000);
    await slow.put('k', data);
    slow.latencyMs = 20;
    const { read, server } = readFrom(slow);
    expect(await read('k', [0, 10], [5000, 100], [9990, 100])).toEqual([data.slice(0, 10), data.slice(5000, 5100), data.slice(9990)]);
    expect(slow.runningMost).toBe(3);
    expect(server().reads).toMatchObject({ requests: 3, bytes: 120 });
  });

  it('reads files of the directory store itself, and counts them', async () => {
    const store = await openDirectoryStore({ directory });
    await store.put('a/b', pattern(1000));
    const { threads, read, counts } = readFrom(store, { directory });
    expect(await read('a/b', [10, 20], [990, 20])).toEqual([pattern(1000).slice(10, 30), pattern(1000).slice(990)]);
    expect(store.counts().requests.get).toBe(0);
    expect(counts.snapshot()).toMatchObject({ reads: 2, readBytes: 30 });
    expect(await threads.call(0, 'about', [])).toMatchObject({ reads: { requests: 2, bytes: 30 }, gapBytesMax: 16 * 1024, isRemote: false });
    // What it cannot read the store has to explain.
    await expect(read('a/absent', [0, 10])).rejects.toMatchObject({ code: 'object_not_found', details: { key: 'a/absent' } });
    expect(store.counts().requests.get).toBe(1);
  });

  it('reads blocks of the disk cache itself, asks for the others, and forgets what is damaged', async () => {
    await slow.put('k', pattern(3 * blockBytes));
    const { store, disk } = await cachedStore();
    const { threads, read, counts, server } = readFrom(store, { cache: disk.place });
    const wanted = pattern(3 * blockBytes).slice(100, 200);
    expect(await read('k', [100, 100])).toEqual([wanted]);
    await store.settled();
    expect(await read('k', [100, 100], [blockBytes + 5, 10])).toEqual([wanted, pattern(3 * blockBytes).slice(blockBytes + 5, blockBytes + 15)]);
    expect(slow.reads).toEqual([['k', 0, blockBytes], ['k', blockBytes, blockBytes]]);
    expect(counts.snapshot()).toMatchObject({ reads: 0, cacheHits: 1, cacheHitBytes: 100 });
    expect(server().reads).toMatchObject({ requests: 2, bytes: 2 * blockBytes });
    await store.settled();
    slow.failure = () => 'down';
    expect(await read('k', [0, 2 * blockBytes])).toEqual([pattern(3 * blockBytes).slice(0, 2 * blockBytes)]);
    expect(await threads.call<{ reads: ReadCounts }>(0, 'about', [])).toMatchObject({ reads: { cacheHits: 3, cacheBytes: 100 + 2 * blockBytes }, gapBytesMax: 128 * 1024, isRemote: true });
    slow.failure = () => undefined;
    await threads.call(0, 'forget', ['k']);
    await expect.poll(async () => {
      expect(await read('k', [0, 10])).toEqual([pattern(3 * blockBytes).slice(0, 10)]);
      return slow.reads.length;
    }, { timeout: 30_000 }).toBe(3);
    await store.close();
  });

  it('brings near what may be wanted, without waiting, so that it is there then', async () => {
    await slow.put('k', pattern(1000));
    slow.latencyMs = 50;
    const { store, disk } = await cachedStore();
    const { threads, read, server } = readFrom(store, { cache: disk.place });
    await threads.call(0, 'near', ['k', 0, 100]);
    await sleep(100);
    await store.settled();
    expect(await read('k', [0, 100])).toEqual([pattern(1000).slice(0, 100)]);
    expect(slow.reads).toHaveLength(1);
    expect(server().reads.requests).toBe(1);
    await store.close();
  });

  it('fails as the store does, with its code, and goes on', async () => {
    await slow.put('k', pattern(100));
    slow.failure = (_, read) => (read === 1 ? 'HTTP 503' : undefined);
    slow.latencyMs = 5;
    const { read } = readFrom(slow);
    await expect(read('k', [0, 10], [20, 10], [40, 10])).rejects.toMatchObject({ code: 'object_store', retryable: true, details: { operation: 'get', key: 'k', reason: 'HTTP 503' } });
    expect(await read('k', [0, 10])).toEqual([pattern(100).slice(0, 10)]);
    await expect(read('absent', [0, 10])).rejects.toMatchObject({ code: 'object_not_found' });
    await expect(readFrom({ getRange: () => Promise.reject(new Error('odd')) }).read('k', [0, 10])).rejects.toMatchObject({ code: 'internal', details: { reason: 'odd' } });
  });

  it('stops waiting when its query shall stop, calls the read off, and takes no late answer for another', async () => {
    await slow.put('slow', pattern(100, 1));
    await slow.put('quick', pattern(100, 2));
    slow.latencyMs = 60_000;
    const { read, stop } = readFrom(slow);
    const waiting = expect(read('slow', [0, 10])).rejects.toMatchObject({ code: 'query_cancelled' });
    while (slow.running === 0) await sleep(5);
    Atomics.store(stop, 0, 1);
    await waiting;
    while (slow.running > 0) await sleep(1);
    expect(slow.aborted).toBe(1);
    Atomics.store(stop, 0, 0);
    slow.latencyMs = 0;
    expect(await read('quick', [0, 10])).toEqual([pattern(100, 2).slice(0, 10)]);
  });

  it('ends with its thread, also while it waits, and so does what it waits for', async () => {
    await slow.put('k', pattern(100));
    slow.latencyMs = 60_000;
    const { threads, read } = readFrom(slow);
    const waiting = expect(read('k', [0, 10])).rejects.toMatchObject({ code: 'internal' });
    while (slow.running === 0) await sleep(5);
    await threads.close();
    await waiting;
    while (slow.running > 0) await sleep(1);
    expect(slow.aborted).toBe(1);
  });
});
