import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMetadata, encodeMetadata } from '../../src/bytes/mod.ts';
import { decodeRecord, encodeRecord, LabelSets, recordBytesMax, recordId } from '../../src/journal/mod.ts';
import { isSpoorError, labelSet, type EntryBatch } from '../../src/model/mod.ts';

interface Entry {
  readonly timeNs: bigint;
  readonly line: Uint8Array;
  readonly metadata: readonly (readonly [string, string])[];
}

/** A batch from plain rows; `shift` puts unused bytes before the lines and metadata, as a batch cut out of a larger one has. */
function batchOf(tenant: string, streams: readonly { readonly labels: Record<string, string>; readonly entries: readonly Entry[] }[], shift = 0): EntryBatch {
  const entries = streams.flatMap((stream) => stream.entries);
  const lines = entries.map((entry) => entry.line);
  const metadata = entries.map((entry) => Buffer.from(encodeMetadata(labelSet(entry.metadata))));
  return {
    tenant,
    streams: streams.map((stream) => ({ labels: labelSet(Object.entries(stream.labels)), rows: stream.entries.length })),
    rows: entries.length,
    timeNs: BigInt64Array.from(entries.map((entry) => entry.timeNs)),
    lines: Buffer.concat([Buffer.alloc(shift, 1), ...lines, Buffer.alloc(shift, 2)]),
    lineStart: offsets(lines, shift),
    metadata: Buffer.concat([Buffer.alloc(shift, 3), ...metadata]),
    metadataStart: offsets(metadata, shift),
  };
}

function offsets(parts: readonly Uint8Array[], start: number): Uint32Array {
  const all = new Uint32Array(parts.length + 1).fill(start);
  for (const [i, part] of parts.entries()) all[i + 1] = all[i]! + part.length;
  return all;
}

/** A batch as plain values, to compare. */
function plain(batch: EntryBatch) {
  return {
    tenant: batch.tenant,
    streams: batch.streams,
    rows: Array.from({ length: batch.rows }, (_, i) => ({
      timeNs: batch.timeNs[i],
      line: Buffer.from(batch.lines.subarray(batch.lineStart[i], batch.lineStart[i + 1])).toString('latin1'),
      metadata: decodeMetadata(batch.metadata, batch.metadataStart[i]!, batch.metadataStart[i + 1]! - batch.metadataStart[i]!),
    })),
  };
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const entry: fc.Arbitrary<Entry> = fc.record({
  timeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  line: fc.uint8Array({ maxLength: 40 }),
  metadata: fc.array(fc.tuple(text, text), { maxLength: 3 }),
});
const streams = fc.array(fc.record({ labels: fc.dictionary(text, text, { maxKeys: 4 }), entries: fc.array(entry, { minLength: 1, maxLength: 6 }) }), { maxLength: 5 });

describe('a journal record', () => {
  test('comes back as it was, with nothing left over, however the batch was cut', () => {
    fc.assert(
      fc.property(text, streams, fc.nat({ max: 9 }), (tenant, streams, shift) => {
        const batch = batchOf(tenant, streams, shift);
        const record = encodeRecord(batch);
        expect(plain(decodeRecord(record, 'test'))).toEqual(plain(batch));
        // Equal batches are equal bytes, and so have one id.
        expect(Buffer.from(encodeRecord(batchOf(tenant, streams))).equals(record)).toBe(true);
        expect(Buffer.from(encodeRecord(decodeRecord(record, 'test'))).equals(record)).toBe(true);
      }),
    );
  });

  test('decodes to views where it is aligned, and to a copy where it is not', () => {
    const record = encodeRecord(batchOf('t', [{ labels: { a: 'b' }, entries: [{ timeNs: 5n, line: Buffer.from('line'), metadata: [['k', 'v']] }] }]));
    const decoded = decodeRecord(record, 'test');
    for (const column of [decoded.timeNs, decoded.lines, decoded.lineStart, decoded.metadata, decoded.metadataStart]) expect(column.buffer).toBe(record.buffer);
    for (let shift = 1; shift < 8; shift++) {
      const moved = new Uint8Array(record.length + shift).subarray(shift);
      moved.set(record);
      expect(plain(decodeRecord(moved, 'test'))).toEqual(plain(decoded));
    }
  });

  test('that is cut or has wrong bytes is `corruption`, or decodes', () => {
    fc.assert(
      fc.property(text, streams, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (tenant, streams, at, byte, cut) => {
        const record = encodeRecord(batchOf(tenant, streams));
        expectCorruptionOnly(() => decodeRecord(record.subarray(0, cut % record.length), 'test'), true);
        const damaged = Uint8Array.from(record);
        damaged[at % record.length] = byte;
        expectCorruptionOnly(() => decodeRecord(damaged, 'test'), false);
      }),
    );
  });

  test('of random bytes is `corruption`', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectCorruptionOnly(() => decodeRecord(bytes, 'test'), true)));
  });

  const record = encodeRecord(batchOf('t', [{ labels: { a: 'b' }, entries: [{ timeNs: 5n, line: Buffer.from('line'), metadata: [] }, { timeNs: 6n, line: Buffer.from('x'), metadata: [] }] }]));
  const damages: readonly (readonly [string, number, number, RegExp])[] = [
    ['magic', 0, 0, /not a journal record/],
    ['version', 4, 2, /record version 2 is not known/],
    ['rows of four thousand million', 8, 0xffffffff, /its header says/],
    ['streams of four thousand million', 12, 0xffffffff, /its header says/],
    ['length of labels', 16, 0xffffffff, /its header says/],
    ['length of lines', 20, 0xffffffff, /its header says/],
    ['reserved', 28, 1, /reserved/],
    ['first offset of lines', 48, 1, /offsets of lines/],
    ['falling offset of lines', 52, 9, /offsets of lines/],
    ['last offset of metadata', 68, 1, /offsets of metadata/],
    ['rows of a stream', 72, 3, /streams have 3 rows, the record 2/],
  ];
  test.each(damages)('names a wrong %s', (_what, at, value, message) => {
    const damaged = Buffer.from(record);
    damaged.writeUInt32LE(value, at);
    expect(() => decodeRecord(damaged, 'here')).toThrow(message);
    expect(() => decodeRecord(damaged, 'here')).toThrow(/damaged data in here at offset \d+/);
  });

  test('counts labels before it makes them', () => {
    // Tenant `t` and its length stand at 76, then the number of labels: 127 are claimed, 2 bytes are left of each.
    const damaged = Buffer.from(record);
    damaged.writeUInt8(127, 78);
    expect(() => decodeRecord(damaged, 'here')).toThrow(/number of labels is 127, over the limit/);
  });

  test('over the limit is refused on both sides', () => {
    const line = new Uint8Array(recordBytesMax);
    expect(() => encodeRecord(batchOf('t', [{ labels: {}, entries: [{ timeNs: 0n, line, metadata: [] }] }]))).toThrow(expect.objectContaining({ code: 'body_too_large' }));
    expect(() => decodeRecord(new Uint8Array(recordBytesMax + 1), 'here')).toThrow(/over the limit/);
  });

  test('of a batch that contradicts itself is not written', () => {
    const batch = batchOf('t', [{ labels: {}, entries: [{ timeNs: 0n, line: Buffer.from('x'), metadata: [] }] }]);
    expect(() => encodeRecord({ ...batch, streams: [{ labels: [], rows: 2 }] })).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});

test('a record id is 32 hex digits, the same for the same bytes only', () => {
  const id = recordId(Buffer.from('abc'));
  // SHA-256 of `abc`, FIPS 180-2 appendix B.1.
  expect(id).toBe('ba7816bf8f01cfea414140de5dae2223');
  expect(recordId(Buffer.from('abd'))).not.toBe(id);
});

function expectCorruptionOnly(act: () => unknown, mustThrow: boolean): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) expect(mustThrow).toBe(false);
  else expect(isSpoorError(thrown, 'corruption'), JSON.stringify(thrown)).toBe(true);
}

test('label sets that are known make no difference, also to damaged records', () => {
  const known = new LabelSets();
  const entry = { timeNs: 1n, line: Buffer.from('x'), metadata: [] };
  const record = encodeRecord(batchOf('t', [{ labels: { a: '1', b: 'ü' }, entries: [entry] }, { labels: {}, entries: [entry] }, { labels: { a: '1', b: 'ü' }, entries: [entry] }]));
  const plain = decodeRecord(record, 'x');
  const first = decodeRecord(record, 'x', known);
  expect(first).toEqual(plain);
  expect(first.streams[2]!.labels).toBe(first.streams[0]!.labels);
  expect(decodeRecord(record, 'x', known).streams[0]!.labels).toBe(first.streams[0]!.labels);
  const outcome = (bytes: Uint8Array, sets?: LabelSets): unknown => {
    try {
      return decodeRecord(bytes, 'x', sets).streams;
    } catch (error) {
      return isSpoorError(error) ? error.code : error;
    }
  };
  for (let at = 0; at < record.length; at++) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const damaged = Uint8Array.from(record);
      damaged[at] = value;
      expect(outcome(damaged, known)).toEqual(outcome(damaged));
    }
  }
});
