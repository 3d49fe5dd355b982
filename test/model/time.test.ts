import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayLengthNs, dayLengthNsNumber, dayOf, dayStartNs, formatRfc3339, parseRfc3339, timeNsMax, timeNsMin } from '../../src/model/mod.ts';

const anyTime = fc.bigInt({ min: timeNsMin, max: timeNsMax });

test('every time lies in the day that dayOf says', () => {
  fc.assert(
    fc.property(anyTime, (timeNs) => {
      const day = dayOf(timeNs);
      expect(dayStartNs(day) <= timeNs && timeNs < dayStartNs(day + 1)).toBe(true);
    }),
  );
  expect([0n, dayLengthNs - 1n, dayLengthNs, -1n, -dayLengthNs, -dayLengthNs - 1n].map(dayOf)).toEqual([0, 0, 1, -1, -1, -2]);
  expect(BigInt(dayLengthNsNumber)).toBe(dayLengthNs);
});

test('what is written is read back, for every time that 64 bits hold', () => {
  fc.assert(fc.property(anyTime, (timeNs) => {
    expect(parseRfc3339(formatRfc3339(timeNs))).toBe(timeNs);
  }));
  for (const timeNs of [timeNsMin, timeNsMax]) expect(parseRfc3339(formatRfc3339(timeNs))).toBe(timeNs);
});

test.each([
  [0n, '1970-01-01T00:00:00Z'],
  [1n, '1970-01-01T00:00:00.000000001Z'],
  [-1n, '1969-12-31T23:59:59.999999999Z'],
  [1_768_816_800_120_000_000n, '2026-01-19T10:00:00.12Z'],
])('%s ns is %s', (timeNs, text) => expect(formatRfc3339(timeNs)).toBe(text));

test.each([
  ['2026-01-19T10:00:00+01:30', 1_768_811_400_000_000_000n],
  ['2026-01-19T10:00:00-00:30', 1_768_818_600_000_000_000n],
  ['2026-01-19T10:00:00,5Z', 1_768_816_800_500_000_000n],
  ['2026-01-19T10:00:00.1234567899Z', 1_768_816_800_123_456_789n],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
])('%s', (text, timeNs) => expect(parseRfc3339(text)).toBe(timeNs));

test.each([
  '', '2026-01-19', '2026-01-19T10:00:00', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z', '2026-01-19T24:00:00Z',
  '2026-01-19T10:60:00Z', '2026-01-19T10:00:60Z', '2026-01-19T10:00:00.Z', '2026-01-19T10:00:00+24:00', '2026-01-19t10:00:00Z', ' 2026-01-19T10:00:00Z',
])('"%s" is no time', (text) => expect(parseRfc3339(text)).toBeUndefined());
