import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitsAt, bitWidth, packBits, packedBytes, unpackBits } from '../../../src/chunks/columns/bits.ts';

test('widths', () => {
  for (const [max, width] of [[0, 0], [1, 1], [2, 2], [255, 8], [256, 9], [2 ** 31, 32], [2 ** 32 - 1, 32], [2 ** 32, 33], [2 ** 53 - 1, 53]] as const) expect(bitWidth(max)).toBe(width);
});

test('the layout of the format page', () => {
  expect([...packBits(Uint32Array.of(1, 2, 3, 4, 5), 5, 3)]).toEqual([0b11_010_001, 0b0_101_100_0]);
  expect([...packBits(Float64Array.of(2 ** 40 + 3), 1, 41)]).toEqual([3, 0, 0, 0, 0, 1]);
  expect(packBits(Uint32Array.of(0, 0), 2, 0)).toHaveLength(0);
});

test('every width and count comes back, from any place, one by one too', () => {
  const packed = fc.integer({ min: 0, max: 53 }).chain((width) => fc.tuple(fc.constant(width), fc.array(fc.maxSafeInteger().map((n) => Math.abs(n) % 2 ** width), { maxLength: 70 })));
  fc.assert(
    fc.property(packed, fc.nat(7), ([width, values], shift) => {
      const count = values.length;
      const bytes = packBits(Float64Array.from(values), count, width);
      expect(bytes).toHaveLength(packedBytes(count, width));
      if (width <= 32) expect(packBits(Uint32Array.from(values), count, width)).toEqual(bytes);
      // Bytes around that must not be seen.
      const around = Buffer.alloc(bytes.length + shift + 9, 0xff);
      around.set(bytes, shift);
      const page = around.subarray(shift, shift + bytes.length);
      const targets = [new Float64Array(count + 1), ...(width <= 32 ? [new Uint32Array(count + 1)] : []), ...(width <= 16 ? [new Uint16Array(count + 1)] : []), ...(width <= 8 ? [new Uint8Array(count + 1), new Uint8Array(count + 9).subarray(shift, shift + count + 1)] : [])];
      for (const target of targets) {
        target[count] = 77;
        unpackBits(page, count, width, target);
        expect(Array.from(target)).toEqual([...values, 77]);
      }
      for (const [i, value] of values.entries()) expect(bitsAt(page, i, width)).toBe(value);
    }),
    { numRuns: 2000 },
  );
});

test('more bits than a target holds are refused', () => {
  expect(() => unpackBits(new Uint8Array(10), 1, 40, new Uint32Array(1))).toThrow(TypeError);
});
