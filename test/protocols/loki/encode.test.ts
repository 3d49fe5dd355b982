import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { labelSet } from '../../../src/model/mod.ts';
import { decodeLokiPush, PushEncoder } from '../../../src/protocols/mod.ts';
import { expected, plainOf, pushes } from './plain.ts';

describe('PushEncoder', () => {
  test('what it writes is read back, also when it is used again', async () => {
    const encoder = new PushEncoder(1024);
    await fc.assert(fc.asyncProperty(pushes('bytes'), fc.nat({ max: 5 }), async (streams, offset) => {
      const sent = streams.map((stream) => ({ ...stream, entries: stream.entries.filter((entry) => entry.timeNs >= 0n) }));
      for (const stream of sent) {
        encoder.stream(labelSet(stream.labels));
        for (const entry of stream.entries) {
          const padded = Buffer.concat([Buffer.alloc(offset), entry.line, Buffer.alloc(3)]);
          const metadata = entry.metadata.map(([name, value]) => ({ name, value }));
          encoder.entry(entry.timeNs, padded, offset, offset + entry.line.length, metadata.length === 0 ? undefined : encodeMetadata(metadata));
        }
      }
      expect(encoder.entries).toBe(sent.reduce((sum, stream) => sum + stream.entries.length, 0));
      const raw = await decodeLokiPush({ body: await encoder.finish(), contentType: 'application/x-protobuf' });
      expect(plainOf(raw)).toEqual(expected(sent));
      expect([encoder.bytes, encoder.entries]).toEqual([0, 0]);
    }), { numRuns: 200 });
  });

  test('lines and metadata of any length', async () => {
    const encoder = new PushEncoder();
    for (const length of [0, 127, 128, 16_383, 16_384, 300_000]) {
      encoder.stream([{ name: 'n', value: 'v'.repeat(length % 2000) }].filter((label) => label.value !== ''));
      encoder.entry(1_795_358_212_001_000_000n, Buffer.alloc(length, 0x61), 0, length, encodeMetadata([{ name: 'k'.repeat(200), value: 'w'.repeat(length) }]));
    }
    const raw = await decodeLokiPush({ body: await encoder.finish(), contentType: 'application/x-protobuf' });
    expect(plainOf(raw).map((stream) => [stream.entries[0]!.line.length, stream.entries[0]!.metadata[0]![1].length, stream.entries[0]!.timeNs])).toEqual(
      [0, 127, 128, 16_383, 16_384, 300_000].map((length) => [length, length, 1_795_358_212_001_000_000n]));
  });

  test('misuse throws', () => {
    const encoder = new PushEncoder();
    expect(() => { encoder.entry(1n, Buffer.from('x')); }).toThrow('without a stream');
    encoder.stream([]);
    expect(() => { encoder.entry(1n, Buffer.from('x'), 0, 1, Buffer.from([5, 1])); }).toThrow('metadata ends inside a pair');
  });
});
