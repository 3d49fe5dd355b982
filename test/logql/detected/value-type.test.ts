import { describe, expect, it } from 'vitest';
import { fieldType, listedValue, type FieldType } from '../../../src/logql/detected/value-type.ts';

// What strconv, time and go-humanize make of these values was asked of Go itself (60,000 generated ones once, by hand).
describe('fieldType', () => {
  it.each<[FieldType, readonly string[]]>([
    ['int', ['0', '-7', '+5', '007', '9223372036854775807', '-9223372036854775808', '1', '0000000000000000000000000001']],
    ['float', ['9223372036854775808', '-9223372036854775809', '1e5', '.5', '5.', '0x1p-2', 'NaN', '-inf', 'Infinity', '1_000', '99999999999999999999']],
    ['boolean', ['true', 'False', 'T', 'f', 'TRUE']],
    ['duration', ['5m', '1h30m', '1.5s', '-3ms', '12µs', '2562047h47m16.854775807s']],
    ['bytes', ['5MB', '1.5 kib', '12k', '1,000', '16g', '3 b']],
    ['string', ['', ' ', 'abc', '1e400', '1h 30m', '0x10', '+5MB', '1.5.5k', '19EB', 'tRUE', '1__0', '99999999999999999999h', 'n/a', '-']],
  ])('%s', (type, values) => {
    expect(values.map((value) => [value, fieldType(value)])).toEqual(values.map((value) => [value, type]));
  });
});

describe('listedValue', () => {
  it.each([
    ['66kB', '66kB'], ['1024kib', '1.0MB'], ['5242880b', '5.2MB'], ['1000MB', '1.0GB'], ['9b', '9B'], ['10b', '10B'], ['12512K', '12MB'], ['13512K', '14MB'], ['12.6k', '13kB'],
    // As in Loki minutes are taken for megabytes.
    ['5m', '5.0MB'], ['1EB', '1.0EB'],
    ['200', '200'], ['1,000', '1,000'], ['abc', 'abc'], ['web', 'web'], ['12ms', '12ms'], ['', ''],
  ])('lists %s as %s', (value, listed) => {
    expect(listedValue(value)).toBe(listed);
  });
});
