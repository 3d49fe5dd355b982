import { describe, expect, it, test } from 'vitest';
import fc from 'fast-check';
import { formatRfc3339, parseRfc3339 } from '../../src/model/mod.ts';
import { daysSince1970, TimeText } from '../../src/protocols/time-text.ts';

const time = new TimeText();
const iso = (text: string): string | null => {
  const bytes = Buffer.from(`x${text}9`);
  return time.readIso(bytes, 1, bytes.length - 1) ? formatRfc3339(BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos)) : null;
};
const epoch = (text: string): string | null => {
  const bytes = Buffer.from(`1${text}9`);
  return time.readEpoch(bytes, 1, bytes.length - 1) ? formatRfc3339(BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos)) : null;
};

describe('ISO times', () => {
  test.each<[string, string | null]>([
    ['2026-11-22T14:05:12.101Z', '2026-11-22T14:05:12.101Z'],
    ['2026-11-22T14:05:12.504498+00:00', '2026-11-22T14:05:12.504498Z'],
    ['2026-11-22T14:05:12.1234567899-01:30', '2026-11-22T15:35:12.123456789Z'],
    ['2026-11-22t14:05:12,5z', '2026-11-22T14:05:12.5Z'],
    ['2026-11-22 14:05:12', '2026-11-22T14:05:12Z'],
    ['2026-11-22T14:05', '2026-11-22T14:05:00Z'],
    ['2026-11-22T14:05+0100', '2026-11-22T13:05:00Z'],
    ['2026-11-22T14:05:12+01', '2026-11-22T13:05:12Z'],
    ['2026-11-22', '2026-11-22T00:00:00Z'],
    ['2024-02-29T23:59:60Z', '2024-03-01T00:00:00Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.5Z'],
    ['2023-02-29', null],
    ['2026-13-01', null],
    ['2026-00-01', null],
    ['2026-11-22T24:00:00Z', null],
    ['2026-11-22T14:60:00Z', null],
    ['2026-11-22T14:05:12.Z', null],
    ['2026-11-22T14:05:12ZZ', null],
    ['2026-11-22T14:05:12+1', null],
    ['2026-11-22T14:05:12+01:', null],
    ['2026-11-22T14:05:12 Z', null],
    ['2026-11-22T14:0', null],
    ['2026-11-2', null],
    ['9999-01-01', null],
    ['0001-01-01T00:00:00Z', null],
    ['now', null],
    ['', null],
  ])('%s', (text, wanted) => expect(iso(text)).toBe(wanted));

  it('reads what is written, to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 62n), 2n ** 62n), (ns) => {
        expect(iso(formatRfc3339(ns))).toBe(formatRfc3339(ns));
      }),
    );
  });

  it('agrees with the reader of queries on whatever both take', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,10})?(?:Z|[+-][0-2][0-9]:[0-5][0-9])$/), (text) => {
        const known = parseRfc3339(text);
        expect(iso(text)).toBe(known === undefined ? null : formatRfc3339(known));
      }),
    );
  });
});

describe('counts since 1970', () => {
  test.each<[string, string | null]>([
    ['1700000000', '2023-11-14T22:13:20Z'],
    ['1700000000.25', '2023-11-14T22:13:20.25Z'],
    ['1700000000123', '2023-11-14T22:13:20.123Z'],
    ['1700000000123.4567', '2023-11-14T22:13:20.1234567Z'],
    ['1700000000123456', '2023-11-14T22:13:20.123456Z'],
    ['1700000000123456789', '2023-11-14T22:13:20.123456789Z'],
    ['1.7e9', '2023-11-14T22:13:20Z'],
    ['1.7E+12', '2023-11-14T22:13:20Z'],
    ['0', '1970-01-01T00:00:00Z'],
    ['-1', '1969-12-31T23:59:59Z'],
    ['-0.5', '1969-12-31T23:59:59.5Z'],
    ['9999999999999999999', null],
    ['12345678901234567890123', null],
    ['1e400', null],
    ['12x', null],
    ['-', null],
    ['.5', null],
    ['', null],
  ])('%s', (text, wanted) => expect(epoch(text)).toBe(wanted));
});

it('counts days as the calendar does', () => {
  for (let day = -200_000; day < 200_000; day += 997) {
    const date = new Date(day * 86_400_000);
    expect(daysSince1970(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(day);
  }
});
