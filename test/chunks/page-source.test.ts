import { describe, expect, test } from 'vitest';
import { codecIds, columnIds, encodingIds } from '../../src/chunks/format.ts';
import type { ByteRange, PageMeta } from '../../src/chunks/meta.ts';
import { PageSource } from '../../src/chunks/page-source.ts';
import { segmentLimits } from '../../src/chunks/limits.ts';
import { crc32c } from '../../src/bytes/mod.ts';

const gap = segmentLimits.rangeGapBytesMax;
const segment = Buffer.alloc(4 * gap + 1000);
for (let i = 0; i < segment.length; i++) segment[i] = (i * 7919) >>> 5;

const page = (offset: number, storedBytes: number): PageMeta => ({
  column: columnIds.value, encoding: encodingIds.value, codec: codecIds.none, values: 1, offset, storedBytes, rawBytes: storedBytes,
  crc: storedBytes === 0 ? 0 : crc32c(segment.subarray(offset, offset + storedBytes)), range: null,
});

/** A source over the segment, and what it read. */
function sourceOf(cut = segment.length): { readonly source: PageSource; readonly reads: ByteRange[][] } {
  const reads: ByteRange[][] = [];
  const source = new PageSource([], [], 'a/segment', (ranges) => {
    reads.push([...ranges]);
    return ranges.map(({ offset, length }) => segment.subarray(offset, Math.min(cut, offset + length)));
  });
  return { source, reads };
}

const [first, second, third, far] = [page(10, 100), page(110, 50), page(300, 20), page(3 * gap, 30)];

test('pages that are near are one read, and none is read twice', () => {
  const { source, reads } = sourceOf();
  source.want([far, third, first, page(200, 0)]);
  expect(reads).toEqual([[{ offset: 10, length: 310 }, { offset: 3 * gap, length: 30 }]]);
  source.want([first, second, far]);
  for (const one of [first, second, third, far]) expect(Buffer.from(source.open(one)).equals(segment.subarray(one.offset, one.offset + one.storedBytes))).toBe(true);
  expect(reads.length).toBe(1);
  source.want([]);
  expect(reads.length).toBe(1);
});

test('a page that nobody announced is read when it is opened', () => {
  const { source, reads } = sourceOf();
  source.check(second);
  expect(Buffer.from(source.open(second)).equals(segment.subarray(110, 160))).toBe(true);
  expect(reads).toEqual([[{ offset: 110, length: 50 }]]);
});

test('a page without bytes is read nowhere', () => {
  const { source, reads } = sourceOf();
  expect(source.open(page(500, 0)).length).toBe(0);
  expect(reads).toEqual([]);
});

test('without a way to read, what was not given is the caller\'s mistake', () => {
  const source = new PageSource([{ offset: 0, length: 150 }], [segment.subarray(0, 150)], 'a/segment');
  source.want([first, third]);
  expect(Buffer.from(source.open(first)).equals(segment.subarray(10, 110))).toBe(true);
  // One byte of it is missing.
  expect(() => source.open(second)).toThrowError(expect.objectContaining({ code: 'internal' }) as Error);
  expect(() => source.open(third)).toThrowError(/page of value at 300 of a\/segment was not read/);
});

describe('a segment that is cut', () => {
  test('names itself and the place', () => {
    const { source } = sourceOf(305);
    expect(() => source.want([third])).toThrowError(/damaged data in a\/segment at offset 300: 20 bytes wanted, 5 there/);
    expect(() => new PageSource([{ offset: 7, length: 5 }], [Buffer.alloc(4)], 'a/segment')).toThrowError(/damaged data in a\/segment at offset 7: 5 bytes wanted, 4 there/);
    expect(() => new PageSource([{ offset: 7, length: 5 }], [], 'a/segment')).toThrowError(/5 bytes wanted, 0 there/);
  });
});

test('a page of other bytes', () => {
  const { source } = sourceOf();
  expect(() => source.open({ ...first, crc: 1 })).toThrowError(/damaged data in a\/segment at offset 10: page of value: checksum/);
  expect(() => source.check({ ...first, crc: 1 })).toThrowError(/checksum/);
});
