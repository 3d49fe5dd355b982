import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultPushBodyLimits, RawBatchBuilder, selectRows } from '../../src/protocols/mod.ts';
import { plainRows } from './plain-rows.ts';

it('keeps the entries that are named, with their streams', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 8 }), fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (sizes, wanted) => {
      const builder = new RawBatchBuilder(defaultPushBodyLimits, 4);
      const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => String.fromCharCode(97 + (i % 26))).join(''));
      for (const [stream, size] of sizes.entries()) {
        const firstRow = builder.rows;
        for (let i = 0; i < size; i++) {
          builder.addRow();
          builder.setLine(builder.rows, 2);
          builder.setTime(builder.rows, 0);
          for (let pair = 0; pair < i; pair++) builder.addPair(pair, 1, builder.rows, 1);
        }
        builder.endStream([{ name: 'stream', value: String(stream) }], firstRow);
      }
      const batch = builder.finish(bytes, '');
      const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => wanted[row]);
      expect(plainRows(selectRows(batch, rows))).toEqual(plainRows(batch).filter((_, row) => wanted[row]));
    }),
  );
});
