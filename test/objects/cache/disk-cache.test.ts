import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../../src/model/mod.ts';
import { blockBytes, blockPath, objectId } from '../../../src/objects/cache/block.ts';
import { BlockReader } from '../../../src/objects/cache/block-reader.ts';
import { DiskCache, type DiskCacheOptions } from '../../../src/objects/cache/disk-cache.ts';
import { pattern } from '../../contract/objects.ts';

let directory: string;
let caches: DiskCache[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spoor-cache-'));
  caches = [];
});
afterEach(async () => {
  for (const cache of caches) await cache.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(options: Partial<DiskCacheOptions> = {}): Promise<DiskCache> {
  const cache = await DiskCache.open({ directory, scope: 's', bytesMax: 2 ** 30, freeBytesMin: 0, clock: systemClock, ...options });
  caches.push(cache);
  await cache.settled();
  return cache;
}

const always = (): boolean => true;
const pathOf = (key: string, block: number, scope = 's'): string => {
  const { folder, name } = blockPath(objectId(scope, key), block);
  return join(directory, folder, name);
};

/** The files of blocks, and the bytes that they have. */
async function files(): Promise<{ readonly paths: string[]; readonly bytes: number }> {
  const found = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  let bytes = 0;
  for (const path of found) bytes += (await stat(path)).size;
  return { paths: found, bytes };
}

describe('DiskCache', () => {
  it('gives back what it was given, also after a restart and to others on the same directory', async () => {
    const cache = await open();
    await cache.write('k', 0, pattern(blockBytes), always);
    await cache.write('k', 1, pattern(10), always);
    const other = await open();
    for (const one of [cache, other]) {
      expect(await one.read('k', 0)).toEqual(Buffer.from(pattern(blockBytes)));
      expect(await one.read('k', 1)).toEqual(Buffer.from(pattern(10)));
      expect(await one.read('k', 2)).toBeUndefined();
      expect(await one.read('other', 0)).toBeUndefined();
      expect([await one.has('k', 0), await one.has('k', 2)]).toEqual([true, false]);
    }
    const reader = new BlockReader(cache.place, systemClock);
    expect(reader.read('k', 100, blockBytes)).toEqual(Buffer.concat([pattern(blockBytes).subarray(100), pattern(10)]).subarray(0, blockBytes));
    expect(reader.read('k', blockBytes - 5, 5)).toEqual(Buffer.from(pattern(blockBytes).subarray(-5)));
    // It ends with a block that is not full.
    expect(reader.read('k', blockBytes + 4, 3 * blockBytes)).toEqual(Buffer.from(pattern(10).subarray(4)));
    expect(reader.read('k', 2 * blockBytes, 1)).toBeUndefined();
    expect([reader.read('k', -1, 1), reader.read('k', 0, 0)]).toEqual([undefined, undefined]);
    expect(other.stats()).toMatchObject({ hits: 2, misses: 3, hitBytes: blockBytes + 10, bytes: (await files()).bytes });
    expect((await open({ scope: 'another store' })).stats().hits).toBe(0);
    expect(await (await open({ scope: 'another store' })).read('k', 0)).toBeUndefined();
  });

  it.each([
    ['cut', (file: Buffer) => file.subarray(0, 100)],
    ['empty', () => Buffer.alloc(0)],
    ['too long', (file: Buffer) => Buffer.concat([file, Buffer.alloc(70_000)])],
    ['turned', (file: Buffer) => file.map((byte, i) => (i === 5000 ? byte ^ 1 : byte))],
    ['of another block', (file: Buffer) => Buffer.concat([file.subarray(0, 16), Buffer.from([9, 0, 0, 0]), file.subarray(20)])],
  ])('deletes a file that is %s, and takes the block anew', async (_, damage) => {
    const cache = await open();
    const reader = new BlockReader(cache.place, systemClock);
    const path = pathOf('k', 0);
    for (const read of [async () => cache.read('k', 0), async () => reader.read('k', 0, 10)]) {
      await cache.write('k', 0, pattern(10_000), always);
      expect(await read()).toBeDefined();
      await writeFile(path, damage(await readFile(path)));
      expect(await read()).toBeUndefined();
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    }
    expect([cache.stats().damaged, reader.counts.damaged]).toEqual([1, 1]);
    await cache.write('k', 0, pattern(10_000), always);
    expect(await cache.read('k', 0)).toHaveLength(10_000);
  });

  it('evicts what was not used for longest, and keeps under its limit', async () => {
    const clock = new ManualClock(systemClock.nowNs());
    const limit = 20 * 65_536;
    const cache = await open({ bytesMax: limit, clock });
    const minute = 60_000;
    for (let block = 0; block < 18; block++) {
      await cache.write('k', block, pattern(blockBytes, block), always);
      await utimes(pathOf('k', block), (clock.nowMs() - (100 - block) * minute) / 1000, (clock.nowMs() - (100 - block) * minute) / 1000);
    }
    // Used again, one by each way.
    expect(await cache.read('k', 0)).toBeDefined();
    expect(new BlockReader(cache.place, clock).read('k', blockBytes, 10)).toHaveLength(10);
    for (let block = 18; block < 40; block++) {
      await cache.write('k', block, pattern(blockBytes, block), always);
      await cache.settled();
      expect((await files()).bytes).toBeLessThanOrEqual(limit);
      if (block === 22) {
        expect([await cache.has('k', 0), await cache.has('k', 1), await cache.has('k', 2), await cache.has('k', 3), await cache.has('k', 17)]).toEqual([true, true, false, false, true]);
      }
    }
    expect(cache.stats().evictions).toBeGreaterThan(15);
    expect(cache.stats().evictedBytes).toBe(cache.stats().evictions * 65_536);
    expect(cache.stats().bytes).toBe((await files()).bytes);
  });

  it('makes room at the start where its limit became smaller, and counts what others wrote', async () => {
    const cache = await open();
    for (let block = 0; block < 30; block++) await cache.write('k', block, pattern(blockBytes), always);
    const small = await open({ bytesMax: 10 * 65_536 });
    expect((await files()).bytes).toBeLessThanOrEqual(10 * 65_536);
    // The other one knows nothing of these until it looks.
    for (let block = 0; block < 9; block++) await cache.write('other', block, pattern(blockBytes), always);
    await small.write('third', 0, pattern(blockBytes), always);
    await small.settled();
    expect((await files()).bytes).toBeLessThanOrEqual(10 * 65_536);
  });

  it('leaves files alone that are none of its own, but what crashed writers left', async () => {
    const foreign = [join(directory, 'README'), join(directory, 'ab', 'notes.txt'), join(directory, 'zz', 'a'.repeat(30))];
    for (const path of foreign) {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, 'x'.repeat(1000));
    }
    await mkdir(join(directory, 'tmp'), { recursive: true });
    await writeFile(join(directory, 'tmp', '1-abc-0'), 'old');
    await utimes(join(directory, 'tmp', '1-abc-0'), 1000, 1000);
    await writeFile(join(directory, 'tmp', '2-abc-0'), 'of one that runs');
    const cache = await open({ bytesMax: 100 });
    await cache.write('k', 0, pattern(1000), always);
    await cache.settled();
    expect((await files()).paths.sort()).toEqual([...foreign, join(directory, 'tmp', '2-abc-0')].sort());
  });

  it('writes nothing while the disk is too full, or fails, says so once, and gets over it', async () => {
    const clock = new ManualClock(systemClock.nowNs());
    const troubles: string[] = [];
    const full = await open({ freeBytesMin: 2 ** 60, clock, onTrouble: (reason) => troubles.push(reason) });
    await full.write('k', 0, pattern(10), always);
    expect(await full.read('k', 0)).toBeUndefined();
    expect(troubles).toEqual([expect.stringContaining('cache.free_bytes_min')]);
    // After a while it looks again, and still writes nothing.
    for (let i = 0; i < 3; i++) {
      clock.advanceMs(11_000);
      await full.write('k', 0, pattern(10), always);
      await full.settled();
    }
    expect([await full.read('k', 0), full.stats().writtenBytes]).toEqual([undefined, 0]);

    const cache = await open({ clock, onTrouble: (reason) => troubles.push(reason) });
    await rm(directory, { recursive: true });
    await writeFile(directory, 'a file stands where the directory was');
    for (let i = 0; i < 3; i++) await cache.write('k', i, pattern(10), always);
    expect(await cache.read('k', 0)).toBeUndefined();
    await cache.settled();
    expect(cache.stats().writeFailures).toBe(1);
    expect(troubles).toHaveLength(2);
    await rm(directory);
    clock.advanceMs(11_000);
    await cache.write('k', 0, pattern(10), always);
    clock.advanceMs(11_000);
    await cache.write('k', 0, pattern(10), always);
    expect(await cache.read('k', 0)).toHaveLength(10);
  });

  it('drops an object with all its blocks, also one that is just being written', async () => {
    const cache = await open();
    for (let block = 0; block < 12; block++) await cache.write('gone', block, pattern(10), always);
    await cache.write('stays', 0, pattern(10), always);
    await cache.drop('gone');
    expect((await files()).paths).toEqual([pathOf('stays', 0)]);
    let asked = 0;
    await cache.write('late', 0, pattern(10), () => ++asked < 2);
    await cache.write('later', 0, pattern(10), () => false);
    expect((await files()).paths).toEqual([pathOf('stays', 0)]);
    await cache.drop('never there');
  });
});
