import { describe, expect, it, test } from 'vitest';
import { formatBinarySize, parseConfigSize, parseSize } from '../../src/model/mod.ts';

test.each([
  ['1', 1], ['1B', 1], ['1KB', 1000], ['1kb', 1000], ['1KiB', 1024], ['1.5MB', 1_500_000], ['1 GiB', 2 ** 30], ['1,000', 1000], ['2k', 2000], ['2Ki', 2048], ['.5KB', 500], ['1.KB', 1000], [' 5TB ', 5e12],
])('LogQL reads "%s" as %d', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(['', 'KB', '1XB', '1.2.3', '-1KB', '1e3', '1KBB', ',', '.'])('LogQL does not read "%s"', (text) => expect(parseSize(text)).toBeUndefined());

test.each([
  ['0', 0], ['100', 100], ['256KB', 262_144], ['256KiB', 262_144], ['4MB', 4_194_304], ['1.5gb', 1_610_612_736], ['1k', 1024], ['10 B', 10],
])('the configuration reads "%s" as %d', (text, bytes) => expect(parseConfigSize(text)).toBe(bytes));

test.each(['', 'MB', '1XB', '-1', '1.2.3', '.5MB', '1e3'])('the configuration does not read "%s"', (text) => expect(parseConfigSize(text)).toBeUndefined());

describe('formatBinarySize', () => {
  it.each<[number, string]>([[0, '0 B'], [9, '9 B'], [10, '10 B'], [1000, '1000 B'], [1024, '1.0 KiB'], [10_240, '10 KiB'], [38_912, '38 KiB'], [1_572_864, '1.5 MiB'], [2 ** 40, '1.0 TiB']])('%d is %s', (bytes, text) => {
    expect(formatBinarySize(bytes)).toBe(text);
  });
});
