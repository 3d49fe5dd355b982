import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, crc32c } from '../../src/bytes/mod.ts';
import { WeightedCache } from '../../src/index/cache.ts';
import { decodeDirectory, encodeDirectory } from '../../src/index/directory.ts';
import { headerBytes, openBlock, writeBlock } from '../../src/index/format.ts';
import { findPairBlocks, PairWriter, readNames, visitPairs, type PairEntry } from '../../src/index/pairs.ts';
import { decodePostings, encodePostings, intersect, subtract, unite } from '../../src/index/postings.ts';
import { SharedLoads } from '../../src/index/shared-loads.ts';
import { StreamBlock, StreamWriter, type SelectedChunk } from '../../src/index/streams.ts';
import { formatLabels, isSpoorError } from '../../src/model/mod.ts';

const streams = 3000;
const ids = fc.uniqueArray(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: streams - 1 })), { maxLength: 200 }).map((list) => Uint32Array.from(list).sort());

/** Runs what may fail on damaged bytes: it may do so in one way only. */
function codedOnly(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(isSpoorError(error, 'corruption'), error instanceof Error ? (error.stack ?? '') : String(error)).toBe(true);
  }
}

describe('postings', () => {
  test('come back as they were', () => {
    fc.assert(fc.property(ids, (list) => {
      const bytes = encodePostings(list, new Uint8Array(16));
      expect(decodePostings(bytes, 0, bytes.length, list.length, streams, 'test')).toEqual(list);
    }));
    for (const far of [0, 127, 128, 2 ** 21 - 1, 2 ** 21, 2 ** 24 - 1]) {
      const bytes = encodePostings(Uint32Array.of(far), new Uint8Array(0));
      expect([...decodePostings(bytes, 0, bytes.length, 1, 2 ** 24, 'test')]).toEqual([far]);
    }
  });

  test('intersect, subtract and unite do what sets do', () => {
    fc.assert(fc.property(ids, ids, fc.array(ids, { maxLength: 5 }), (a, b, more) => {
      const inA = new Set(a);
      const inB = new Set(b);
      expect([...intersect(a, b)]).toEqual([...a].filter((id) => inB.has(id)));
      expect([...subtract(a, b)]).toEqual([...a].filter((id) => !inB.has(id)));
      expect([...subtract(b, a)]).toEqual([...b].filter((id) => !inA.has(id)));
      const all = [...new Set([...a, ...b, ...more.flatMap((list) => [...list])])].sort((x, y) => x - y);
      expect([...unite([a, b, ...more], streams)]).toEqual(all);
    }), { numRuns: 300 });
    const even = Uint32Array.from({ length: 50_000 }, (_, i) => i * 2);
    const third = Uint32Array.from({ length: 40_000 }, (_, i) => i * 3);
    expect([...unite([even, third], 120_000)]).toEqual([...new Set([...even, ...third])].sort((x, y) => x - y));
    expect([...intersect(even, Uint32Array.of(1, 2, 99_998, 99_999))]).toEqual([2, 99_998]);
  });

  test('damaged lists are corruption', () => {
    const list = [1, 5, 2000];
    const bytes = encodePostings(Uint32Array.from(list), new Uint8Array(16));
    for (const [from, count, below] of [[bytes, 2, streams], [bytes, 4, streams], [bytes, 3, 2000], [Uint8Array.of(1, 0), 2, streams], [Uint8Array.of(0x80), 1, streams], [new Uint8Array(9).fill(0xff), 1, streams], [bytes, 2 ** 24, 2 ** 24]] as const) {
      expect(() => decodePostings(from, 0, from.length, count, below, 'test')).toThrow(expect.objectContaining({ code: 'corruption' }));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 50 }), fc.integer({ min: -3, max: 60 }), fc.integer({ min: 0, max: 60 }), (random, count, start, end) => codedOnly(() => decodePostings(random, start, end, count, streams, 'test'))), { numRuns: 1000 });
  });
});

describe('damage that a checksum does not see', () => {
  const file = new ByteWriter();
  file.bytes(Buffer.alloc(headerBytes));
  const pairsOf = Array.from({ length: 30 }, (_, i) => ({ name: 'app', value: `value ${i}` }));
  const chunk = { segment: 1, rowGroup: 2, rowStart: 3, rows: 4, minOffset: 5, maxOffset: 600, bytes: 7 };
  const streamWriter = new StreamWriter(file, pairsOf.map((label) => ({ label })));
  for (const i of pairsOf.keys()) streamWriter.add(Uint32Array.of(i), [chunk, { ...chunk, minOffset: 500 }]);
  const streamBlocks = streamWriter.end();
  const pairWriter = new PairWriter(file, pairsOf.length);
  for (const [i, pair] of pairsOf.entries()) pairWriter.add(pair.name, pair.value, Uint32Array.of(i), 5, 600);
  const pairBlocks = pairWriter.end();
  const end = file.length;
  const bytes = file.view();
  const raw = (ref: { offset: number; stored: number; raw: number; crc: number }): Buffer => openBlock(bytes.subarray(ref.offset, ref.offset + ref.stored), ref, 'test');
  const directory = Buffer.from(encodeDirectory({ tenant: 't', day: -3, streams: 30, chunks: 60, rows: 240, bytes: 420, minOffset: 5, maxOffset: 600, segments: [{ key: 'a', size: 9, footerBytes: 8 }, { key: 'b', size: 7, footerBytes: 6 }], streamBlocks, pairBlocks, nameBlocks: [] }));

  const ofIndex = { segments: [{ key: 'a', size: 9, footerBytes: 8 }, { key: 'b', size: 7, footerBytes: 6 }], dayStartNs: 1000n };
  const readStreams = (block: Uint8Array): void => {
    const opened = new StreamBlock(block, 30, ofIndex, 'test');
    for (let i = 0; i < 30; i++) opened.stream(i);
  };
  const readPairs = (block: Uint8Array): PairEntry[] => {
    const pairs: PairEntry[] = [];
    visitPairs(block, 30, 'test', (pair) => {
      pairs.push(pair);
      return true;
    });
    return pairs;
  };
  const parts: readonly [string, Buffer, (block: Uint8Array) => void][] = [
    ['directory', directory, (block) => void decodeDirectory(block, end, 'test')],
    ['streams', raw(streamBlocks[0] ?? never()), readStreams],
    ['pairs', raw(pairBlocks[0]?.pairs ?? never()), readPairs],
    ['names', Buffer.from(new ByteWriter().text('app').varint(30).varint(30).varint(5).varint(595).view()), (block) => void readNames(block, 'test')],
  ];

  test('undamaged blocks are read', () => {
    for (const [, block, read] of parts) read(block);
    expect(decodeDirectory(directory, end, 'test')).toMatchObject({ tenant: 't', day: -3, streams: 30, streamBlocks, pairBlocks });
    expect(readPairs(raw(pairBlocks[0]?.pairs ?? never())).map((pair) => pair.value)).toEqual(pairsOf.map((pair) => pair.value));
    const stream = new StreamBlock(raw(streamBlocks[0] ?? never()), 30, ofIndex, 'test').stream(7);
    expect([stream.labels, stream.key, stream.chunks]).toEqual([[pairsOf[7]], formatLabels([pairsOf[7] ?? never()]), [chunk, { ...chunk, minOffset: 500 }]]);
    expect([stream.within(601, 700), stream.within(600, 700), stream.touches(601, 700), stream.touches(600, 700)]).toEqual([[], stream.chunks, false, true]);
    const selected: SelectedChunk[] = [];
    stream.select(600, 700, selected);
    expect(selected.map(({ segment, minNs, maxNs }) => [segment.key, minNs, maxNs])).toEqual(stream.chunks.map((ref) => [ofIndex.segments[ref.segment]?.key, 1000n + BigInt(ref.minOffset), 1000n + BigInt(ref.maxOffset)]));
  });

  test.each(parts)('%s: cut, flipped and random bytes give coded errors only', (_, block, read) => {
    for (let length = 0; length < block.length; length++) codedOnly(() => read(block.subarray(0, length)));
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: block.length - 1 }), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }), (flips) => {
      const damaged = Buffer.from(block);
      for (const [at, flip] of flips) damaged[at] = (damaged[at] ?? 0) ^ flip;
      codedOnly(() => read(damaged));
    }), { numRuns: 2000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (random) => codedOnly(() => read(random))), { numRuns: 2000 });
  });

  test('compressed bytes that are none, with a right checksum', () => {
    const target = new ByteWriter();
    const ref = writeBlock(target, Buffer.alloc(5000, 'abc'));
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.boolean(), (random, prefixed) => {
      const stored = prefixed ? Buffer.concat([target.view().subarray(0, 4), random]) : Buffer.from(random);
      codedOnly(() => openBlock(stored, { ...ref, stored: stored.length, crc: crc32c(stored) }, 'test'));
    }), { numRuns: 1000 });
  });
});

test('blocks of a pair are found by their first pairs', () => {
  const empty = { offset: 0, stored: 0, raw: 0, crc: 0 };
  const blocks = [['a', ''], ['a', 'm'], ['b', ''], ['b', 'k'], ['b', 't'], ['d', '']].map(([name = '', value = '']) => ({ name, value, pairs: empty, postings: empty }));
  for (const [name, from, to, wanted] of [
    ['a', 'b', 'b', [0, 0]], ['a', 'm', 'm', [1, 1]], ['a', 'z', 'z', [1, 1]], ['b', '', '', [2, 2]], ['b', 'z', 'z', [4, 4]], ['b', '', undefined, [2, 4]], ['a', '', undefined, [0, 1]],
    ['c', 'x', 'x', [4, 4]], ['c', '', undefined, [4, 4]], ['Z', 'x', 'x', undefined], ['z', '', undefined, [5, 5]], ['d', '', undefined, [5, 5]],
  ] as const) {
    const found = findPairBlocks(blocks, name, from, to);
    expect([name, from, found === undefined ? undefined : [found.first, found.last]]).toEqual([name, from, wanted]);
  }
});

test('large posting lists stand in blocks of their own', () => {
  const file = new ByteWriter();
  const writer = new PairWriter(file, 200_001);
  writer.add('a', '1', Uint32Array.of(1), 0, 0);
  writer.add('a', '2', Uint32Array.from({ length: 200_000 }, (_, i) => i), 0, 0);
  writer.add('a', '3', Uint32Array.of(3), 0, 0);
  expect(writer.end().map((block) => block.value)).toEqual(['1', '2', '3']);
});

describe('cache', () => {
  test('keeps what was used last, up to its limit', () => {
    const cache = new WeightedCache<number>(100);
    for (let i = 0; i < 10; i++) cache.set(`k${i}`, i, 20);
    expect(cache.stats()).toMatchObject({ entries: 5, bytes: 100 });
    expect(cache.get('k5')).toBe(5);
    cache.set('k10', 10, 20);
    expect([cache.get('k5'), cache.get('k6')]).toEqual([5, undefined]);
    cache.set('k5', 55, 10);
    expect(cache.stats().bytes).toBe(90);
    cache.set('heavy', 1, 26);
    expect(cache.get('heavy')).toBeUndefined();
  });

  test('a shared load runs once, fails for all, and ends with the last who waits', async () => {
    const loads = new SharedLoads<string>();
    const never = new AbortController().signal;
    let runs = 0;
    const slow = async (): Promise<string> => {
      runs++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return 'done';
    };
    expect(await Promise.all([loads.run('a', never, slow), loads.run('a', never, slow), loads.run('b', never, slow)])).toEqual(['done', 'done', 'done']);
    expect(runs).toBe(2);
    const failing = async (): Promise<string> => Promise.reject(new Error('broken'));
    await expect(loads.run('a', never, failing)).rejects.toThrow('broken');
    expect(await loads.run('a', never, slow)).toBe('done');
    let ended = false;
    const waiting = async (signal: AbortSignal): Promise<string> => new Promise((_, reject) => signal.addEventListener('abort', () => {
      ended = true;
      reject(signal.reason);
    }));
    const [one, two] = [new AbortController(), new AbortController()];
    const both = [loads.run('c', one.signal, waiting), loads.run('c', two.signal, waiting)];
    one.abort(new Error('one'));
    await expect(both[0]).rejects.toThrow('one');
    expect(ended).toBe(false);
    two.abort(new Error('two'));
    await expect(both[1]).rejects.toThrow('two');
    expect(ended).toBe(true);
    expect(await loads.run('c', never, slow)).toBe('done');
  });
});

function never(): never {
  throw new Error('missing');
}
