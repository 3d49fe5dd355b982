import { expect, it } from 'vitest';
import { IndexReader, type ChunkEntry } from '../../src/index/mod.ts';
import { dayStartNs, labelSet } from '../../src/model/mod.ts';
import { HeadDuplicates } from '../../src/querier/volume-duplicates.ts';
import type { Extent } from '../../src/querier/volume-extents.ts';
import { visitExtents } from '../../src/querier/volume-visit.ts';
import { build } from '../index/many-streams.ts';
import { MemoryStore } from '../index/memory-store.ts';
import { Heads } from './volume-heads.ts';

const day = 20_000;
const start = dayStartNs(day);
const ms = (value: number): bigint => start + BigInt(value) * 1_000_000n;
const dayMs = Number(start / 1_000_000n);

const store = new MemoryStore();
const chunk = (app: string, fromMs: number, toMs: number, rows: number): ChunkEntry => ({ labels: labelSet([['app', app]]), segment: 0, rowGroup: 0, rowStart: 0, rows, minNs: ms(fromMs), maxNs: ms(toMs), bytes: rows * 10 });
const stored = build('index/0', { tenant: 't', day, segments: [{ key: 'segment', size: 1, footerBytes: 1 }], chunks: [chunk('a', 0, 1000, 5), chunk('a', 2000, 3000, 6), chunk('b', 0, 1000, 7)] });
store.objects.set(stored.ref.key, stored.data);
const heads = new Heads(2);
heads.push('t', [3500, 3600, 3600, 3700].map((at) => ({ labels: { app: 'a' }, timeNs: ms(at), line: 'x' })));
heads.push('t', [{ labels: { app: 'c' }, timeNs: ms(9000), line: 'xyz' }]);
heads.push('u', [{ labels: { app: 'a' }, timeNs: ms(3500), line: 'other' }]);

async function visit(from: number, to: number, app: string): Promise<{ readonly seen: readonly (readonly [string, readonly Extent[]])[]; readonly released: number }> {
  let released = 0;
  const snapshot = heads.source.snapshot();
  const snapshots = {
    ...heads.source,
    snapshot: () => ({ ...snapshot, catalogue: { ...snapshot.catalogue, indexesFor: (tenant: string) => (tenant === 't' ? [stored.ref] : []) }, release: () => void (released += 1) }),
  };
  const seen: (readonly [string, readonly Extent[]])[] = [];
  const query = { tenant: 't', matchers: [{ name: 'app', op: '=~' as const, value: app }], startNs: ms(from), endNs: ms(to) };
  await visitExtents({ snapshots, index: new IndexReader({ store }), duplicates: new HeadDuplicates() }, query, new AbortController().signal, (_labels, extents, key) => void seen.push([key(), extents]));
  return { seen, released };
}

const extent = (min: number, max: number, rows: number, bytes: number): Extent => ({ min: dayMs + min, max: dayMs + max, rows, bytes });

it('visits heads and segments, with what touches the range', async () => {
  expect((await visit(0, 10_000, 'a')).seen).toEqual([
    // Equal rows of two blocks count once.
    ['{app="a"}', [extent(3500, 3700, 3, 3)]],
    ['{app="a"}', [extent(0, 1000, 5, 50), extent(2000, 3000, 6, 60)]],
  ]);
  expect((await visit(1500, 2500, '.+')).seen).toEqual([['{app="a"}', [extent(2000, 3000, 6, 60)]]]);
  expect((await visit(8000, 10_000, '.+')).seen).toEqual([['{app="c"}', [extent(9000, 9000, 1, 3)]]]);
});

it('lets the heads go, and holds none where there is no time', async () => {
  expect((await visit(0, 10_000, 'nope')).released).toBe(1);
  expect(await visit(1000, 1000, '.+')).toEqual({ seen: [], released: 0 });
});
