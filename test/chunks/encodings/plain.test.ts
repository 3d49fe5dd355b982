import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlainPages, plainStarts } from '../../../src/chunks/encodings/plain.ts';
import { columnIds } from '../../../src/chunks/format.ts';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import { openPage } from '../../../src/chunks/page.ts';
import type { BytesColumn } from '../../../src/model/mod.ts';

function columnOf(lengths: readonly number[], gap: number): BytesColumn {
  const start = new Uint32Array(lengths.length);
  let at = 0;
  for (const [i, length] of lengths.entries()) {
    start[i] = at;
    at += length + gap;
  }
  const bytes = Buffer.alloc(at);
  for (let i = 0; i < at; i++) bytes[i] = (i * 7919) >> 3;
  return { bytes, start, length: Uint32Array.from(lengths) };
}

const wholeOf = (column: BytesColumn): Buffer => Buffer.concat(Array.from(column.start, (start, i) => Buffer.from(column.bytes.subarray(start, start + column.length[i]!))));

test('pages hold whole values and together all bytes, however they come', () => {
  const target = segmentLimits.bytesPageTarget;
  const length = fc.oneof({ weight: 6, arbitrary: fc.nat(2000) }, fc.constant(0), fc.integer({ min: target - 2, max: target + 2 }), fc.integer({ min: target >> 2, max: target }));
  fc.assert(
    fc.property(fc.array(length, { minLength: 1, maxLength: 40 }), fc.constantFrom(0, 1), fc.nat(40), (lengths, gap, cut) => {
      const column = columnOf(lengths, gap);
      const pages = new PlainPages(columnIds.line);
      const middle = Math.min(cut, lengths.length);
      pages.append(column, 0, middle);
      pages.append(column, middle, lengths.length);
      const sealed = pages.finish();
      let row = 0;
      const raws = sealed.map((page) => {
        const meta = { ...page.meta, offset: 0 };
        const starts = new Uint32Array(lengths.length);
        expect(plainStarts(Float64Array.from(lengths), row, meta.values, 100, starts)).toBe(meta.rawBytes);
        expect(starts[row]).toBe(100);
        expect(meta.values === 1 || meta.rawBytes <= target).toBe(true);
        row += meta.values;
        return openPage(meta, page.data, 'test');
      });
      expect(row).toBe(lengths.length);
      expect(Buffer.concat(raws).equals(wholeOf(column))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a block that lies about its bytes', () => {
  const pages = new PlainPages(columnIds.line);
  const column = { bytes: Buffer.alloc(10), start: Uint32Array.of(5), length: Uint32Array.of(6) };
  expect(() => pages.append(column, 0, 1)).toThrowError(/past the end/);
  const big = { bytes: Buffer.alloc(10), start: Uint32Array.of(0), length: Uint32Array.of(segmentLimits.bytesPageTarget + 1) };
  expect(() => pages.append(big, 0, 1)).toThrowError(/past the end/);
});

test('lengths that make no sense', () => {
  expect(plainStarts(Float64Array.of(4, -1, 1), 0, 3, 0, new Uint32Array(3))).toBe(-1);
  expect(plainStarts(Float64Array.of(4, NaN, 1), 0, 3, 0, new Uint32Array(3))).toBe(-1);
});
