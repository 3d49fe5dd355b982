import { expect, test } from 'vitest';
import { codecIds } from '../../src/chunks/format.ts';
import { segmentLimits } from '../../src/chunks/limits.ts';
import type { PageMeta } from '../../src/chunks/meta.ts';
import { openPage, sealPage } from '../../src/chunks/page.ts';
import { crc32c } from '../../src/bytes/mod.ts';

const content = { column: 5, encoding: 4, values: 1, range: null };
const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (Math.imul(i * i + 17, 2_654_435_761) >>> 24) ^ (i * 31)));

const digits = Buffer.from(Array.from(noise, (byte) => 0x30 + (byte % 10)));
/** Blocks that come twice. */
const halfNoise = Buffer.concat(Array.from({ length: 20 }, (_, i) => [noise.subarray(i * 100, i * 100 + 100), noise.subarray(i * 100, i * 100 + 100)]).flat());

test.each([
  ['text that repeats: zstd takes little more than nothing', Buffer.alloc(5000, 'abcdef'), codecIds.zstd],
  ['too little for zstd to begin', Buffer.alloc(200, 'abcdef'), codecIds.lz4],
  ['zstd would not save a fifth over lz4', halfNoise, codecIds.lz4],
  ['digits at random: lz4 finds nothing in them', digits, codecIds.zstd],
  ['bytes at random', noise, codecIds.none],
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
  const lz4 = sealPage(content, Buffer.alloc(200, 'abcdef'));
  const bomb = Buffer.from(lz4.data);
  bomb.writeUInt32LE(segmentLimits.pageRawBytesMax, 0);
  const sealed = (data: Uint8Array, codec: number): Partial<PageMeta> => ({ codec, storedBytes: data.length, crc: crc32c(data) });
  const cases: readonly (readonly [Partial<PageMeta>, Uint8Array, RegExp])[] = [
    [{}, flipped, /checksum/],
    [{}, page.data.subarray(1), /bytes wanted/],
    [{ crc: 1 }, page.data, /checksum/],
    [{ codec: 7 }, page.data, /codec 7/],
    [{ codec: codecIds.none }, page.data, /uncompressed/],
    [{ rawBytes: 4999 }, page.data, /zstd data is damaged/],
    [{ rawBytes: 5001 }, page.data, /zstd data is damaged/],
    [{ ...sealed(flipped, codecIds.zstd) }, flipped, /zstd data is damaged/],
    [{ ...sealed(lz4.data, codecIds.zstd), rawBytes: 200 }, lz4.data, /zstd data is damaged/],
    [{ ...sealed(lz4.data, codecIds.lz4), rawBytes: 199 }, lz4.data, /lz4 data is damaged/],
    [{ codec: codecIds.lz4 }, page.data, /lz4 data is damaged/],
    [{ rawBytes: segmentLimits.pageRawBytesMax + 1 }, page.data, /pageRawBytesMax/],
    [{ ...sealed(bomb, codecIds.lz4), rawBytes: segmentLimits.pageRawBytesMax }, bomb, /cannot come of/],
    [{ rawBytes: segmentLimits.pageRawBytesMax }, page.data, /cannot come of/],
  ];
  for (const [change, stored, message] of cases) {
    expect(() => openPage({ ...meta, ...change }, stored, 'a/segment')).toThrowError(message);
    expect(() => openPage({ ...meta, ...change }, stored, 'a/segment')).toThrowError(/damaged data in a\/segment at offset 77: page of line/);
  }
});
