import { expect, test } from 'vitest';
import { codecIds } from '../../src/chunks/format.ts';
import { segmentLimits } from '../../src/chunks/limits.ts';
import type { PageMeta } from '../../src/chunks/meta.ts';
import { openPage, sealPage } from '../../src/chunks/page.ts';
import { crc32c } from '../../src/bytes/mod.ts';

const content = { column: 5, encoding: 4, values: 1, range: null };
const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (Math.imul(i * i + 17, 2_654_435_761) >>> 24) ^ (i * 31)));

test.each([
  ['text that repeats', Buffer.alloc(5000, 'abcdef'), codecIds.lz4],
  ['few bytes', Buffer.alloc(40), codecIds.none],
  ['no bytes', Buffer.alloc(0), codecIds.none],
])('%s', (_, raw, codec) => {
  const page = sealPage(content, raw);
  expect(page.meta.codec).toBe(codec);
  expect(Buffer.from(openPage({ ...page.meta, offset: 0 }, page.data, 'x')).equals(raw)).toBe(true);
});

test('shared memory is read in place, and may change afterwards', () => {
  for (const raw of [Buffer.alloc(5000, 'abcdef'), noise]) {
    const shared = new Uint8Array(new SharedArrayBuffer(raw.length));
    shared.set(raw);
    const page = sealPage(content, shared);
    shared.fill(0);
    expect(Buffer.from(openPage({ ...page.meta, offset: 0 }, page.data, 'x')).equals(raw)).toBe(true);
  }
});

test('damage gives corruption with segment, offset and column', () => {
  const page = sealPage(content, Buffer.alloc(5000, 'abcdef'));
  const meta: PageMeta = { ...page.meta, offset: 77 };
  const flipped = Buffer.from(page.data);
  flipped[3]! ^= 1;
  const bomb = Buffer.from(page.data);
  bomb.writeUInt32LE(segmentLimits.pageRawBytesMax, 0);
  const cases: readonly (readonly [Partial<PageMeta>, Uint8Array, RegExp])[] = [
    [{}, flipped, /checksum/],
    [{}, page.data.subarray(1), /bytes wanted/],
    [{ crc: 1 }, page.data, /checksum/],
    [{ codec: 7 }, page.data, /codec 7/],
    [{ codec: codecIds.none }, page.data, /uncompressed/],
    [{ rawBytes: 4999 }, page.data, /lz4/],
    [{ rawBytes: segmentLimits.pageRawBytesMax + 1 }, page.data, /pageRawBytesMax/],
    [{ rawBytes: segmentLimits.pageRawBytesMax, crc: crc32c(bomb) }, bomb, /cannot come of/],
  ];
  for (const [change, stored, message] of cases) {
    expect(() => openPage({ ...meta, ...change }, stored, 'a/segment')).toThrowError(message);
    expect(() => openPage({ ...meta, ...change }, stored, 'a/segment')).toThrowError(/damaged data in a\/segment at offset 77: page of line/);
  }
});
