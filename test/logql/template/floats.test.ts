import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFloat, formatFloatAs } from '../../../src/logql/template/floats.ts';

test.each([
  [0, '0'],
  [-0, '-0'],
  [1.5, '1.5'],
  [100_000, '100000'],
  [839_999, '839999'],
  [1_000_000, '1e+06'],
  [12_345_678_901, '1.2345678901e+10'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1e100, '1e+100'],
  [Number.NaN, 'NaN'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
])('%d is %s', (value, text) => {
  expect(formatFloat(value)).toBe(text);
});

test.each<[number, 'e' | 'f' | 'g', number, string]>([
  [839.78, 'f', 1, '839.8'],
  [2.5, 'f', 0, '2'],
  [3.5, 'f', 0, '4'],
  [1e22, 'f', 1, '10000000000000000000000.0'],
  [0.1, 'f', 120, `0.1000000000000000055511151231257827021181583404541015625${'0'.repeat(65)}`],
  [1234.5, 'e', 2, '1.23e+03'],
  [100_000, 'g', 3, '1e+05'],
  [2.5, 'e', 0, '2e+00'],
  [9.96, 'e', 1, '1.0e+01'],
  [0.00012345, 'g', 3, '0.000123'],
  [0, 'e', 1, '0.0e+00'],
])('%d as %s.%d is %s', (value, verb, precision, text) => {
  expect(formatFloatAs(value, verb, precision)).toBe(text);
});

test('reads back as the same float', () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => Object.is(Number(formatFloat(value)), value)));
});
