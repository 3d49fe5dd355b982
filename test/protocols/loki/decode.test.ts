import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { decodedBytesExpected, decodeLokiPush, defaultPushBodyLimits, type PushBodyLimits } from '../../../src/protocols/mod.ts';
import { protobufOf } from './wire.ts';

const json = Buffer.from('{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}');
const decode = async (body: Uint8Array, contentEncoding?: string, limits: Partial<PushBodyLimits> = {}, contentType = 'application/json') =>
  decodeLokiPush({ body, contentType, contentEncoding, limits: { ...defaultPushBodyLimits, ...limits } });
const protobuf = async (body: Uint8Array, limits: Partial<PushBodyLimits> = {}) => decode(body, undefined, limits, 'application/x-protobuf');
const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]);

describe('content', () => {
  test.each<[string | undefined, Uint8Array]>([
    [undefined, json], ['', json], ['snappy', json], ['gzip', gzipSync(json)], ['deflate', deflateRawSync(json)], ['deflate', deflateSync(json)], ['deflate', deflateSync(json, { level: 0, windowBits: 9 })],
    ['zstd', zstdCompressSync(json)], ['zstd', zstdCompressSync(json, { pledgedSrcSize: json.length })], ['zstd', Buffer.concat([zstdCompressSync(json.subarray(0, 9)), zstdCompressSync(json.subarray(9))])],
    ['gzip', Buffer.concat([gzipSync(json.subarray(0, 50)), gzipSync(json.subarray(50))])],
  ])('encoding %s', async (encoding, body) => {
    expect((await decode(body, encoding)).rows).toBe(1);
  });

  test('all encodings around a snappy block', async () => {
    const push = compressSync(protobufOf([{ labels: [['a', 'b']], entries: [{ timeNs: 1n, line: Buffer.from('x'), metadata: [] }] }]));
    for (const [encoding, body] of [['gzip', gzipSync(push)], ['deflate', deflateRawSync(push)], ['deflate', deflateSync(push)], ['zstd', zstdCompressSync(push)]] as const) {
      expect((await decode(body, encoding, {}, 'application/x-protobuf')).rows).toBe(1);
    }
  });

  test('memory is asked for by what a body says of itself', () => {
    const limits = defaultPushBodyLimits;
    const large = Buffer.alloc(300_000, 0x20);
    expect(decodedBytesExpected(gzipSync(large), 'application/json', 'gzip', limits)).toBe(300_000);
    expect(decodedBytesExpected(zstdCompressSync(large, { pledgedSrcSize: large.length }), 'application/json', 'zstd', limits)).toBe(300_000);
    expect(decodedBytesExpected(deflateSync(large), 'application/json', 'deflate', limits)).toBe(65_536);
    expect(decodedBytesExpected(compressSync(large), 'application/x-protobuf', '', limits)).toBe(300_000);
    expect(decodedBytesExpected(json, 'Application/JSON', '', limits)).toBe(json.length);
    for (const length of [0, 1, 13, 14]) expect(decodedBytesExpected(Buffer.alloc(length, 0xff), '', 'zstd', limits)).toBe(65_536);
    const noise = randomBytes(10_000);
    expect(decodedBytesExpected(deflateSync(noise), '', 'deflate', limits)).toBe(deflateSync(noise).length * 24);
  });

  test.each(['identity', 'GZIP', 'x-gzip', 'br', 'gzip, gzip'])('encoding %s is not known', async (encoding) => {
    await expect(decode(json, encoding)).rejects.toMatchObject({ code: 'push_encoding', message: `Content-Encoding "${encoding}" not supported` });
  });

  test.each([['gzip', json], ['gzip', gzipSync(json).subarray(0, 30)], ['gzip', Buffer.alloc(0)], ['deflate', deflateSync(json).subarray(0, 20)], ['deflate', deflateRawSync(json).subarray(0, 20)], ['deflate', json], ['zstd', json], ['zstd', Buffer.alloc(0)], ['zstd', zstdCompressSync(json).subarray(0, 30)]])('damaged %s', async (encoding, body) => {
    await expect(decode(body, encoding)).rejects.toMatchObject({ code: 'push_compression', status: 400 });
  });

  test('gzip around a snappy block is undone first', async () => {
    const push = protobufOf([{ labels: [['a', 'b']], entries: [{ timeNs: 1n, line: Buffer.from('x'), metadata: [] }] }]);
    expect((await decode(gzipSync(compressSync(push)), 'gzip', {}, 'application/x-protobuf')).rows).toBe(1);
    await expect(decode(gzipSync(push), 'gzip', {}, 'application/x-protobuf')).rejects.toMatchObject({ code: 'push_snappy' });
  });

  test('a long header of a shard', async () => {
    await expect(decodeLokiPush({ body: json, contentType: 'application/json', backfillShard: 'x'.repeat(129) })).rejects.toMatchObject({ code: 'push_backfill' });
  });
});

describe('bombs', () => {
  const heapLimit = async (work: () => Promise<unknown>, mbMax: number): Promise<void> => {
    const before = process.memoryUsage();
    await work();
    const after = process.memoryUsage();
    expect((after.heapTotal + after.external + after.arrayBuffers - before.heapTotal - before.external - before.arrayBuffers) / 2 ** 20).toBeLessThan(mbMax);
  };

  test('a body over the limit', async () => {
    await expect(decode(json, undefined, { bodyBytesMax: 20 })).rejects.toMatchObject({ code: 'body_too_large', status: 413, details: { name: 'push.body_bytes_max', limit: 20 } });
  });

  test.each<[string, (raw: Buffer) => Buffer]>([
    ['gzip', gzipSync], ['deflate', deflateRawSync], ['deflate', deflateSync], ['zstd', zstdCompressSync], ['zstd', (raw) => zstdCompressSync(raw, { pledgedSrcSize: raw.length })],
    // What the end of gzip and the header of zstd claim is not true here.
    ['gzip', (raw) => Buffer.concat([gzipSync(raw), gzipSync('x')])], ['zstd', (raw) => Buffer.concat([zstdCompressSync(Buffer.from('x'), { pledgedSrcSize: 1 }), zstdCompressSync(raw)])],
  ])('%s stops at the limit', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(256 * 2 ** 20, 0x20));
    await heapLimit(async () => {
      await expect(decode(bomb, encoding, { rawBytesMax: 2 ** 20 })).rejects.toMatchObject({ code: 'body_too_large', details: { name: 'push.raw_bytes_max' } });
    }, 64);
  });

  test.each([2 ** 20 + 1, 2 ** 30, 2 ** 32 - 1])('gzip and zstd that claim %i bytes', async (claimed) => {
    const gzip = Buffer.from(gzipSync(Buffer.alloc(5000)));
    gzip.writeUInt32LE(claimed, gzip.length - 4);
    const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    zstd.writeBigUInt64LE(BigInt(claimed), 5);
    await heapLimit(async () => {
      // More than so many bytes can ever make is no claim, and then the length does not fit.
      await expect(decode(gzip, 'gzip', { rawBytesMax: 2 ** 20 })).rejects.toMatchObject({ status: expect.toBeOneOf([400, 413]) as number });
      await expect(decode(zstd, 'zstd', { rawBytesMax: 2 ** 20 })).rejects.toMatchObject({ code: 'body_too_large', details: { name: 'push.raw_bytes_max' } });
    }, 16);
  });

  test('a zstd frame that wants a window of 128 MB is refused', async () => {
    const noise = Buffer.alloc(2 ** 20);
    const frame = zstdCompressSync(noise, { params: { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 } });
    const large = Buffer.from(frame);
    // The window's exponent stands in the upper five bits of the byte behind the descriptor, from 2^10 on.
    large[5] = (27 - 10) << 3;
    await heapLimit(async () => {
      await expect(decode(large, 'zstd')).rejects.toMatchObject({ code: 'push_compression' });
    }, 32);
  });

  test.each([2 ** 20 + 1, 2 ** 30, 2 ** 32 - 1])('a snappy block that claims %i bytes', async (claimed) => {
    await heapLimit(async () => {
      await expect(protobuf(Buffer.from([...varint(claimed), 0]), { rawBytesMax: 2 ** 20 })).rejects.toMatchObject({ code: 'body_too_large', details: { name: 'push.raw_bytes_max' } });
    }, 16);
  });

  test.each([[2 ** 32, 0], [100 * 2 ** 20, 0], [9, 2]])('a snappy block that claims %i bytes of %i', async (claimed, length) => {
    await expect(protobuf(Buffer.from([...varint(claimed), ...Buffer.alloc(length)]))).rejects.toMatchObject({ code: 'push_snappy', message: 'snappy: corrupt input' });
  });

  test('a full snappy bomb', async () => {
    const bomb = compressSync(Buffer.alloc(64 * 2 ** 20));
    await expect(protobuf(bomb)).rejects.toMatchObject({ status: 400 });
    await expect(protobuf(bomb, { rawBytesMax: 2 ** 20 })).rejects.toMatchObject({ code: 'body_too_large' });
  });

  test('too many streams, entries, metadata pairs, label pairs', async () => {
    const many = async (message: number[], count: number, limits: Partial<PushBodyLimits>) => protobuf(compressSync(Buffer.concat(Array.from({ length: count }, () => Buffer.from(message)))), limits);
    await expect(many([0x0a, 0], 2000, { streamsMax: 1000 })).rejects.toMatchObject({ code: 'push_too_many', status: 413, details: { name: 'push.streams_max' } });
    await expect(many([0x0a, 2, 0x12, 0], 2000, { entriesMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.entries_max' } });
    await expect(many([0x0a, 4, 0x12, 2, 0x1a, 0], 2000, { metadataPairsMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.metadata_pairs_max' } });
    await expect(many([0x0a, 8, 0x12, 6, 0x1a, 0, 0x1a, 0, 0x1a, 0], 1, { entryPairsMax: 2 })).rejects.toMatchObject({ details: { name: 'push.entry_pairs_max' } });
    const labels = `{${Array.from({ length: 600 }, (_, i) => `l${i}="v"`).join(',')}}`;
    const stream = protobufOf([{ labels: [], labelText: labels, entries: [] }]);
    await expect(protobuf(compressSync(Buffer.concat([stream, stream])), { labelPairsMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.label_pairs_max' } });
    await expect(protobuf(compressSync(stream), { labelsBytesMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.labels_bytes_max' } });
    const object = JSON.stringify({ streams: [{ stream: { a: 'x'.repeat(2000) } }] });
    await expect(decode(Buffer.from(object), undefined, { labelsBytesMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.labels_bytes_max' } });
  });

  test('a label bomb of the default limits is refused in bounded memory', async () => {
    const stream = protobufOf([{ labels: [], labelText: `{${'a="b",'.repeat(170_000)}}`, entries: [] }]);
    await heapLimit(async () => {
      await expect(protobuf(compressSync(Buffer.concat(Array.from({ length: 60 }, () => stream))))).rejects.toMatchObject({ code: 'push_too_many' });
    }, 512);
  });
});

test('a big body leaves the event loop to others', async () => {
  const values = Array.from({ length: 200_000 }, (_, i) => [String(i), 'a line with "quotes" '.repeat(4)]);
  const body = Buffer.from(JSON.stringify({ streams: [{ stream: { a: 'b' }, values }] }));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const raw = await decodeLokiPush({ body, contentType: 'application/json' });
  clearInterval(timer);
  expect(raw.rows).toBe(200_000);
  expect(turns).toBeGreaterThan(0);
});

test('an abort ends the work', async () => {
  const values = Array.from({ length: 200_000 }, (_, i) => [String(i), 'x'.repeat(80)]);
  const body = Buffer.from(JSON.stringify({ streams: [{ stream: { a: 'b' }, values }] }));
  await expect(decodeLokiPush({ body, contentType: 'application/json', signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
});
