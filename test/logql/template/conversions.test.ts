import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseGoDuration } from '../../../src/model/mod.ts';
import { parseBytesGo, parseDurationGo, parseFloatGo, parseIntegerGo } from '../../../src/logql/template/conversions.ts';

describe('evaluates', () => {
  test.each([
    ['839.78', 839.78], ['-.5', -0.5], ['5.', 5], ['1e3', 1000], ['+1E-2', 0.01], ['Inf', Infinity], ['-infinity', -Infinity], ['0x1p-2', 0.25], ['1_000', 1000], ['nan', Number.NaN],
  ])('float %s', (text, value) => {
    expect(parseFloatGo(text)).toEqual({ value, error: null });
  });

  test.each([['79ms', 79e6], ['1m19s', 79e9], ['1.5h', 5_400e9], ['-2m30s', -150e9], ['0', 0], ['1h1us', 3600e9 + 1000], ['22.85ms', 22_850_000], ['1.0000005s', 1_000_000_500], ['.5s', 5e8]])('duration %s', (text, value) => {
    expect(parseDurationGo(text)).toEqual({ value, error: null });
  });

  test.each([['5 MiB', 5_242_880], ['12kB', 12_000], ['1.5GB', 1.5e9], ['42', 42], ['3K', 3000], ['1,024', 1024], ['1 ki', 1024]])('bytes %s', (text, value) => {
    expect(parseBytesGo(text)).toEqual({ value, error: null });
  });

  test.each([['10', 10n], ['0x1F', 31n], ['010', 8n], ['0b11', 3n], ['-7', -7n], ['08', null], ['9223372036854775808', null], ['', null], ['1.5', null]])('integer %s', (text, value) => {
    expect(parseIntegerGo(text)).toBe(value);
  });
});

describe('errors', () => {
  test.each([
    [parseFloatGo, 'abc', 'strconv.ParseFloat: parsing "abc": invalid syntax'],
    [parseFloatGo, '', 'strconv.ParseFloat: parsing "": invalid syntax'],
    [parseFloatGo, '1e999', 'strconv.ParseFloat: parsing "1e999": value out of range'],
    [parseFloatGo, '1__0', 'strconv.ParseFloat: parsing "1__0": invalid syntax'],
    [parseDurationGo, 'x', 'time: invalid duration "x"'],
    [parseDurationGo, '5', 'time: missing unit in duration "5"'],
    [parseDurationGo, '5x', 'time: unknown unit "x" in duration "5x"'],
    [parseDurationGo, '', 'time: invalid duration ""'],
    [parseDurationGo, '9999999h', 'time: invalid duration "9999999h"'],
    [parseBytesGo, '5 foo', 'unhandled size name: foo'],
    [parseBytesGo, 'x', 'strconv.ParseFloat: parsing "": invalid syntax'],
  ] as const)('%o %s', (convert, text, error) => {
    expect(convert(text).error).toBe(error);
  });
});

describe('edge cases', () => {
  test('durations agree with the other reader of them', () => {
    const part = fc.tuple(fc.nat(99_999), fc.option(fc.nat(999_999)), fc.constantFrom('ns', 'us', 'µs', 'ms', 's', 'm', 'h')).map(([whole, fraction, unit]) => `${whole}${fraction === null ? '' : `.${fraction}`}${unit}`);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        expect(BigInt(parseDurationGo(parts.join('')).value)).toBe(BigInt(Number(parseGoDuration(parts.join('')) ?? 0n)));
      }),
    );
  });
});
