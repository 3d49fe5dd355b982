import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { decodeElasticContent, defaultPushBodyLimits, expandedBytesExpected } from '../../../src/protocols/mod.ts';

const text = Buffer.from('{"create":{}}\n{"message":"a"}\n'.repeat(50));
const limits = { ...defaultPushBodyLimits, rawBytesMax: 100_000 };

async function refusal(body: Buffer, encoding: string): Promise<string> {
  try {
    await decodeElasticContent(body, encoding, limits);
  } catch (error) {
    if (isSpoorError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'taken';
}

describe('Content-Encoding', () => {
  test.each<[string, Buffer]>([
    ['', text],
    ['identity', text],
    ['gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['zlib', deflateSync(text)],
    ['zstd', zstdCompressSync(text)],
  ])('%s is undone', async (encoding, body) => {
    expect((await decodeElasticContent(body, encoding, limits)).equals(text)).toBe(true);
    expect(expandedBytesExpected(body, encoding, limits)).toBeGreaterThan(0);
  });

  test.each(['br', 'compress', 'gzip, gzip', 'snappy'])('%s is refused', async (encoding) => expect(await refusal(text, encoding)).toBe('push_encoding 400'));

  test.each(['gzip', 'deflate', 'zstd'])('damaged %s is refused', async (encoding) => {
    expect(await refusal(text, encoding)).toBe('push_compression 400');
    expect(await refusal(gzipSync(text).subarray(0, 40), encoding)).toBe('push_compression 400');
  });

  const bomb = Buffer.alloc(50_000_000);
  test.each<[string, Buffer]>([
    ['gzip', gzipSync(bomb)],
    ['deflate', deflateSync(bomb)],
    ['zstd', zstdCompressSync(bomb)],
  ])('a %s bomb stops at the limit', async (encoding, body) => {
    expect(body.length).toBeLessThan(60_000);
    expect(expandedBytesExpected(body, encoding, limits)).toBeLessThanOrEqual(100_000);
    expect(await refusal(body, encoding)).toBe('body_too_large 413');
  });

  it('believes no length that a zstd frame claims', async () => {
    // Magic number, single segment with a size of 8 bytes, 2^50 bytes, then an empty last block.
    const frame = Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.from([0xe0]), Buffer.from('0000000000000400', 'hex'), Buffer.from('010000', 'hex')]);
    expect(await refusal(frame, 'zstd')).toMatch(/^(?:push_compression 400|body_too_large 413)$/);
  });
});
