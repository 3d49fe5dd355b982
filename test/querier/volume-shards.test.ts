import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IndexReader } from '../../src/index/mod.ts';
import { labelSet } from '../../src/model/mod.ts';
import { HeadDuplicates } from '../../src/querier/volume-duplicates.ts';
import { fingerprint, readShards, type StreamShard } from '../../src/querier/volume-shards.ts';
import { MemoryStore } from '../index/memory-store.ts';
import { Heads } from './volume-heads.ts';

async function shards(heads: Heads, targetBytes: number, tenant = 't'): Promise<StreamShard[]> {
  const parts = { snapshots: heads.source, index: new IndexReader({ store: new MemoryStore() }), duplicates: new HeadDuplicates() };
  return readShards(parts, { tenant, matchers: [], startNs: 0n, endNs: 1000n }, targetBytes, new AbortController().signal);
}

const labelsOf = (stream: number): { app: string } => ({ app: `app-${stream}` });

it('cover all fingerprints, hold every stream once, and as much as was asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 200 }), async (sizes, target) => {
      const heads = new Heads(1000);
      heads.push('t', sizes.map((size, i) => ({ labels: labelsOf(i), timeNs: 1n, line: 'x'.repeat(size) })));
      const found = await shards(heads, target);
      expect(found[0]?.min).toBe(0n);
      expect(found.at(-1)?.max).toBe(2n ** 64n - 1n);
      for (const [i, { min, max, streams, chunks, rows, bytes }] of found.entries()) {
        if (i > 0) expect(min).toBe((found[i - 1]?.max ?? 0n) + 1n);
        const own = sizes.filter((_, stream) => fingerprint(labelSet(Object.entries(labelsOf(stream)))) >= min && fingerprint(labelSet(Object.entries(labelsOf(stream)))) <= max);
        expect([streams, chunks, rows, bytes]).toEqual([own.length, own.length, own.length, own.reduce((sum, size) => sum + size, 0)]);
        expect(streams === 1 || bytes <= target).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

it('are one where there is nothing, and those of the tenant with most where there are several', async () => {
  const heads = new Heads(10);
  const whole = { min: 0n, max: 2n ** 64n - 1n };
  expect(await shards(heads, 10)).toEqual([{ ...whole, streams: 0, chunks: 0, rows: 0, bytes: 0 }]);
  heads.push('t', [{ labels: { app: 'a' }, timeNs: 1n, line: 'x' }]);
  heads.push('u', [{ labels: { app: 'a' }, timeNs: 1n, line: 'x' }, { labels: { app: 'b' }, timeNs: 1n, line: 'x' }]);
  expect(await shards(heads, 1, 't|u')).toHaveLength(2);
});
