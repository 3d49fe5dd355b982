import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { defaultPushBodyLimits, otlpBytesExpected } from '../../../src/protocols/mod.ts';
import { decodeOtlpContent } from '../../../src/protocols/otlp/content.ts';
import { snappyFramed } from '../../support/snappy-frames.ts';

const text = Buffer.from(Array.from({ length: 3000 }, (_, i) => `level=info msg="a line that repeats" n=${(i * 2_654_435_761) % 1_000_003}\n`).join(''));
const limits = { ...defaultPushBodyLimits, bodyBytesMax: 2 ** 20, rawBytesMax: 2 ** 20 };
const ways: readonly (readonly [string, string, (raw: Buffer) => Buffer])[] = [
  ['plain', '', (raw) => raw],
  ['gzip', 'gzip', gzipSync],
  ['zstd', 'zstd', zstdCompressSync],
  ['lz4 frames', 'lz4', (raw) => compressFrameSync(raw)],
  ['snappy blocks', 'snappy', (raw) => compressSync(raw)],
  ['framed snappy', 'snappy', snappyFramed],
  ['framed snappy by its name', 'x-snappy-framed', snappyFramed],
  ['deflate with the head of zlib', 'deflate', deflateSync],
  ['deflate without', 'deflate', deflateRawSync],
  ['zlib', 'zlib', deflateSync],
];

describe.each(ways)('%s', (_, encoding, compress) => {
  it('is undone', async () => {
    for (const raw of [text, Buffer.from('x'), Buffer.alloc(0)]) expect(await decodeOtlpContent(compress(raw), encoding, limits)).toEqual(raw);
  });

  it('is expected to be about as long as it is', () => {
    const expected = otlpBytesExpected(compress(text), encoding, limits);
    expect(expected).toBeGreaterThan(text.length / 4);
    expect(expected).toBeLessThanOrEqual(limits.rawBytesMax);
  });

  it('stops at the limit, whatever it claims', async () => {
    const bomb = compress(Buffer.alloc(4 * 2 ** 20));
    await expect(decodeOtlpContent(bomb, encoding, limits)).rejects.toMatchObject({ code: 'body_too_large', status: 413 });
  });
});

it.each(ways.slice(1))('refuses %s that is cut', async (_, encoding, compress) => {
  const whole = compress(text);
  for (const length of [1, 5, whole.length >> 1, whole.length - 1]) {
    await expect(decodeOtlpContent(whole.subarray(0, length), encoding, limits), String(length)).rejects.toMatchObject({ status: 400 });
  }
});

it('refuses other encodings', async () => {
  for (const encoding of ['identity', 'br', 'GZIP', 'toString']) await expect(decodeOtlpContent(text, encoding, limits)).rejects.toMatchObject({ code: 'push_encoding' });
});

it('refuses bodies that are too long as they come', async () => {
  await expect(decodeOtlpContent(Buffer.alloc(2 ** 20 + 1), 'lz4', limits)).rejects.toMatchObject({ code: 'body_too_large' });
});
