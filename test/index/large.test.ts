import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dayStartNs, labelSet, labelValue, type CompiledMatcher } from '../../src/model/mod.ts';
import { IndexReader, type IndexRef } from '../../src/index/mod.ts';
import { openDirectoryStore, type CountedObjectStore } from '../../src/objects/mod.ts';
import { build, manyStreams } from './many-streams.ts';
import { matcher } from './matchers.ts';
import { MemoryStore } from './memory-store.ts';
import { sumsOf } from './sums.ts';

const never = new AbortController().signal;
const start = dayStartNs(20_454);
const wholeDay = { startNs: start, endNs: start + 86_400_000_000_000n };

describe.each([10_000, 200_000])('an index of %i streams', (count) => {
  const store = new MemoryStore();
  const content = manyStreams(count);
  let ref: IndexRef;

  beforeAll(() => {
    const built = build('index', content);
    ref = built.ref;
    store.objects.set('index', built.data);
  });

  /** One question to a reader that knows only the directory: what it finds and what it reads. */
  const ask = async (matchers: readonly CompiledMatcher[], times = wholeDay): Promise<{ streams: number; rows: number; reads: number; bytes: number }> => {
    const reader = new IndexReader({ store });
    await reader.series([ref], { ...wholeDay, matchers: [matcher('absent', '=', 'x')] }, never);
    store.reads = [];
    const streams = await reader.select([ref], { ...times, matchers }, never);
    const cost = { reads: store.reads.length, bytes: store.bytesRead };
    process.stderr.write(`  ${count} streams, ${matchers.map((one) => `${one.name} ${one.exact ?? 'search'}`).join(', ')}: ${cost.reads} reads, ${(cost.bytes / 1024).toFixed(0)} KiB, ${streams.length} streams\n`);
    return { streams: streams.length, rows: streams.reduce((sum, stream) => sum + stream.chunks.reduce((rows, chunk) => rows + chunk.rows, 0), 0), ...cost };
  };

  test('opening costs one read', async () => {
    store.reads = [];
    await new IndexReader({ store }).labelNames([ref], { ...wholeDay, matchers: [] }, never);
    process.stderr.write(`  ${count} streams: file of ${(ref.size / 1024).toFixed(0)} KiB, opened with ${store.reads.length} reads of ${(store.bytesRead / 1024).toFixed(0)} KiB\n`);
    expect(store.reads.length).toBe(1);
  });

  test('one label pair costs two reads: one stream', async () => {
    const pod = labelValue(content.chunks[1234]?.labels ?? [], 'pod') ?? '';
    const cost = await ask([matcher('pod', '=', pod)]);
    expect(cost).toMatchObject({ streams: 1, rows: 100 });
    expect(cost.reads).toBeLessThanOrEqual(2);
    expect(cost.bytes).toBeLessThan(128 * 1024);
  });

  test('one label pair costs two reads: a fiftieth of the streams', async () => {
    const cost = await ask([matcher('app', '=', 'app-7')]);
    expect(cost).toMatchObject({ streams: count / 50, rows: count * 2 });
    expect(cost.reads).toBeLessThanOrEqual(2);
  });

  test('one label pair costs two reads, and as many more as 8 MiB fit into the file: nine tenths of the streams', async () => {
    const cost = await ask([matcher('env', '=', 'prod')]);
    expect(cost).toMatchObject({ streams: count * 0.9 });
    expect(cost.reads).toBeLessThanOrEqual(2 + Math.ceil(ref.size / (8 * 2 ** 20)));
  });

  test('scattered streams, a pair of pairs, a regular expression, a negation', async () => {
    expect(await ask([matcher('namespace', '=', 'team-123')])).toMatchObject({ streams: count / 500 });
    expect(await ask([matcher('app', '=', 'app-7'), matcher('namespace', '=', 'team-7')])).toMatchObject({ streams: count / 500 });
    const searched = await ask([matcher('app', '=', 'app-7'), matcher('pod', '=~', '.*f-.*')]);
    expect(searched.streams).toBe(content.chunks.filter((chunk) => labelValue(chunk.labels, 'app') === 'app-7' && /f-/.test(labelValue(chunk.labels, 'pod') ?? '')).length);
    expect(await ask([matcher('app', '=', 'app-7'), matcher('env', '!=', 'prod')])).toMatchObject({ streams: 0 });
    expect(await ask([matcher('app', '=', 'app-10'), matcher('env', '!=', 'prod')])).toMatchObject({ streams: count / 50 });
    expect(await ask([matcher('app', '=~', 'app-1|app-2|nowhere')])).toMatchObject({ streams: count / 25 });
    expect(await ask([matcher('app', '=', 'nowhere')])).toMatchObject({ streams: 0, reads: expect.any(Number) as number });
  });

  test('values of a label, also in part of the day', async () => {
    const reader = new IndexReader({ store });
    const query = { ...wholeDay, matchers: [] };
    store.reads = [];
    expect(await reader.labelValues([ref], 'env', query, never)).toEqual(['dev', 'prod']);
    expect(await reader.labelNames([ref], query, never)).toEqual(['app', 'cluster', 'env', 'namespace', 'pod']);
    expect(store.reads.length).toBeLessThanOrEqual(2);
    expect((await reader.labelValues([ref], 'pod', query, never)).length).toBe(count);
    expect(await sumsOf(reader, [ref], { ...query, matchers: [matcher('cluster', '=', 'eu-west-1')] })).toEqual({ streams: count, chunks: count, rows: count * 100, bytes: count * 10_000 });
    const firstSecond = { matchers: [], startNs: start, endNs: start + 1_000_000_000n };
    expect((await reader.select([ref], firstSecond, never)).length).toBe(Math.ceil(count / 86_400));
    expect((await reader.labelValues([ref], 'pod', firstSecond, never)).length).toBe(Math.ceil(count / 86_400));
  });

  test('any matchers: as a look at every chunk', async () => {
    const reader = new IndexReader({ store });
    const one = fc.constantFrom(
      matcher('app', '=', 'app-7'), matcher('app', '!=', 'app-7'), matcher('app', '=~', 'app-1|app-2|app-7'), matcher('app', '!~', 'app-1|app-2'), matcher('app', '=~', 'app-.', false), matcher('env', '=', 'prod'), matcher('env', '!=', 'prod', false),
      matcher('env', '=~', '.+'), matcher('env', '!~', 'd.*'), matcher('pod', '=~', '.*7'), matcher('pod', '!~', '.*[0-6]'), matcher('pod', '=~', '.*00.*|'), matcher('namespace', '=', 'team-7'), matcher('namespace', '!~', 'team-.', false),
      matcher('absent', '=', ''), matcher('absent', '!=', ''), matcher('absent', '=~', '.*'), matcher('pod', '=', ''), matcher('pod', '!=', ''), matcher('cluster', '!=', 'eu-west-1'), matcher('app', '=~', 'app-7|'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 4 }), async (matchers) => {
        const wanted = content.chunks.filter((chunk) => matchers.every((each) => each.matches(labelValue(chunk.labels, each.name) ?? '')));
        const found = await reader.select([ref], { ...wholeDay, matchers }, never);
        expect(found.map((stream) => labelValue(stream.labels, 'pod') ?? '').sort()).toEqual(wanted.map((chunk) => labelValue(chunk.labels, 'pod') ?? '').sort());
      }),
      { numRuns: count > 50_000 ? 6 : 50 },
    );
  });

  test('what was read once is not read again', async () => {
    const reader = new IndexReader({ store });
    const query = { ...wholeDay, matchers: [matcher('app', '=', 'app-7')] };
    await reader.select([ref], query, never);
    store.reads = [];
    await reader.select([ref], query, never);
    expect(store.reads).toEqual([]);
    expect(reader.cacheStats().blocks.hits).toBeGreaterThan(0);
  });

  test('the cache keeps to its limit', async () => {
    const reader = new IndexReader({ store, cacheBytesMax: 400_000 });
    await reader.labelValues([ref], 'pod', { ...wholeDay, matchers: [] }, never);
    await reader.series([ref], { ...wholeDay, matchers: [] }, never);
    const { blocks, directories } = reader.cacheStats();
    expect(blocks.bytes + directories.bytes).toBeLessThanOrEqual(400_000);
    const none = new IndexReader({ store, cacheBytesMax: 0 });
    expect((await none.series([ref], { ...wholeDay, matchers: [matcher('app', '=', 'app-7')] }, never)).length).toBe(count / 50);
    expect(none.cacheStats().blocks.entries).toBe(0);
  });
});

describe('an index of one long stream', () => {
  test('of a hundred thousand chunks', async () => {
    const labels = labelSet([['app', 'a']]);
    const { data, ref } = build('long', {
      tenant: 't', day: 20_454, segments: Array.from({ length: 100 }, (_, i) => ({ key: `s/${i}`, size: 1e8, footerBytes: 1e4 })),
      chunks: Array.from({ length: 100_000 }, (_, i) => ({ labels, segment: Math.floor(i / 1000), rowGroup: i % 1000, rowStart: 0, rows: 65_536, bytes: 8e6, minNs: start + BigInt(i) * 800_000_000n, maxNs: start + BigInt(i + 1) * 800_000_000n })),
    });
    const store = new MemoryStore();
    store.objects.set('long', data);
    const [stream] = await new IndexReader({ store }).select([ref], { matchers: [matcher('app', '=', 'a')], startNs: start + 40_000_000_000_000n, endNs: start + 40_000_800_000_000n }, never);
    expect(stream?.chunks.map((chunk) => [chunk.segment.key, chunk.rowGroup])).toEqual([['s/49', 999], ['s/50', 0]]);
    expect(data.length / 100_000).toBeLessThan(24);
  });
});

describe('small indexes in a directory', () => {
  let directory: string;
  let store: CountedObjectStore;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spoor-index-'));
    store = await openDirectoryStore({ directory });
  });
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  test('a small file is read once, whatever is asked, and by all who ask at once', async () => {
    const { data, ref } = build('index/small', manyStreams(500));
    await store.put(ref.key, data);
    const before = store.counts();
    const reader = new IndexReader({ store });
    const query = { ...wholeDay, matchers: [matcher('app', '=~', 'app-1.*')] };
    const answers = await Promise.all(Array.from({ length: 10 }, async () => reader.select([ref], query, never)));
    expect(new Set(answers.map((answer) => answer.length)).size).toBe(1);
    await sumsOf(reader, [ref], query);
    expect(store.counts().requests.get - before.requests.get).toBe(1);
    expect(store.counts().bytesRead - before.bytesRead).toBe(data.length);
  });

  test('one who gives up does not take the read from the others', async () => {
    const { data, ref } = build('index/shared', manyStreams(500));
    await store.put(ref.key, data);
    const reader = new IndexReader({ store });
    const query = { ...wholeDay, matchers: [] };
    const controller = new AbortController();
    const given = reader.series([ref], query, controller.signal);
    const kept = reader.series([ref], query, never);
    controller.abort(new Error('left'));
    await expect(given).rejects.toThrow('left');
    expect((await kept).length).toBe(500);
  });
});
