import { describe, expect, test } from 'vitest';
import { encodeManifest, manifestKey, openCatalogue, type IndexRef, type Manifest } from '../../src/index/mod.ts';
import { dayLengthNs, dayOf, timeNsMax, timeNsMin } from '../../src/model/mod.ts';
import { MemoryStore } from './memory-store.ts';

const never = new AbortController().signal;

function index(key: string, tenant: string, minNs: bigint, maxNs: bigint): IndexRef {
  return { key, size: 100, tenant, day: dayOf(minNs), minNs, maxNs, rows: 1, streams: 1, bytes: 1 };
}

function manifest(partition: number, first: bigint, last: bigint, indexes: readonly IndexRef[] = []): Manifest {
  return { version: 1, partition, first, last, epoch: 1n, createdMs: 0, segments: [], indexes };
}

async function storeOf(...manifests: readonly Manifest[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const one of manifests) await store.put(manifestKey(one.partition, one.first), encodeManifest(one));
  return store;
}

const keys = (refs: readonly IndexRef[]): string[] => refs.map((ref) => ref.key);

describe('catalogue', () => {
  test('an empty store: every partition at 0', async () => {
    const catalogue = await openCatalogue({ store: new MemoryStore(), partitions: 3 });
    expect([...catalogue.snapshot().positions]).toEqual([[0, 0n], [1, 0n], [2, 0n]]);
    expect(catalogue.snapshot().tenants()).toEqual([]);
    expect(catalogue.snapshot().indexesFor('a', timeNsMin, timeNsMax)).toEqual([]);
    expect(await catalogue.follow(0)).toEqual([]);
  });

  test('reads the chains with one listing', async () => {
    const store = await storeOf(manifest(0, 1n, 10n, [index('a', 'x', 0n, 5n)]), manifest(0, 11n, 11n, [index('b', 'y', 0n, 5n)]), manifest(2, 1n, 7n, [index('c', 'x', 3n, 9n)]));
    await store.put('manifests/notes', Buffer.from('not a manifest'));
    const catalogue = await openCatalogue({ store, partitions: 2 });
    expect(store.lists).toBe(1);
    // Partition 2 is in use no longer, but its entries are.
    expect([...catalogue.snapshot().positions]).toEqual([[0, 11n], [1, 0n], [2, 7n]]);
    expect(catalogue.snapshot().tenants()).toEqual(['x', 'y']);
    expect(keys(catalogue.snapshot().indexesFor('x', 0n, 10n))).toEqual(['a', 'c']);
  });

  test.each([
    ['a gap at the start', [manifest(0, 2n, 3n)]],
    ['a gap in the middle', [manifest(0, 1n, 3n), manifest(0, 5n, 6n)]],
    ['an overlap', [manifest(0, 1n, 3n), manifest(0, 3n, 6n)]],
    ['one inside the one before', [manifest(0, 1n, 9n), manifest(0, 3n, 6n)]],
  ])('%s is corruption', async (_, manifests) => {
    await expect(openCatalogue({ store: await storeOf(...manifests), partitions: 1 })).rejects.toMatchObject({ code: 'corruption' });
  });

  test('a manifest under the key of another is corruption', async () => {
    const store = new MemoryStore();
    await store.put(manifestKey(0, 1n), encodeManifest(manifest(1, 1n, 1n)));
    await expect(openCatalogue({ store, partitions: 1 })).rejects.toMatchObject({ code: 'corruption' });
    const empty = await openCatalogue({ store: new MemoryStore(), partitions: 1 });
    expect(empty.snapshot().positions.get(0)).toBe(0n);
    const following = await openCatalogue({ store: await storeOf(), partitions: 2 });
    expect(following.snapshot().positions.get(1)).toBe(0n);
  });

  test('damaged manifests are corruption, on opening and on following', async () => {
    const store = await storeOf(manifest(0, 1n, 1n));
    const catalogue = await openCatalogue({ store, partitions: 1 });
    const bytes = Uint8Array.from(encodeManifest(manifest(0, 2n, 2n)));
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    for (const damaged of [bytes, bytes.subarray(0, 5), Buffer.concat([encodeManifest(manifest(0, 2n, 2n)), Buffer.from('x')]), encodeManifest(manifest(0, 3n, 3n))]) {
      await store.put(manifestKey(0, 2n), damaged);
      await expect(catalogue.follow(0)).rejects.toMatchObject({ code: 'corruption' });
      await expect(openCatalogue({ store, partitions: 1 })).rejects.toMatchObject({ code: 'corruption' });
      expect(catalogue.snapshot().positions.get(0)).toBe(1n);
    }
    await store.put(manifestKey(0, 2n), encodeManifest(manifest(0, 2n, 2n)));
    expect(await catalogue.follow(0)).toHaveLength(1);
  });

  test('follows by number, without listing', async () => {
    const store = await storeOf(manifest(0, 1n, 5n));
    const catalogue = await openCatalogue({ store, partitions: 2 });
    for (const one of [manifest(0, 6n, 6n, [index('a', 'x', 0n, 0n)]), manifest(0, 7n, 90n, [index('b', 'x', 0n, 0n)])]) await store.put(manifestKey(0, one.first), encodeManifest(one));
    const before = catalogue.snapshot();
    expect((await catalogue.follow(0)).map((one) => one.first)).toEqual([6n, 7n]);
    expect(catalogue.snapshot().positions.get(0)).toBe(90n);
    expect(keys(catalogue.snapshot().indexesFor('x', 0n, 1n))).toEqual(['a', 'b']);
    expect(store.lists).toBe(1);
    expect(before.positions.get(0)).toBe(5n);
    expect(before.indexesFor('x', 0n, 1n)).toEqual([]);
    expect(await catalogue.follow(1)).toEqual([]);
    const reason = new Error('enough');
    await expect(catalogue.follow(1, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('follows a manifest of several megabytes', async () => {
    const big = manifest(0, 1n, 5n, Array.from({ length: 20_000 }, (_, i) => index(`index/of/a/rather/long/name/${i}`, `tenant-${i % 100}`, BigInt(i), BigInt(i))));
    const catalogue = await openCatalogue({ store: new MemoryStore(), partitions: 1 });
    const store = await storeOf(big);
    const following = await openCatalogue({ store: new MemoryStore(), partitions: 1 });
    expect(following.snapshot().tenants()).toEqual([]);
    expect(catalogue.snapshot().tenants()).toEqual([]);
    const late = await openCatalogue({ store: lateStore(store), partitions: 1 });
    expect(await late.follow(0)).toEqual([big]);
    expect(late.snapshot().tenants()).toHaveLength(100);
    expect((await openCatalogue({ store, partitions: 1 })).snapshot().indexesFor('tenant-5', 0n, 1000n)).toHaveLength(10);
  });

  test('add: in order, known ones change nothing, gaps and other versions of the same are refused', async () => {
    const catalogue = await openCatalogue({ store: new MemoryStore(), partitions: 1 });
    const first = manifest(0, 1n, 5n, [index('a', 'x', 0n, 0n)]);
    catalogue.add(first);
    catalogue.add(first);
    expect(keys(catalogue.snapshot().indexesFor('x', 0n, 1n))).toEqual(['a']);
    for (const wrong of [manifest(0, 7n, 8n), manifest(0, 1n, 4n), manifest(0, 2n, 5n), manifest(0, 5n, 9n), manifest(0, 1n, 6n)]) {
      expect(() => catalogue.add(wrong), `${wrong.first}-${wrong.last}`).toThrow(expect.objectContaining({ code: 'corruption' }));
    }
    expect(() => catalogue.add(manifest(1, 1n, 1n))).toThrow(expect.objectContaining({ code: 'internal' }));
    catalogue.add(manifest(0, 6n, 6n));
    catalogue.add(first);
    expect([...catalogue.snapshot().positions]).toEqual([[0, 6n]]);
  });

  test('snapshots stay as they are, and are the same until something changes', async () => {
    const catalogue = await openCatalogue({ store: new MemoryStore(), partitions: 1 });
    const snapshots = [];
    for (let i = 1n; i <= 50n; i++) {
      catalogue.add(manifest(0, i, i, [index(`i${i}`, `tenant-${i % 3n}`, i * dayLengthNs / 10n, i * dayLengthNs / 10n + 1n)]));
      snapshots.push(catalogue.snapshot());
      expect(catalogue.snapshot()).toBe(catalogue.snapshot());
    }
    for (const [i, snapshot] of snapshots.entries()) {
      expect(snapshot.positions.get(0)).toBe(BigInt(i + 1));
      expect(snapshot.tenants().flatMap((tenant) => keys(snapshot.indexesFor(tenant, timeNsMin, timeNsMax))).length).toBe(i + 1);
    }
  });

  test('indexesFor: tenant and time, also before 1970 and at midnight', async () => {
    const catalogue = await openCatalogue({ store: new MemoryStore(), partitions: 1 });
    catalogue.add(manifest(0, 1n, 1n, [
      index('old', 'x', timeNsMin, timeNsMin + 5n), index('before', 'x', -dayLengthNs, -1n), index('first', 'x', 0n, 0n), index('noon', 'x', dayLengthNs / 2n, dayLengthNs - 1n),
      index('next', 'x', dayLengthNs, dayLengthNs), index('late', 'x', timeNsMax, timeNsMax), index('other', 'y', 0n, 0n),
    ]));
    const snapshot = catalogue.snapshot();
    for (const [start, end, wanted] of [
      [timeNsMin, timeNsMax + 1n, ['old', 'before', 'first', 'noon', 'next', 'late']], [0n, 1n, ['first']], [-1n, 0n, ['before']], [-1n, 1n, ['before', 'first']], [0n, dayLengthNs, ['first', 'noon']],
      [1n, dayLengthNs / 2n, []], [dayLengthNs - 1n, dayLengthNs + 1n, ['noon', 'next']], [5n, 5n, []], [9n, 3n, []], [timeNsMax, timeNsMax, []],
    ] as const) expect([start, end, keys(snapshot.indexesFor('x', start, end))]).toEqual([start, end, wanted]);
    expect(keys(snapshot.indexesFor('y', timeNsMin, timeNsMax))).toEqual(['other']);
    expect(snapshot.indexesFor('z', timeNsMin, timeNsMax)).toEqual([]);
  });

  test('opening ends with its signal', async () => {
    const reason = new Error('enough');
    await expect(openCatalogue({ store: await storeOf(manifest(0, 1n, 1n)), partitions: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect((await storeOf()).getRange('absent', 0, 1, never)).rejects.toMatchObject({ code: 'object_not_found' });
  });
});

/** A store whose listing is empty: what is in it was written after the listing. */
function lateStore(store: MemoryStore): MemoryStore {
  const late = new MemoryStore();
  for (const [key, data] of store.objects) late.objects.set(key, data);
  late.list = async function* () {};
  return late;
}
