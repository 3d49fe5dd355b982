import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectIndex, writeIndex, type ChunkEntry, type InspectedIndex } from '../../src/index/mod.ts';
import { headerBytes, trailerBytes } from '../../src/index/format.ts';
import { dayStartNs, formatLabels, isSpoorError, labelSet } from '../../src/model/mod.ts';
import { content } from './content.ts';

const place = ({ labels, rowGroup, rowStart, rows, minNs, maxNs, bytes }: Omit<ChunkEntry, 'segment'>, key: string): string =>
  `${formatLabels(labels)} ${key} ${rowGroup} ${rowStart} ${rows} ${minNs} ${maxNs} ${bytes}`;

test('streams, chunks, names and values are those that went in', () => {
  fc.assert(
    fc.property(content, (given) => {
      const data = writeIndex(given);
      const { directory, streams, names, space, damage } = inspectIndex(data, 'x');
      expect(damage).toEqual([]);
      expect([directory.tenant, directory.day, directory.segments]).toEqual([given.tenant, given.day, given.segments]);
      expect(streams.flatMap(({ labels, chunks }) => chunks.map((chunk) => place({ ...chunk, labels }, chunk.segment.key))).sort()).toEqual(given.chunks.map((chunk) => place(chunk, given.segments[chunk.segment]!.key)).sort());
      const sets = [...new Map(given.chunks.map(({ labels }) => [formatLabels(labels), labels])).values()];
      const count = (holds: (label: { readonly name: string; readonly value: string }) => boolean): number => sets.filter((labels) => labels.some(holds)).length;
      expect(names.map(({ name }) => name)).toEqual([...new Set(sets.flatMap((labels) => labels.map(({ name }) => name)))].sort());
      for (const { name, streams: own, values } of names) {
        expect(own).toBe(count((label) => label.name === name));
        for (const { value, streams: having } of values) expect(having).toBe(count((label) => label.name === name && label.value === value));
        expect(values.length).toBe(new Set(sets.flatMap((labels) => labels.filter((label) => label.name === name).map(({ value }) => value))).size);
      }
      expect(space.reduce((sum, { storedBytes }) => sum + storedBytes, 0)).toBe(data.length - headerBytes - trailerBytes);
    }),
  );
});

const chunks: ChunkEntry[] = Array.from({ length: 200 }, (_, i) => ({
  labels: labelSet([['app', `${i % 7}`], ['pod', `pod-${i}`]]), segment: 0, rowGroup: i >> 5, rowStart: i * 10, rows: 10, minNs: dayStartNs(3) + BigInt(i), maxNs: dayStartNs(3) + BigInt(i + 5), bytes: 100,
}));
const data = writeIndex({ tenant: 't', day: 3, segments: [{ key: 'a', size: 100, footerBytes: 10 }], chunks });

test('every flipped byte behind the header is found', () => {
  for (let at = 0; at < data.length; at++) {
    const copy = Buffer.from(data);
    copy[at]! ^= 1 << (at % 8);
    let found: InspectedIndex;
    try {
      found = inspectIndex(copy, 'a/index');
    } catch (error) {
      expect(isSpoorError(error, 'corruption'), String(error)).toBe(true);
      continue;
    }
    // The version in the header is that of the trailer, and nobody reads it there.
    if (at >= 8 && at < headerBytes) continue;
    expect(found.damage.length, `byte ${at}`).toBe(1);
    expect(found.damage[0]!.offset).toBeLessThanOrEqual(at);
    expect(found.damage[0]!.reason).toMatch(/^(?:streams|names|pairs|postings): the checksum of the block is wrong/);
    expect(found.directory.streams).toBe(200);
  }
});

test('cut and random bytes are no index', () => {
  for (let at = 0; at < data.length; at += 7) expect(() => inspectIndex(data.subarray(0, at), 'a/index')).toThrowError(/damaged data in a\/index/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => inspectIndex(bytes, 'a/index')).toThrowError(/damaged data in a\/index/);
    }),
  );
});

test('the golden file', () => {
  const { damage, streams, directory } = inspectIndex(readFileSync(new URL('../compat/index/v1.index', import.meta.url)), 'x');
  expect([damage, streams.length]).toEqual([[], directory.streams]);
});
