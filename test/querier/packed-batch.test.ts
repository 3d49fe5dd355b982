import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/logql/mod.ts';
import { labelSet } from '../../src/model/mod.ts';
import { packBatch, unpackBatch } from '../../src/querier/mod.ts';

const row = fc.record({
  timeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), position: fc.nat({ max: Number.MAX_SAFE_INTEGER }), index: fc.nat({ max: 2 ** 32 - 1 }), partition: fc.nat({ max: 1000 }), labels: fc.nat({ max: 1 }), line: fc.uint8Array({ maxLength: 20 }),
});
const labels = [{ stream: labelSet([['a', 'b']]), structuredMetadata: [], parsed: labelSet([['c', 'd']]) }, { stream: [], structuredMetadata: [], parsed: [], origin: labelSet([['e', 'f']]) }];

test('a batch comes out as it went in, also through another thread', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), fc.option(fc.boolean(), { nil: undefined }), (rows, full) => {
      // Lines are views of something larger, as scans give them.
      const whole = Buffer.concat(rows.map(({ line }) => line));
      let at = 0;
      const views = rows.map((one) => ({ ...one, line: whole.subarray(at, (at += one.line.length)) }));
      const batch: Batch = { kind: 'batch', stats: { rows: 3, bytes: 4, rowsMatched: 2 }, labels, rows: views, ...(full === undefined ? {} : { full }) };
      const { packed, buffers } = packBatch(batch);
      const { rows: unpacked, ...rest } = unpackBatch(structuredClone(packed, { transfer: [...buffers] }));
      expect(rest).toEqual({ kind: 'batch', stats: batch.stats, labels, ...(full === undefined ? {} : { full }) });
      expect(unpacked.map((one) => ({ ...one, line: Buffer.from(one.line).toString('hex') }))).toEqual(rows.map((one) => ({ ...one, line: Buffer.from(one.line).toString('hex') })));
    }),
  );
});
