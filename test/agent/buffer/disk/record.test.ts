import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../../agent/buffer/batch.ts';
import { decodeRecord, encodeRecord, readRecordHeader, recordChecksum, recordHeaderBytes } from '../../../../agent/buffer/disk/record.ts';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { batchOf, contentOf, stream, webStream, type TestLine } from '../batches.ts';

const streams = [webStream, stream({ app: 'db', pod: 'é' }), stream({ app: 'web', namespace: 'shop' }, 'team'), stream({})];
const line: fc.Arbitrary<TestLine> = fc.record({
  line: fc.oneof(fc.string(), fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
  seconds: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 1_700_000_000, max: 9_000_000_000 })),
  nanos: fc.nat(999_999_999),
  stream: fc.constantFrom(...streams),
}, { requiredKeys: ['line', 'seconds', 'nanos', 'stream'] }).chain((base) => fc.option(fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1, maxKeys: 3 }), { nil: undefined })
  .map((metadata) => (metadata === undefined ? base : { ...base, metadata })));

describe('records of the disk buffer', () => {
  it('give back what went in, any rows of a batch, into memory that was used before', () => {
    const used = batchOf(['x'.repeat(5000), 'y']);
    fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), fc.array(fc.nat(39), { minLength: 1 }), (lines, picks) => {
      const batch = batchOf(lines);
      const rows = Uint32Array.from(new Set(picks.map((pick) => pick % lines.length))).sort();
      const record = encodeRecord(batch, rows);
      expect(readRecordHeader(record, 0)).toEqual({ bodyBytes: record.length - recordHeaderBytes, rawBytes: expect.any(Number), rows: rows.length, checksum: recordChecksum(record) });
      const content = contentOf(batch);
      used.clear();
      decodeRecord(record, used);
      expect(contentOf(used)).toEqual(Array.from(rows, (row) => content[row]));
      expect(used.bytes).toBeGreaterThan(0);
    }), { numRuns: 200 });
  });

  it('throws, and nothing else, for cut and changed bytes', () => {
    const record = encodeRecord(batchOf(Array.from({ length: 50 }, (_, i) => ({ line: `line ${i}`, metadata: { k: String(i) } }))), allRows(50));
    fc.assert(fc.property(fc.nat(record.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const bytes = cut ? record.subarray(0, at) : Buffer.from(record);
      if (!cut) bytes[at] = byte;
      try {
        decodeRecord(bytes, new Batch(16));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }), { numRuns: 500 });
  });

  it('reads what version 1 wrote', () => {
    const record = readFileSync(new URL('../../../compat/agent-buffer/v1.buffer', import.meta.url));
    const batch = new Batch(16);
    expect(readRecordHeader(record, 0)?.checksum).toBe(recordChecksum(record));
    decodeRecord(record, batch);
    expect(contentOf(batch)).toEqual([
      { seconds: 1_795_132_800, nanos: 1, line: 'first', metadata: '', labels: [{ name: 'app', value: 'web' }, { name: 'namespace', value: 'shop' }], tenant: undefined },
      { seconds: 1_795_132_801, nanos: 999_999_999, line: '\xff\x00 no text', metadata: Buffer.from('\x01k\x01v').toString('hex'), labels: [{ name: 'app', value: 'db' }], tenant: 'team' },
    ]);
  });
});
