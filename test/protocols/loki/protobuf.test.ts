import fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { decodeLokiPush, timeUnset } from '../../../src/protocols/mod.ts';
import { expected, plainOf, pushes } from './plain.ts';
import { protobufOf, snappyOf } from './wire.ts';

const decode = async (raw: Uint8Array) => decodeLokiPush({ body: compressSync(Buffer.from(raw)), contentType: 'application/x-protobuf' });
const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('protobuf push', () => {
  test('gives back what a naive writer wrote', async () => {
    await fc.assert(fc.asyncProperty(pushes('bytes'), async (streams) => {
      const raw = await decodeLokiPush({ body: snappyOf(streams), contentType: 'application/x-protobuf' });
      expect(plainOf(raw)).toEqual(expected(streams));
    }), { numRuns: 300 });
  });

  test('does not change the body', async () => {
    const body = snappyOf([{ labels: [['a', 'b']], entries: [{ timeNs: 1n, line: Buffer.from('x'), metadata: [] }] }]);
    const before = Buffer.from(body);
    await decodeLokiPush({ body, contentType: 'application/x-protobuf' });
    expect(body).toEqual(before);
  });

  test.each([
    ['an empty entry has no time', '0a 02 12 00', timeUnset, ''],
    ['an empty timestamp is 1970', '0a 04 12 02 0a 00', 0n, ''],
    ['year 1 is no time', '0a 0f 12 0d 0a 0b 08 80 92 b8 c3 98 fe ff ff ff 01', timeUnset, ''],
    ['a time before 1970', '0a 0f 12 0d 0a 0b 08 ff ff ff ff ff ff ff ff ff 01', -1_000_000_000n, ''],
    ['the last second of a repeated field counts', '0a 08 12 06 0a 04 08 01 08 02', 2_000_000_000n, ''],
    ['the last line of a repeated field counts', '0a 08 12 06 12 01 61 12 01 62', timeUnset, 'b'],
    ['entries may stand before the labels', '0a 0e 12 03 12 01 61 0a 07 7b 61 3d 60 62 60 7d', timeUnset, 'a'],
    ['tags may be written long', '0a 05 12 03 92 00 00', timeUnset, ''],
    ['unknown fields of all wire types, and groups', '0a 1c 12 03 12 01 61 78 05 79 0102030405060708 7a 01 00 7d 01020304 7b 08 01 7c', timeUnset, 'a'],
  ])('%s', async (_, bytes, timeNs, line) => {
    const raw = await decode(hex(bytes));
    expect([raw.rows, raw.timeNs[0], raw.bytes.toString('utf8', raw.lineStart[0], raw.lineStart[0]! + raw.lineLength[0]!)]).toEqual([1, timeNs, line]);
  });

  test.each([
    ['0a', 'unexpected EOF'],
    ['0a 05 00', 'unexpected EOF'],
    ['0a 04 12 05 12 00', 'unexpected EOF'],
    ['08 01', 'proto: wrong wireType = 0 for field Streams'],
    ['0a 02 08 01', 'proto: wrong wireType = 0 for field Labels'],
    ['0a 04 12 02 08 01', 'proto: wrong wireType = 0 for field Timestamp'],
    ['04', 'proto: PushRequest: illegal tag 0 (wire type 4)'],
    ['14', 'proto: PushRequest: wiretype end group for non-group'],
    ['16', 'proto: illegal wireType 6'],
    ['80 80 80 80 80 80 80 80 80 80 01', 'proto: integer overflow'],
    ['0a ff ff ff ff ff ff ff ff ff 01', 'proto: negative length found during unmarshaling'],
    ['0a 0a 12 08 0a 06 10 80 94 eb dc 03', 'nanos not in range [0, 1e9)'],
    ['13'.repeat(200), 'proto: groups nested more than 100 deep'],
  ])('refuses %s', async (bytes, reason) => {
    await expect(decode(hex(bytes))).rejects.toMatchObject({ code: 'push_protobuf', status: 400, message: expect.stringContaining(reason) });
  });

  test('a time outside 64 bits of nanoseconds is the last one, or refused', async () => {
    const of = (seconds: bigint) => protobufOf([{ labels: [], entries: [{ timeNs: seconds * 1_000_000_000n, line: new Uint8Array(), metadata: [] }] }]);
    expect((await decode(of(9_223_372_037n))).timeNs[0]).toBe(2n ** 63n - 1n);
    await expect(decode(of(-9_223_372_037n))).rejects.toMatchObject({ code: 'push_protobuf' });
    await expect(decode(of(253_402_300_800n))).rejects.toMatchObject({ code: 'push_protobuf' });
  });
});
