import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digitsOf, integerBytesMax, parseInteger, textNumber, writeDigits, writeInteger } from '../../../src/chunks/columns/numbers.ts';

test('whole numbers are written as String does, and read back', () => {
  const numbers = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -200, max: 200 }), fc.nat(15).chain((power) => fc.constantFrom(10 ** power, 10 ** power - 1, -(10 ** power), 2 ** (3 * power), 2 ** 31, 2 ** 32)));
  fc.assert(
    fc.property(numbers, (number) => {
      const target = Buffer.alloc(40, 0x7e);
      const end = writeInteger(target, 3, number);
      expect(target.toString('latin1', 0, end + 1)).toBe(`~~~${number}~`);
      expect(parseInteger(target, 3, end - 3)).toBe(number);
      expect(digitsOf(Math.abs(number))).toBe(String(Math.abs(number)).length);
      expect(integerBytesMax(Math.min(0, number), Math.max(0, number))).toBeGreaterThanOrEqual(end - 3);
    }),
    { numRuns: 3000 },
  );
});

test('only the one form is read', () => {
  for (const text of ['', '-', '-0', '00', '01', '+1', '1.0', '1e3', ' 1', '1 ', '9007199254740992', '99999999999999999', '-9007199254740992', '--1', '1-', '0x1', '/', ':']) expect(parseInteger(Buffer.from(text), 0, text.length), text).toBeNaN();
  for (const text of ['0', '-1', '9007199254740991', '-9007199254740991', '1000000000', '999999999', '2147483648']) expect(parseInteger(Buffer.from(text), 0, text.length)).toBe(Number(text));
});

test('digits with zeros in front', () => {
  const target = Buffer.alloc(20, 0x7e);
  writeDigits(target, 1, 42, 6);
  writeDigits(target, 8, 1_795_132_800, 10);
  expect(target.toString()).toBe('~000042~1795132800~~');
});

test('numbers of entries', () => {
  for (const [text, number] of [['200', 200], ['1.50', 1.5], ['-0.5', -0.5], ['0', 0], ['0.0', 0]] as const) expect(textNumber(Buffer.from(text), 0, text.length)).toBe(number);
  for (const text of ['', '-0', '-0.0', '1e5', '007', '.5', '5.', 'abc', '1'.repeat(40)]) expect(textNumber(Buffer.from(text), 0, text.length), text).toBeNull();
});
