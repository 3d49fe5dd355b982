import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countMetadataBytes, encodeMetadata } from '../../src/bytes/mod.ts';
import { dayLengthNs, formatLabels, labelSet } from '../../src/model/mod.ts';
import { HeadDuplicates, headStreams } from '../../src/querier/volume-duplicates.ts';
import type { PlainEntry } from '../support/batches.ts';
import { Heads } from './volume-heads.ts';

const never = new AbortController().signal;
const tenant = 't';

const entry: fc.Arbitrary<PlainEntry> = fc.record({
  labels: fc.constantFrom({ app: 'a' }, { app: 'b' }),
  // Some cross midnight.
  timeNs: fc.nat(6).map((time) => dayLengthNs + BigInt(time - 3)),
  line: fc.constantFrom('', 'x', 'xy'),
  metadata: fc.constantFrom({}, { k: 'v' }, { k: 'value', trace: 'abc' }),
});

/** Rows and bytes by stream, each distinct entry once. */
function naive(entries: readonly PlainEntry[]): Record<string, readonly [number, number]> {
  const distinct = new Map(entries.map((one) => [JSON.stringify([one.labels, String(one.timeNs), one.line, one.metadata]), one]));
  const sums: Record<string, readonly [number, number]> = {};
  for (const { labels, line, metadata } of distinct.values()) {
    const key = formatLabels(labelSet(Object.entries(labels)));
    const encoded = encodeMetadata(labelSet(Object.entries(metadata ?? {})));
    const [rows, bytes] = sums[key] ?? [0, 0];
    sums[key] = [rows + 1, bytes + line.length + countMetadataBytes(encoded, 0, encoded.length)];
  }
  return sums;
}

async function count(duplicates: HeadDuplicates, heads: Heads): Promise<Record<string, readonly [number, number]>> {
  const dropped = await duplicates.drop(headStreams(heads.snapshots, tenant, () => true), never);
  return Object.fromEntries(dropped.map(({ key, extents }) => [key, [extents.reduce((sum, { rows }) => sum + rows, 0), extents.reduce((sum, { bytes }) => sum + bytes, 0)] as const]));
}

describe('equal rows of heads', () => {
  it('count once, in one block and across blocks, whenever one asks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(fc.array(entry, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }), async (blockRows, batches) => {
        const heads = new Heads(blockRows);
        const duplicates = new HeadDuplicates();
        const pushed: PlainEntry[] = [];
        for (const batch of batches) {
          heads.push(tenant, batch);
          pushed.push(...batch);
          expect(await count(duplicates, heads)).toEqual(naive(pushed));
          // From what is known by then.
          expect(await count(duplicates, heads)).toEqual(naive(pushed));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are looked for only where rows were not newer than all before', async () => {
    const heads = new Heads(100);
    const at = (timeNs: number): PlainEntry => ({ labels: { app: 'a' }, timeNs: BigInt(timeNs), line: 'x' });
    heads.push(tenant, [at(1), at(2), at(5)]);
    expect(heads.generation.blocks[0]?.extents.get(0)?.late).toBe(0);
    heads.push(tenant, [at(5), at(6), at(3), at(7)]);
    expect(heads.generation.blocks[0]?.extents.get(0)?.late).toBe(2);
    expect(await count(new HeadDuplicates(), heads)).toEqual({ '{app="a"}': [6, 6] });
  });

  it('stops when nobody wants to know any more', async () => {
    const heads = new Heads(100);
    heads.push(tenant, [1, 1].map(() => ({ labels: { app: 'a' }, timeNs: 1n, line: 'x' })));
    const streams = headStreams(heads.snapshots, tenant, () => true);
    await expect(new HeadDuplicates().drop(streams, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});

describe('streams of heads', () => {
  it('are those of the tenant that are wanted', () => {
    const heads = new Heads(2);
    heads.push('other', [{ labels: { app: 'a' }, timeNs: 1n, line: 'x' }]);
    heads.push(tenant, [{ labels: { app: 'a' }, timeNs: 1n, line: 'x' }, { labels: { app: 'b' }, timeNs: 2_000_000n, line: 'yz' }]);
    const found = headStreams(heads.snapshots, tenant, (labels) => labels[0]?.value === 'b');
    expect(found.map(({ key, pieces }) => [key, pieces.map(({ extent }) => extent)])).toEqual([['{app="b"}', [{ min: 2, max: 2, rows: 1, bytes: 2 }]]]);
  });
});
