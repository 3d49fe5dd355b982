import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultPushBodyLimits, RawBatchBuilder, timeUnset } from '../../src/protocols/mod.ts';

test('times in doubles are exact', () => {
  const edge = fc.constantFrom(0, 1, 4, 5, 65_535, 65_536, 1_795_358_212, 4_294_967_295, 4_294_967_296, 9_223_372_035);
  fc.assert(fc.property(fc.oneof(edge, fc.nat({ max: 9_223_372_035 })), fc.oneof(fc.constantFrom(0, 999_999_999), fc.nat({ max: 999_999_999 })), (seconds, nanos) => {
    const builder = new RawBatchBuilder(defaultPushBodyLimits, 1);
    builder.addRow();
    builder.setTime(seconds, nanos);
    expect(builder.finish(Buffer.alloc(0), '').timeNs[0]).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  }), { numRuns: 3000 });
});

test('columns grow and shrink', () => {
  const builder = new RawBatchBuilder(defaultPushBodyLimits, 0);
  for (let row = 0; row < 1000; row++) {
    builder.addRow();
    builder.setLine(row, 1);
    builder.setTimeNs(BigInt(-row));
    for (let pair = 0; pair < row % 3; pair++) builder.addPair(row, 1, pair, 1);
  }
  builder.truncate(500);
  builder.addRow();
  builder.endStream([], 0);
  const raw = builder.finish(Buffer.alloc(2000), 's');
  expect(raw.rows).toBe(501);
  expect([raw.lineStart[499], raw.lineLength[500], raw.timeNs[499], raw.timeNs[500]]).toEqual([499, 0, -499n, timeUnset]);
  expect(raw.pairs.length / 4).toBe(499);
  expect([raw.pairStart[0], raw.pairStart[3], raw.pairStart[501]]).toEqual([0, 3, 499]);
  expect(raw.streams).toEqual([{ labels: [], firstRow: 0, rows: 501 }]);
});

test('the limits hold to the entry', () => {
  const builder = new RawBatchBuilder({ ...defaultPushBodyLimits, entriesMax: 100 }, 0);
  for (let row = 0; row < 100; row++) builder.addRow();
  expect(builder.finish(Buffer.alloc(0), '').rows).toBe(100);
  expect(() => { builder.addRow(); }).toThrow('the push holds more than 100 entries (push.entries_max)');
});

test('takes pairs that several entries have, and times as words', () => {
  const builder = new RawBatchBuilder({ ...defaultPushBodyLimits, metadataPairsMax: 100, entryPairsMax: 40 }, 0);
  const shared = Uint32Array.from({ length: 160 }, (_, i) => i);
  for (let row = 0; row < 3; row++) {
    builder.addRow();
    builder.addPair(1000, 1, 1001, 1);
    builder.addPairs(shared, row * 10);
    builder.setTimeWords(7, row === 2 ? 0xffffffff : 1);
    if (row === 1) builder.endStream([{ name: 'a', value: 'b' }], 0, 1);
  }
  const raw = builder.finish(Buffer.alloc(2000), '');
  expect(Array.from(raw.pairStart)).toEqual([0, 1, 12, 33]);
  expect(Array.from(raw.pairs.subarray(4, 16))).toEqual([1000, 1, 1001, 1, 0, 1, 2, 3, 4, 5, 6, 7]);
  expect(raw.pairs.at(-1)).toBe(79);
  expect(Array.from(raw.timeNs)).toEqual([4_294_967_303n, 4_294_967_303n, -4_294_967_289n]);
  expect(raw.streams).toEqual([{ labels: [{ name: 'a', value: 'b' }], firstRow: 0, rows: 1 }]);
  builder.addRow();
  builder.addPair(0, 0, 0, 0);
  expect(() => builder.addPairs(shared, 40)).toThrow('40 pairs of structured metadata in one entry (push.entry_pairs_max)');
  for (let row = 0; row < 2; row++) {
    builder.addRow();
    builder.addPairs(shared, 40);
  }
  builder.addRow();
  expect(() => builder.addPairs(shared, 40)).toThrow('100 pairs of structured metadata (push.metadata_pairs_max)');
});
