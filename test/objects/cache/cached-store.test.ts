import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/model/mod.ts';
import { accountReads, CachedStore, DiskCache, noReadCounts, openDirectoryStore, openS3Store } from '../../../src/objects/mod.ts';
import { blockBytes } from '../../../src/objects/cache/block.ts';
import type { CachedStoreParts } from '../../../src/objects/cache/cached-store.ts';
import { objectStoreContract, pattern } from '../../contract/objects.ts';
import { describeWithMinio, startMinio } from '../../support/minio.ts';
import { SlowStore } from '../../support/slow-store.ts';

const never = new AbortController().signal;
const everything = { readsMax: 8, memoryBytesMax: 2 ** 24, isCached: () => true };

async function openDisk(directory: string, bytesMax = 2 ** 30): Promise<DiskCache> {
  return DiskCache.open({ directory, scope: 's', bytesMax, freeBytesMin: 0, clock: systemClock });
}

for (const disk of [true, false]) {
  objectStoreContract(
    `cached, ${disk ? 'on disk' : 'in memory'}`,
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'spoor-cached-'));
      const store = await openDirectoryStore({ directory: join(directory, 'objects') });
      return { store: new CachedStore({ ...everything, store, disk: disk ? await openDisk(join(directory, 'cache')) : null }), dispose: async () => rm(directory, { recursive: true, force: true }) };
    },
    { readsMore: true },
  );
}

await describeWithMinio('cached S3 store', () => {
  objectStoreContract(
    'cached S3',
    async () => {
      const minio = await startMinio();
      const directory = await mkdtemp(join(tmpdir(), 'spoor-cached-'));
      const store = new CachedStore({ ...everything, store: await openS3Store(minio), disk: await openDisk(directory) });
      return {
        store,
        dispose: async () => {
          await minio.close();
          await rm(directory, { recursive: true, force: true });
        },
      };
    },
    { readsMore: true },
  );
});

describe('CachedStore', () => {
  let directory: string;
  let slow: SlowStore;
  let opened: CachedStore[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spoor-cached-'));
    slow = new SlowStore();
    opened = [];
  });
  afterEach(async () => {
    for (const store of opened) await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function open(options: Partial<CachedStoreParts> = {}): Promise<CachedStore> {
    const store = new CachedStore({ ...everything, store: slow, disk: await openDisk(directory), ...options });
    opened.push(store);
    return store;
  }
  const blockFiles = async (): Promise<string[]> => (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

  it('reads a block once, whoever wants it, at the same time, later, or after a restart', async () => {
    const data = pattern(3 * blockBytes + 100);
    await slow.put('k', data);
    slow.latencyMs = 5;
    const store = await open();
    const reads = await Promise.all(Array.from({ length: 20 }, async (_, i) => store.getRange('k', i * 100, 50, never)));
    for (const [i, read] of reads.entries()) expect(read).toEqual(Buffer.from(data.subarray(i * 100, i * 100 + 50)));
    expect(slow.reads).toEqual([['k', 0, blockBytes]]);
    // What is missing between and behind what is there comes in one request each.
    await store.getRange('k', 2 * blockBytes, 10, never);
    expect(await store.getRange('k', 10, data.length, never)).toEqual(Buffer.from(data.subarray(10)));
    expect(slow.reads.slice(1)).toEqual([['k', 2 * blockBytes, blockBytes], ['k', blockBytes, blockBytes], ['k', 3 * blockBytes, blockBytes]]);
    await store.settled();
    const again = await open();
    const account = noReadCounts();
    expect(await accountReads(account, () => again.getRange('k', 10, data.length, never))).toEqual(Buffer.from(data.subarray(10)));
    expect(slow.reads).toHaveLength(4);
    expect(account).toEqual({ requests: 0, bytes: 0, cacheHits: 4, cacheBytes: data.length - 10 });
  });

  it('gives whoever asks a buffer of his own', async () => {
    await slow.put('k', pattern(100));
    const store = await open({ disk: null });
    const one = await store.getRange('k', 0, 100, never);
    expect(one.byteLength).toBe(one.buffer.byteLength);
    one.fill(0);
    expect(await store.getRange('k', 0, 100, never)).toEqual(Buffer.from(pattern(100)));
  });

  it('answers any ranges at the same time as the store does, with little memory, a small disk, failures and damage', async () => {
    const objects = new Map(['a', 'b', 'c'].map((key, i) => [key, pattern(2 * blockBytes + 1000 * i, i)]));
    for (const [key, data] of objects) await slow.put(key, data);
    slow.latencyMs = 1;
    const store = await open({ memoryBytesMax: 3 * blockBytes, disk: await openDisk(directory, 4 * 65_536), readsMax: 2 });
    const range = fc.record({ key: fc.constantFrom('a', 'b', 'c'), offset: fc.nat(3 * blockBytes), length: fc.nat(3 * blockBytes), ahead: fc.boolean(), leaves: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 12 }), fc.nat(20), async (ranges, damaged) => {
        slow.failure = (_, read) => (read % 7 === 3 ? 'now and then' : undefined);
        const [path] = (await blockFiles()).slice(damaged);
        if (path !== undefined) await writeFile(path, (await readFile(path).catch(() => Buffer.alloc(1))).map((byte, i) => (i === 200 ? byte ^ 1 : byte)));
        await Promise.all(ranges.map(async ({ key, offset, length, ahead, leaves }) => {
          if (ahead) store.bringNear(key, offset, length);
          const controller = new AbortController();
          const reading = store.getRange(key, offset, length, controller.signal);
          if (leaves) setImmediate(() => controller.abort(new Error('left')));
          const result = await reading.catch((error: unknown) => error);
          if (result instanceof Error) {
            if (!(leaves && result.message === 'left')) expect(result).toMatchObject({ code: 'object_store' });
          } else expect(Buffer.compare(result as Uint8Array, objects.get(key)!.subarray(offset, offset + length))).toBe(0);
        }));
      }),
      { numRuns: 60 },
    );
    expect(slow.runningMost).toBe(2);
    expect(store.reading.waiting).toBe(0);
  });

  it('calls a read off when nobody waits for it any more, and not before', async () => {
    await slow.put('k', pattern(100));
    slow.latencyMs = 30;
    const store = await open({ disk: null });
    const [one, other] = [new AbortController(), new AbortController()];
    const reads = [store.getRange('k', 0, 10, one.signal), store.getRange('k', 5, 10, other.signal)];
    one.abort(new Error('one left'));
    await expect(reads[0]).rejects.toThrow('one left');
    expect(await reads[1]).toHaveLength(10);
    expect([slow.reads.length, slow.aborted]).toEqual([1, 0]);
    await store.forget('k');
    const last = store.getRange('k', 0, 10, other.signal);
    await sleep(5);
    other.abort(new Error('all left'));
    await expect(last).rejects.toThrow('all left');
    await sleep(1);
    expect(slow.aborted).toBe(1);
    // Who comes next does not get the failure of those who left.
    expect(await store.getRange('k', 0, 10, never)).toHaveLength(10);
  });

  it('reads ahead when there is nothing more urgent, and is not asked again for what came', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await slow.put(key, pattern(1000));
    slow.latencyMs = 10;
    const store = await open({ disk: null, readsMax: 1 });
    for (const key of ['a', 'b', 'c']) store.bringNear(key, 0, 100);
    await sleep(2);
    const wanted = [store.getRange('d', 0, 10, never), store.getRange('c', 0, 10, never)];
    await Promise.all(wanted);
    expect(slow.reads.slice(0, 3).map(([key]) => key)).toEqual(['a', 'c', 'd']);
    await store.getRange('b', 0, 10, never);
    await store.getRange('a', 0, 10, never);
    expect(slow.reads.map(([key]) => key)).toEqual(['a', 'c', 'd', 'b']);
    // A failure is nobody's until somebody asks.
    slow.failure = () => 'down';
    store.bringNear('e', 0, 10);
    await sleep(20);
    slow.failure = () => undefined;
    await expect(store.getRange('e', 0, 10, never)).rejects.toMatchObject({ code: 'object_not_found' });
  });

  it('does not ask for what is on disk already, nor keep what was replaced while it was read', async () => {
    await slow.put('k', pattern(100, 1));
    const first = await open();
    await first.getRange('k', 0, 10, never);
    await first.settled();
    const store = await open();
    store.bringNear('k', 0, 100);
    await sleep(20);
    expect(slow.reads).toHaveLength(1);
    await store.forget('k');
    slow.latencyMs = 20;
    const old = store.getRange('k', 0, 100, never);
    await sleep(5);
    await store.put('k', pattern(100, 2));
    expect(await store.getRange('k', 0, 100, never)).toEqual(Buffer.from(pattern(100, 2)));
    await old;
    await store.settled();
    expect(await (await open()).getRange('k', 0, 100, never)).toEqual(Buffer.from(pattern(100, 2)));
  });

  it('keeps nothing of keys that may change, of reads from the end, and of very long ones', async () => {
    await slow.put('manifests/a', pattern(100));
    const store = await open({ isCached: (key) => key.startsWith('segments/') });
    for (let i = 0; i < 2; i++) await store.getRange('manifests/a', 0, 10, never);
    await slow.put('segments/a', pattern(100));
    for (let i = 0; i < 2; i++) await store.getRange('segments/a', -10, 10, never);
    for (let i = 0; i < 2; i++) await store.getRange('segments/a', 0, 2 ** 40, never);
    store.bringNear('segments/a', 0, 2 ** 40);
    await sleep(5);
    expect(slow.reads).toHaveLength(6);
    await store.settled();
    expect(await blockFiles()).toEqual([]);
  });

  it('ends what is under way when it is closed', async () => {
    await slow.put('k', pattern(100));
    slow.latencyMs = 60_000;
    const store = await open();
    const reading = store.getRange('k', 0, 10, never);
    store.bringNear('other', 0, 10);
    await sleep(5);
    await store.close();
    await expect(reading).rejects.toMatchObject({ code: 'shutting_down' });
    expect(slow.running).toBe(0);
  });
});
