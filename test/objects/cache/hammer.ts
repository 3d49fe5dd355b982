import { systemClock } from '../../../src/model/mod.ts';
import { BlockReader, CachedStore, DiskCache } from '../../../src/objects/mod.ts';
import { blockBytes } from '../../../src/objects/cache/block.ts';
import { pattern } from '../../contract/objects.ts';
import { SlowStore } from '../../support/slow-store.ts';

// A process that reads at random through a cache that others use too: DIRECTORY SEED MILLISECONDS. Ends with 1 at the first wrong byte, with 0 after the time, and prints how many reads the cache saved.
const [directory = '', seed = '1', ms = '1000'] = process.argv.slice(2);
const store = new SlowStore();
const objects = new Map(Array.from({ length: 6 }, (_, i) => [`segments/${i}`, pattern(2 * blockBytes + 5000 * i, i + 1)]));
for (const [key, data] of objects) await store.put(key, data);
const disk = await DiskCache.open({ directory, scope: 's', bytesMax: 9 * 65_536, freeBytesMin: 0, clock: systemClock });
const cached = new CachedStore({ store, disk, readsMax: 4, memoryBytesMax: 4 * blockBytes, isCached: () => true });
const reader = new BlockReader({ directory, scope: 's' }, systemClock);
let state = Number(seed);
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const until = performance.now() + Number(ms);
let asked = 0;
let wrong = 0;
const worker = async (): Promise<void> => {
  while (performance.now() < until && wrong === 0) {
    const key = `segments/${random(6)}`;
    const data = objects.get(key)!;
    const [offset, length] = [random(data.length), 1 + random(blockBytes)];
    const near = reader.read(key, offset, length);
    const bytes = near ?? (await cached.getRange(key, offset, length, new AbortController().signal));
    asked += 1;
    if (Buffer.compare(bytes, data.subarray(offset, offset + length)) !== 0) wrong += 1;
  }
};
await Promise.all(Array.from({ length: 4 }, worker));
await cached.settled();
process.stdout.write(JSON.stringify({ asked, read: store.reads.length, damaged: disk.stats().damaged + reader.counts.damaged }));
process.exit(wrong === 0 ? 0 : 1);
