import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { decodeLokiPush, defaultPushBodyLimits, type PushBodyLimits } from '../../../src/protocols/mod.ts';
import { protobufOf } from './wire.ts';

const json = Buffer.from('{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}');
const decode = async (body: Uint8Array, contentEncoding?: string, limits: Partial<PushBodyLimits> = {}, contentType = 'application/json') =>
  decodeLokiPush({ body, contentType, contentEncoding, limits: { ...defaultPushBodyLimits, ...limits } });
const protobuf = async (body: Uint8Array, limits: Partial<PushBodyLimits> = {}) => decode(body, undefined, limits, 'application/x-protobuf');
const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]);

describe('content', () => {
  test.each<[string | undefined, Uint8Array]>([[undefined, json], ['', json], ['snappy', json], ['gzip', gzipSync(json)], ['deflate', deflateRawSync(json)]])('encoding %s', async (encoding, body) => {
    expect((await decode(body, encoding)).rows).toBe(1);
  });

  test.each(['identity', 'GZIP', 'x-gzip', 'zstd', 'br', 'gzip, gzip'])('encoding %s is not known', async (encoding) => {
    await expect(decode(json, encoding)).rejects.toMatchObject({ code: 'push_encoding', message: `Content-Encoding "${encoding}" not supported` });
  });

  test.each([['gzip', json], ['gzip', gzipSync(json).subarray(0, 30)], ['gzip', Buffer.alloc(0)], ['deflate', deflateSync(json)], ['deflate', json]])('damaged %s', async (encoding, body) => {
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

  test.each([['gzip', gzipSync], ['deflate', deflateRawSync]] as const)('%s stops at the limit', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(256 * 2 ** 20, 0x20));
    await heapLimit(async () => {
      await expect(decode(bomb, encoding, { rawBytesMax: 2 ** 20 })).rejects.toMatchObject({ code: 'body_too_large', details: { name: 'push.raw_bytes_max' } });
    }, 64);
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
