import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayLengthNs, dayStartNs, formatLabels, isSpoorError, labelSet, labelValue, timeNsMax, timeNsMin, type CompiledMatcher, type LabelSet } from '../../src/model/mod.ts';
import { IndexReader, writeIndex, type ChunkEntry, type IndexContent, type IndexQuery, type IndexRef } from '../../src/index/mod.ts';
import { content, offset } from './content.ts';
import { build } from './many-streams.ts';
import { matcher } from './matchers.ts';
import { MemoryStore } from './memory-store.ts';
import { sumsOf } from './sums.ts';

const never = new AbortController().signal;

const anyMatcher = fc
  .tuple(
    fc.constantFrom('app', 'env', 'pod', 'level', 'a', 'zone', 'größe', 'absent', ''),
    fc.oneof(
      fc.tuple(fc.constantFrom('=' as const, '!=' as const), fc.constantFrom('', 'a', 'b', 'c', 'prod', '1', 'nowhere', 'x-1')),
      fc.tuple(fc.constantFrom('=~' as const, '!~' as const), fc.constantFrom('', 'a', 'a|b', 'a|b|', 'prod|nowhere', '.*', '.+', 'x-.', '[0-9]+', '(a|)', '1.*', '[^a]')),
    ),
    fc.boolean(),
  )
  .map(([name, [op, value], lists]) => ({ op: `${name}${op}${value}`, matcher: matcher(name, op, value, lists) }));

/** Where a range begins and ends: about the day, or far outside. */
const range = fc.tuple(fc.oneof(offset, fc.constantFrom(-1, -1e18, 86_400_000_000_000, 1e18)), fc.oneof(offset, fc.constantFrom(0, 86_400_000_000_000, 1e18)));

function clampNs(time: bigint): bigint {
  return time < timeNsMin ? timeNsMin : time > timeNsMax ? timeNsMax : time;
}

const chunkText = (chunk: { rowGroup: number; rowStart: number; rows: number; minNs: bigint; maxNs: bigint; bytes: number }, segment: string): string =>
  [segment, chunk.rowGroup, chunk.rowStart, chunk.rows, chunk.minNs, chunk.maxNs, chunk.bytes].join(' ');

/** The same questions, answered by looking at every chunk. */
class Naive {
  readonly chunks: { readonly chunk: ChunkEntry; readonly segment: string }[];
  readonly query: IndexQuery;

  constructor(contents: readonly IndexContent[], query: IndexQuery) {
    this.query = query;
    this.chunks = contents.flatMap((one) => one.chunks.map((chunk) => ({ chunk, segment: one.segments[chunk.segment]?.key ?? '' })))
      .filter(({ chunk }) => query.startNs < query.endNs && chunk.minNs < query.endNs && chunk.maxNs >= query.startNs && query.matchers.every((one) => one.matches(labelValue(chunk.labels, one.name) ?? '')));
  }

  streams(): Map<string, string[]> {
    const streams = new Map<string, string[]>();
    for (const { chunk, segment } of this.chunks) {
      const key = formatLabels(chunk.labels);
      streams.set(key, [...(streams.get(key) ?? []), chunkText(chunk, segment)]);
    }
    for (const chunks of streams.values()) chunks.sort();
    return streams;
  }

  stats(): { streams: number; chunks: number; rows: number; bytes: number } {
    const sums = { streams: this.streams().size, chunks: this.chunks.length, rows: 0, bytes: 0 };
    for (const { chunk } of this.chunks) {
      sums.rows += chunk.rows;
      sums.bytes += chunk.bytes;
    }
    return sums;
  }

  labelSets(): LabelSet[] {
    return this.chunks.map(({ chunk }) => chunk.labels);
  }
}

/** Label sets of which every label's own time span meets the range; what names and values without matchers are listed by. */
function spanned(contents: readonly IndexContent[], query: IndexQuery, keyOf: (label: { name: string; value: string }) => string | undefined): string[] {
  const keys = new Set<string>();
  for (const one of contents) {
    const spans = new Map<string, { min: bigint; max: bigint }>();
    for (const chunk of one.chunks) {
      for (const label of chunk.labels) {
        const key = keyOf(label);
        if (key === undefined) continue;
        const span = spans.get(key);
        spans.set(key, { min: span === undefined || chunk.minNs < span.min ? chunk.minNs : span.min, max: span === undefined || chunk.maxNs > span.max ? chunk.maxNs : span.max });
      }
    }
    for (const [key, span] of spans) if (query.startNs < query.endNs && span.min < query.endNs && span.max >= query.startNs) keys.add(key);
  }
  return [...keys].sort();
}

async function compare(contents: readonly IndexContent[], matchers: readonly CompiledMatcher[], startNs: bigint, endNs: bigint, reader?: IndexReader, golden?: IndexRef): Promise<void> {
  const store = new MemoryStore();
  const refs = golden !== undefined ? [golden] : contents.map((one, i) => {
    const { data, ref } = build(`index/${i}`, one);
    store.objects.set(ref.key, data);
    return ref;
  });
  const index = reader ?? new IndexReader({ store, cacheBytesMax: 2 ** 20 });
  const query: IndexQuery = { matchers, startNs, endNs };
  const naive = new Naive(contents, query);
  const selected = await index.select(refs, query, never);
  expect(new Map(selected.map((stream) => [formatLabels(stream.labels), stream.chunks.map((chunk) => chunkText(chunk, chunk.segment.key)).sort()]))).toEqual(naive.streams());
  for (const stream of selected) expect(stream.chunks.map((chunk) => chunk.minNs)).toEqual(stream.chunks.map((chunk) => chunk.minNs).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  expect((await index.series(refs, query, never)).map(formatLabels).sort()).toEqual([...naive.streams().keys()].sort());
  expect(await sumsOf(index, refs, query)).toEqual(naive.stats());
  const namesOf = (sets: readonly LabelSet[]): string[] => [...new Set(sets.flatMap((set) => set.map((label) => label.name)))].sort();
  expect(await index.labelNames(refs, query, never)).toEqual(matchers.length > 0 ? namesOf(naive.labelSets()) : spanned(contents, query, (label) => label.name));
  for (const name of ['app', 'pod', 'größe', 'absent']) {
    const values = naive.labelSets().map((set) => labelValue(set, name)).filter((value) => value !== undefined);
    const wanted = matchers.length > 0 ? [...new Set(values)].sort() : spanned(contents, query, (label) => (label.name === name ? label.value : undefined));
    expect(await index.labelValues(refs, name, query, never)).toEqual(wanted);
  }
}

describe('index', () => {
  test('answers as a look at every chunk does', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.array(anyMatcher, { maxLength: 4 }), range, async (one, matchers, [from, to]) => {
        const start = dayStartNs(one.day);
        await compare([one], matchers.map((each) => each.matcher), clampNs(start + BigInt(from)), clampNs(start + BigInt(to)));
      }),
      { numRuns: 600 },
    );
  });

  test('merges several files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 2, maxLength: 4 }), fc.array(anyMatcher, { maxLength: 2 }), async (contents, matchers) => {
        const sameDay = contents.map((one, i) => ({ ...one, day: contents[0]?.day ?? 0, chunks: moveTo(one, contents[0]?.day ?? 0), segments: one.segments.map((segment) => ({ ...segment, key: `segments/${i}/${segment.key}` })) }));
        await compare(sameDay, matchers.map((each) => each.matcher), timeNsMin, timeNsMax);
      }),
      { numRuns: 100 },
    );
  });

  test('days meet at midnight: a range that ends there sees nothing of the next day', async () => {
    const labels = labelSet([['app', 'a']]);
    const chunk = (minNs: bigint, maxNs: bigint): ChunkEntry => ({ labels, segment: 0, rowGroup: 0, rowStart: 0, rows: 2, minNs, maxNs, bytes: 5 });
    for (const day of [0, -1, 1, -106_751, 106_750]) {
      const midnight = dayStartNs(day);
      const segments = [{ key: 's', size: 1, footerBytes: 1 }];
      const contents = [
        { tenant: 't', day: day - 1, segments, chunks: [chunk(midnight - dayLengthNs, midnight - 1n)] },
        { tenant: 't', day, segments, chunks: [chunk(midnight, midnight + dayLengthNs - 1n)] },
      ];
      for (const [start, end] of [[-10n, 0n], [-10n, 1n], [-1n, 0n], [0n, 1n], [0n, 0n], [-dayLengthNs, dayLengthNs], [dayLengthNs - 1n, dayLengthNs], [dayLengthNs, dayLengthNs * 2n], [-dayLengthNs - 1n, -dayLengthNs]] as const) {
        await compare(contents, [matcher('app', '=', 'a')], midnight + start, midnight + end);
        await compare(contents, [], midnight + start, midnight + end);
      }
    }
  });

  test('half surrogate pairs become U+FFFD, and streams that differ in nothing else become one', async () => {
    const store = new MemoryStore();
    const chunk = (value: string, rowGroup: number): ChunkEntry => ({ labels: [{ name: 'a', value }], segment: 0, rowGroup, rowStart: 0, rows: 1, minNs: 0n, maxNs: 0n, bytes: 1 });
    const { data, ref } = build('i', { tenant: 't', day: 0, segments: [{ key: 's', size: 1, footerBytes: 1 }], chunks: [chunk('x\ud800', 0), chunk('x\ufffd', 1), chunk('x\udfff', 2), chunk('x', 3)] });
    store.objects.set('i', data);
    const streams = await new IndexReader({ store }).select([ref], { matchers: [matcher('a', '=', 'x\ufffd')], startNs: 0n, endNs: 1n }, never);
    expect(streams.map((stream) => [formatLabels(stream.labels), stream.chunks.map((one) => one.rowGroup)])).toEqual([['{a="x\ufffd"}', [0, 1, 2]]]);
  });

  test('content that makes no sense is refused when it is written', () => {
    const good: ChunkEntry = { labels: [], segment: 0, rowGroup: 0, rowStart: 0, rows: 1, minNs: 0n, maxNs: 0n, bytes: 1 };
    const segments = [{ key: 's', size: 1, footerBytes: 1 }];
    expect(writeIndex({ tenant: 't', day: 0, segments, chunks: [good] }).length).toBeGreaterThan(0);
    for (const bad of [{ minNs: -1n }, { maxNs: dayLengthNs }, { minNs: 5n, maxNs: 4n }, { segment: 1 }, { rows: -1 }, { bytes: NaN }, { rowGroup: 1.5 }, { rowStart: 2 ** 40 }]) {
      expect(() => writeIndex({ tenant: 't', day: 0, segments, chunks: [{ ...good, ...bad }] })).toThrow(expect.objectContaining({ code: 'internal' }));
    }
    expect(() => writeIndex({ tenant: 't', day: 0, segments, chunks: [] })).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  test('what was asked is answered or refused with a code when bytes are cut, flipped or made up', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 }), fc.option(fc.nat()), fc.boolean(), async (one, flips, cut, honest) => {
        const { data, ref } = build('i', one);
        const damaged = Uint8Array.from(cut === null ? data : data.subarray(0, cut % (data.length + 1)));
        for (const [at, flip] of flips) if (damaged.length > 0) damaged[at % damaged.length] = (damaged[at % damaged.length] ?? 0) ^ flip;
        const store = new MemoryStore();
        store.objects.set('i', damaged);
        const size = honest ? damaged.length : ref.size;
        const same = Buffer.compare(damaged, data) === 0;
        for (const matchers of [[], [matcher('app', '=', 'a')], [matcher('app', '=~', '.+')]]) {
          const reader = new IndexReader({ store });
          const query = { matchers, startNs: timeNsMin, endNs: timeNsMax };
          for (const ask of [async () => reader.select([{ ...ref, size }], query, never), async () => reader.labelNames([{ ...ref, size }], query, never), async () => reader.labelValues([{ ...ref, size }], 'app', query, never)]) {
            const outcome = await ask().catch((error: unknown) => error);
            if (outcome instanceof Error) {
              expect(same).toBe(false);
              expect(isSpoorError(outcome, 'corruption'), String(outcome.stack)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('what is kept nearby and is damaged is forgotten, so that the next question is answered from the store', async () => {
    const labels = (i: number) => labelSet([['app', `app-${i % 7}`], ['pod', `pod-${i}`]]);
    const chunks = Array.from({ length: 300 }, (_, i) => ({ labels: labels(i), segment: 0, rowGroup: 0, rowStart: 0, rows: 1, minNs: 0n, maxNs: 0n, bytes: 1 }));
    const { data, ref } = build('i', { tenant: 't', day: 0, segments: [{ key: 's', size: 1, footerBytes: 1 }], chunks });
    const query = { matchers: [matcher('app', '=~', '.+')], startNs: 0n, endNs: 1n };
    let refusals = 0;
    for (let at = 3; at < data.length; at += 37) {
      const store = new MemoryStore();
      const forgotten: string[] = [];
      const nearby = Object.assign(store, {
        forget: (key: string) => {
          forgotten.push(key);
          store.objects.set('i', data);
          return Promise.resolve();
        },
      });
      store.objects.set('i', data.map((byte, i) => (i === at ? byte ^ 1 : byte)));
      const reader = new IndexReader({ store: nearby });
      const first = await reader.select([ref], query, never).catch((error: unknown) => error);
      if (first instanceof Error) {
        refusals += 1;
        expect(forgotten).toEqual(['i']);
      }
      expect(await reader.select([ref], query, never)).toHaveLength(300);
    }
    expect(refusals).toBeGreaterThan(10);
  });

  test('an index of another tenant or day than its manifest says is not answered from', async () => {
    const store = new MemoryStore();
    const { data, ref } = build('i', { tenant: 't', day: 0, segments: [{ key: 's', size: 1, footerBytes: 1 }], chunks: [{ labels: [], segment: 0, rowGroup: 0, rowStart: 0, rows: 1, minNs: 0n, maxNs: 0n, bytes: 1 }] });
    store.objects.set('i', data);
    const query = { matchers: [], startNs: 0n, endNs: 1n };
    for (const wrong of [{ tenant: 'u' }, { day: 1 }]) await expect(new IndexReader({ store }).select([{ ...ref, ...wrong }], query, never)).rejects.toMatchObject({ code: 'corruption' });
    await expect(new IndexReader({ store }).select([{ ...ref, key: 'absent' }], query, never)).rejects.toMatchObject({ code: 'object_not_found' });
    const reason = new Error('enough');
    await expect(new IndexReader({ store }).select([ref], query, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('golden files', () => {
  const sample: IndexContent = {
    tenant: 'größe', day: -1, segments: [{ key: 'segments/00000/1', size: 123_456, footerBytes: 789 }, { key: 'segments/00000/2', size: 1, footerBytes: 1 }],
    chunks: Array.from({ length: 200 }, (_, i) => ({
      labels: labelSet([['app', `app-${i % 7}`], ['pod', `pod-${i % 60}`], ...(i % 3 === 0 ? [['zone', 'eu'] as const] : [])]),
      segment: i % 2, rowGroup: i % 5, rowStart: i * 100, rows: 100 + i, minNs: BigInt(-1_000_000_000_000 + i * 1000), maxNs: BigInt(-1_000_000_000_000 + i * 1007), bytes: i * 1e6,
    })),
  };

  test('version 1 answers as it did', async () => {
    const path = new URL('../compat/index/v1.index', import.meta.url);
    const { data, ref } = build('golden', sample);
    if (process.env['SPOOR_WRITE_GOLDEN'] === '1') writeFileSync(path, data);
    const golden = readFileSync(path);
    const store = new MemoryStore();
    store.objects.set('golden', golden);
    const reader = new IndexReader({ store });
    for (const matchers of [[], [matcher('app', '=', 'app-3')], [matcher('zone', '=', ''), matcher('pod', '=~', 'pod-1.')]]) {
      await compare([sample], matchers, -999_999_950_000n, timeNsMax, reader, { ...ref, size: golden.length });
    }
  });
});

function moveTo(one: IndexContent, day: number): ChunkEntry[] {
  const by = dayStartNs(day) - dayStartNs(one.day);
  return one.chunks.map((chunk) => ({ ...chunk, minNs: chunk.minNs + by, maxNs: chunk.maxNs + by }));
}
