import { readFileSync, writeFileSync } from 'node:fs';
import { Packr } from 'msgpackr';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, crc32c } from '../../src/bytes/mod.ts';
import { decodeManifest, encodeManifest, manifestKey, type Manifest } from '../../src/index/mod.ts';
import { dayStartNs, isSpoorError, timeNsMax, timeNsMin } from '../../src/model/mod.ts';
import { day, offset } from './content.ts';

const time = fc.bigInt({ min: timeNsMin, max: timeNsMax });
const key = fc.stringMatching(/^[a-z0-9]{1,20}(\/[a-z0-9=._-]{3,10}){0,3}$/);
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const manifest: fc.Arbitrary<Manifest> = fc.record({
  version: fc.constant(1 as const),
  partition: fc.integer({ min: 0, max: 99_999 }),
  first: fc.bigInt({ min: 1n, max: 2n ** 62n }),
  last: fc.bigInt({ min: 2n ** 62n, max: 2n ** 63n - 1n }),
  epoch: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  createdMs: count,
  segments: fc.array(fc.record({ key, size: count, rows: count, times: fc.tuple(time, time) }).map(({ times: [a, b], ...rest }) => ({ ...rest, minNs: a < b ? a : b, maxNs: a < b ? b : a })), { maxLength: 5 }),
  indexes: fc.array(
    fc.record({ key, size: count, tenant: fc.string({ minLength: 1, maxLength: 30 }), day, rows: count, streams: count, bytes: count, times: fc.tuple(offset, offset) })
      .map(({ times, ...rest }) => ({ ...rest, minNs: dayStartNs(rest.day) + BigInt(Math.min(...times)), maxNs: dayStartNs(rest.day) + BigInt(Math.max(...times)) })),
    { maxLength: 5 },
  ),
});

const sample: Manifest = {
  version: 1, partition: 3, first: 101n, last: 250n, epoch: 7n, createdMs: 1_767_225_600_000,
  segments: [{ key: 'segments/00003/101', size: 123_456, rows: 1000, minNs: -5n, maxNs: 1_767_225_600_000_000_000n }],
  indexes: [{ key: 'index/00003/101/0', size: 789, tenant: 'größe', day: -1, minNs: -5n, maxNs: -1n, rows: 10, streams: 2, bytes: 500 }, { key: 'index/00003/101/1', size: 7890, tenant: 'b', day: 20_454, minNs: 1_767_225_600_000_000_000n, maxNs: 1_767_225_600_000_000_001n, rows: 990, streams: 1, bytes: 5e10 }],
};

/** A manifest with a right frame around any payload. */
function frame(value: unknown, version = 1): Uint8Array {
  const payload = new Packr({ useRecords: false }).pack(value);
  return new ByteWriter().bytes(Buffer.from('SPMF')).u32(version).u32(payload.length).u32(crc32c(payload)).bytes(payload).view();
}

describe('manifest', () => {
  test('comes back as it was', () => {
    fc.assert(fc.property(manifest, (value) => {
      expect(decodeManifest(encodeManifest(value), 'k')).toEqual(value);
    }), { numRuns: 300 });
    expect(decodeManifest(encodeManifest(sample), 'k')).toEqual(sample);
  });

  test('cut, lengthened and flipped bytes are corruption, whatever they are', () => {
    const good = encodeManifest(sample);
    const refused = (bytes: Uint8Array): void => {
      expect(() => decodeManifest(bytes, 'k')).toThrow(expect.objectContaining({ code: 'corruption' }));
    };
    for (let length = 0; length < good.length; length++) refused(good.subarray(0, length));
    refused(Buffer.concat([good, Buffer.from([0])]));
    fc.assert(fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Uint8Array.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      refused(bytes);
    }));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => refused(bytes)));
    // A right frame around bytes that are no manifest.
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
      const bytes = new ByteWriter().bytes(Buffer.from('SPMF')).u32(1).u32(payload.length).u32(crc32c(payload)).bytes(payload).view();
      try {
        decodeManifest(bytes, 'k');
        expect.unreachable();
      } catch (error) {
        expect(isSpoorError(error, 'corruption'), String(error)).toBe(true);
      }
    }), { numRuns: 2000 });
  });

  const index = sample.indexes[1];
  test.each<[string, unknown]>([
    ['has no fields', []], ['has no fields', 'text'], ['has no fields', null],
    ['unknown field extra', { ...sample, extra: 1 }],
    ['no valid version', { ...sample, version: 2 }],
    ['no valid partition', { ...sample, partition: -1 }], ['no valid partition', { ...sample, partition: 1.5 }], ['no valid partition', { ...sample, partition: 100_000 }],
    ['no valid first', { ...sample, first: 101 }], ['no valid first', { ...sample, first: 0n }],
    ['goes from position', { ...sample, first: 251n }],
    ['no valid epoch', { ...sample, epoch: 'x' }],
    ['no valid createdMs', { ...sample, createdMs: -1 }],
    ['no valid segments', { ...sample, segments: {} }],
    ['has no fields in segments[0]', { ...sample, segments: [1] }],
    ['no valid segments[0].key', { ...sample, segments: [{ ...sample.segments[0], key: '../../etc/passwd' }] }],
    ['no valid segments[0].rows', { ...sample, segments: [{ ...sample.segments[0], rows: '5' }] }],
    ['go back in segments[0]', { ...sample, segments: [{ ...sample.segments[0], minNs: 5n, maxNs: 4n }] }],
    ['no valid indexes[0].tenant', { ...sample, indexes: [{ ...index, tenant: '' }] }],
    ['no valid indexes[0].day', { ...sample, indexes: [{ ...index, day: 0.5 }] }],
    ['outside of day', { ...sample, indexes: [{ ...index, day: 20_455 }] }],
    ['unknown field indexes[0].more', { ...sample, indexes: [{ ...index, more: 1 }] }],
    ['no valid indexes[0].maxNs', { ...sample, indexes: [{ ...index, maxNs: 2n ** 63n }] }],
  ])('%s is refused, read or written', (reason, value) => {
    expect(() => decodeManifest(frame(value), 'k')).toThrow(expect.objectContaining({ code: 'corruption', details: expect.objectContaining({ where: 'manifest k', reason: expect.stringContaining(reason) as string }) as object }));
    expect(() => encodeManifest(value as Manifest)).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  test('a later version is named', () => {
    expect(() => decodeManifest(frame(sample, 2), 'k')).toThrow('version 2 is unknown');
  });

  test('keys rise with positions', () => {
    expect(manifestKey(3, 101n)).toBe('manifests/00003/00000000000000000101');
    expect(manifestKey(99_999, 2n ** 63n - 1n)).toBe('manifests/99999/09223372036854775807');
    for (const [partition, first] of [[-1, 1n], [100_000, 1n], [0, 0n], [0.5, 1n]] as const) expect(() => manifestKey(partition, first)).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  test('golden file: version 1 reads as it was written', () => {
    const path = new URL('../compat/manifest/v1.manifest', import.meta.url);
    if (process.env['SPOOR_WRITE_GOLDEN'] === '1') writeFileSync(path, encodeManifest(sample));
    expect(decodeManifest(readFileSync(path), 'k')).toEqual(sample);
  });
});
