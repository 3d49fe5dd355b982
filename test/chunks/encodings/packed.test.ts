import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packedBytes, packedWidth, readPacked, unpack, unpackSums, writePacked } from '../../../src/chunks/encodings/packed.ts';

const maxima = [0, 1, 0xff, 0x100, 0xffff, 0x1_0000, 0xff_ffff, 0x100_0000, 0xffff_ffff, 0x1_0000_0000, 2 ** 40 - 1, 2 ** 40, 2 ** 48 - 1, 2 ** 48, Number.MAX_SAFE_INTEGER];

test.each([
  [0, 0], [1, 1], [0xff, 1], [0x100, 2], [0xffff, 2], [0x1_0000, 3], [0xff_ffff, 3], [0x100_0000, 4], [0xffff_ffff, 4], [0x1_0000_0000, 5],
  [2 ** 40 - 1, 5], [2 ** 40, 6], [2 ** 48 - 1, 6], [2 ** 48, 8], [Number.MAX_SAFE_INTEGER, 8],
])('%d needs %d bytes', (max, width) => {
  expect(packedWidth(max)).toBe(width);
});

describe.each(maxima)('numbers up to %d', (max) => {
  test('come back, whole and in part, as they are and summed', () => {
    const cases = fc.record({
      values: fc.array(fc.integer({ min: 0, max }), { maxLength: 50 }).map((values) => [max, 0, ...values]),
      at: fc.constantFrom(0, 8, 64),
    });
    fc.assert(
      fc.property(cases, ({ values, at }) => {
        const width = packedWidth(max);
        const bytes = packedBytes(width, values.length);
        const target = new ArrayBuffer(at + bytes + 8);
        writePacked(target, at, Float64Array.from(values), values.length, 0, 1, width);
        const packed = readPacked(new Uint8Array(target, 0, at + bytes), at, values.length);
        if (typeof packed === 'string') throw new Error(packed);
        const out = new Float64Array(values.length + 2);
        unpack(packed, 0, values.length, out, 1);
        expect([...out.subarray(1, values.length + 1)]).toEqual(values);
        unpack(packed, 1, values.length, out, 0);
        expect([...out.subarray(0, values.length - 1)]).toEqual(values.slice(1));
        unpackSums(packed, 1, values.length, 7, out, 1);
        const sums = [7];
        for (const value of values.slice(1)) sums.push(sums.at(-1)! + value);
        expect([...out.subarray(1, values.length + 1)]).toEqual(sums);
      }),
      { numRuns: 30 },
    );
  });
});

test('base and scale', () => {
  const values = [-3_000_000, 5_000_000, 1_000_000];
  const target = new ArrayBuffer(packedBytes(1, 3));
  writePacked(target, 0, Float64Array.from(values), 3, -3_000_000, 1_000_000, 1);
  const packed = readPacked(new Uint8Array(target), 0, 3);
  if (typeof packed === 'string') throw new Error(packed);
  const out = new Float64Array(4);
  unpack(packed, 0, 3, out, 0);
  expect([...out.subarray(0, 3)]).toEqual(values);
  unpackSums(packed, 0, 3, 10_000_000, out, 0);
  expect([...out]).toEqual([10_000_000, 7_000_000, 12_000_000, 13_000_000]);
});

test('damage is told, not read', () => {
  const target = new ArrayBuffer(packedBytes(4, 10));
  writePacked(target, 0, new Float64Array(10).fill(70_000), 10, 0, 1, 4);
  const bytes = (change: (view: DataView) => void): Uint8Array => {
    const copy = target.slice(0);
    change(new DataView(copy));
    return new Uint8Array(copy);
  };
  expect(readPacked(bytes(() => undefined), 0, 10)).toBeTypeOf('object');
  expect(readPacked(bytes(() => undefined), 0, 11)).toContain('10 packed numbers where 11 belong');
  expect(readPacked(bytes(() => undefined).subarray(0, 20), 0, 10)).toContain('cut');
  expect(readPacked(bytes(() => undefined).subarray(0, 60), 0, 10)).toContain('cut');
  expect(readPacked(bytes((view) => view.setUint32(16, 7, true)), 0, 10)).toContain('7 bytes');
  expect(readPacked(bytes((view) => view.setUint32(16, 8, true)), 0, 10)).toContain('cut');
  expect(readPacked(bytes((view) => view.setFloat64(0, NaN, true)), 0, 10)).toContain('no sense');
  expect(readPacked(bytes((view) => view.setFloat64(8, 0, true)), 0, 10)).toContain('no sense');
  expect(readPacked(bytes((view) => view.setFloat64(8, 0.5, true)), 0, 10)).toContain('no sense');
});
