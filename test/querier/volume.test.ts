import { describe, expect, it } from 'vitest';
import { IndexReader } from '../../src/index/mod.ts';
import { labelsObject, type Matcher } from '../../src/model/mod.ts';
import { HeadDuplicates } from '../../src/querier/volume-duplicates.ts';
import { readVolumes, type VolumeQuery } from '../../src/querier/volume.ts';
import { MemoryStore } from '../index/memory-store.ts';
import type { PlainEntry } from '../support/batches.ts';
import { Heads } from './volume-heads.ts';

const second = 1_000_000_000n;
const heads = new Heads(1000);
const lines = (labels: Readonly<Record<string, string>>, from: number, count: number, bytes: number): PlainEntry[] =>
  Array.from({ length: count }, (_, i) => ({ labels, timeNs: BigInt(from + i) * second, line: 'x'.repeat(bytes) }));
heads.push('t', [
  ...lines({ app: 'shop', zone: 'a' }, 0, 11, 10),
  ...lines({ app: 'shop', zone: 'b' }, 0, 11, 20),
  ...lines({ app: 'mail' }, 5, 1, 330),
  ...lines({ job: 'cron' }, 2, 1, 7),
]);
heads.push('u', lines({ app: 'shop' }, 0, 1, 1000));

const app: Matcher = { name: 'app', op: '=~', value: '.+' };
const defaults: VolumeQuery = { tenant: 't', matchers: [app], startNs: 0n, endNs: 100n * second, targetLabels: [], aggregateBy: 'series', limit: 100, stepNs: 0n, seriesMax: 0 };

async function volumes(query: Partial<VolumeQuery>): Promise<readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<number, number>>])[]> {
  const parts = { snapshots: heads.source, index: new IndexReader({ store: new MemoryStore() }), duplicates: new HeadDuplicates() };
  const found = await readVolumes(parts, { ...defaults, ...query }, new AbortController().signal);
  return found.map(({ labels, points }) => [{ ...labelsObject(labels) }, Object.fromEntries(points.map(({ timeMs, bytes }) => [timeMs, bytes]))]);
}

const at = (bytes: number): Readonly<Record<number, number>> => ({ 100_000: bytes });

describe('volumes', () => {
  it.each<[string, Partial<VolumeQuery>, unknown]>([
    ['by the labels of the matchers, equal ones by name', {}, [[{ app: 'mail' }, at(330)], [{ app: 'shop' }, at(330)]]],
    ['by all labels without a matcher', { matchers: [] }, [[{ app: 'mail' }, at(330)], [{ app: 'shop', zone: 'b' }, at(220)], [{ app: 'shop', zone: 'a' }, at(110)], [{ job: 'cron' }, at(7)]]],
    ['by a label that is asked for, of streams that have it', { targetLabels: ['zone'] }, [[{ zone: 'b' }, at(220)], [{ zone: 'a' }, at(110)]]],
    ['by a label that is asked for and matched', { targetLabels: ['zone'], matchers: [app, { name: 'zone', op: '!=', value: 'a' }] }, [[{}, at(330)], [{ zone: 'b' }, at(220)]]],
    ['by labels that are asked for', { targetLabels: ['zone', 'app', 'zone'] }, [[{ app: 'shop', zone: 'b' }, at(220)], [{ app: 'shop', zone: 'a' }, at(110)]]],
    ['by a label that none has', { targetLabels: ['nope'] }, []],
    ['of each label', { aggregateBy: 'labels' }, [[{ app: '' }, at(660)], [{ zone: '' }, at(330)]]],
    ['of each label that is asked for', { aggregateBy: 'labels', targetLabels: ['zone'] }, [[{ zone: '' }, at(330)]]],
    ['up to a limit', { limit: 1 }, [[{ app: 'mail' }, at(330)]]],
    ['of a part of the time, in proportion', { startNs: 5n * second, matchers: [] }, [[{ app: 'mail' }, at(330)], [{ app: 'shop', zone: 'b' }, at(110)], [{ app: 'shop', zone: 'a' }, at(55)]]],
    ['of several tenants', { tenant: 't|u' }, [[{ app: 'shop' }, at(1330)], [{ app: 'mail' }, at(330)]]],
    ['of nothing', { endNs: 0n }, []],
    ['of what lies before', { startNs: 50n * second }, []],
  ])('are answered %s', async (_name, query, expected) => {
    expect(await volumes(query)).toEqual(expected);
  });

  it('are answered in buckets, of which each has its own largest ones', async () => {
    expect(await volumes({ endNs: 12n * second, stepNs: 5n * second })).toEqual([
      [{ app: 'mail' }, { 9999: 330 }],
      [{ app: 'shop' }, { 4999: 165, 9999: 165 }],
    ]);
    expect(await volumes({ endNs: 12n * second, stepNs: 5n * second, limit: 1 })).toEqual([
      [{ app: 'mail' }, { 9999: 330 }],
      [{ app: 'shop' }, { 4999: 165 }],
    ]);
  });

  it('are refused where there are too many in a bucket', async () => {
    expect(await volumes({ seriesMax: 2 })).toHaveLength(2);
    await expect(volumes({ seriesMax: 1 })).rejects.toThrow('the query hit the max number of series limit (limit: 1 series)');
    await expect(volumes({ seriesMax: 1, limit: 1 })).rejects.toThrow('(limit: 1 series)');
    expect(await volumes({ seriesMax: 1, endNs: 5n * second })).toHaveLength(1);
  });
});
