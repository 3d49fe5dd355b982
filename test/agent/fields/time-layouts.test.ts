import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeFormatFault, timeReader, zoneOf } from '../../../agent/fields/time-layouts.ts';

const near = { seconds: Date.UTC(2026, 0, 1, 0, 0, 5) / 1000, nanos: 0 };

function read(text: string, format = 'auto', zone = 0): string | null {
  const out = { seconds: 0, nanos: 0 };
  return timeReader(format, zone)(text, out, near) ? `${new Date(out.seconds * 1000).toISOString().slice(0, 19)}.${String(out.nanos).padStart(9, '0')}` : null;
}

describe('timeReader', () => {
  it.each<[string, string | null]>([
    ['2026-11-22T21:00:00Z', '2026-11-22T21:00:00.000000000'],
    ['2026-11-22T21:00:00.123456789+01:00', '2026-11-22T20:00:00.123456789'],
    ['2026-11-22 21:00:00,123', '2026-11-22T21:00:00.123000000'],
    ['2026-11-22 21:00:00.5 +0530', '2026-11-22T15:30:00.500000000'],
    ['1795381200', '2026-11-22T21:00:00.000000000'],
    ['1795381200.25', '2026-11-22T21:00:00.250000000'],
    ['1.79538120025e9', '2026-11-22T21:00:00.250000000'],
    ['1795381200123', '2026-11-22T21:00:00.123000000'],
    ['1795381200123456', '2026-11-22T21:00:00.123456000'],
    ['1795381200123456789', '2026-11-22T21:00:00.123456789'],
    ['22/Nov/2026:21:00:00 +0100', '2026-11-22T20:00:00.000000000'],
    ['Sun, 22 Nov 2026 21:00:00 GMT', '2026-11-22T21:00:00.000000000'],
    ['Sunday, 22-Nov-26 21:00:00 UTC', '2026-11-22T21:00:00.000000000'],
    ['Sun Nov 22 21:00:00 2026', '2026-11-22T21:00:00.000000000'],
    ['Sun Nov  1 21:00:00.123 UTC 2026', '2026-11-01T21:00:00.123000000'],
    ['2026/11/22 21:00:00', '2026-11-22T21:00:00.000000000'],
    ['Jan  1 00:00:04', '2026-01-01T00:00:04.000000000'],
    ['Dec 31 23:59:58', '2025-12-31T23:59:58.000000000'],
    ['2026-13-01T00:00:00Z', null], ['2026-02-30 00:00:00', null], ['1234', null], ['yesterday', null], ['', null], ['-1', null], [' '.repeat(100), null],
  ])('auto: %s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each<[string, string, number, string | null]>([
    ['12', 'unix', 0, '1970-01-01T00:00:12.000000000'],
    ['1500', 'unix_ms', 0, '1970-01-01T00:00:01.500000000'],
    ['7', 'unix_ns', 0, '1970-01-01T00:00:00.000000007'],
    ['2026-11-22 21:00:00', 'rfc3339', 60, '2026-11-22T20:00:00.000000000'],
    ['22.11.2026 21:00:00', '%d.%m.%Y %H:%M:%S', -330, '2026-11-23T02:30:00.000000000'],
    ['11/22/26 9:00:00 PM', '%m/%d/%y %I:%M:%S %p', 0, '2026-11-22T21:00:00.000000000'],
    ['2026-326 21:00:00.25', '%Y-%j %H:%M:%S.%f', 0, '2026-11-22T21:00:00.250000000'],
    ['[100%] 2026-11-22', '[100%%] %Y-%m-%d', 0, '2026-11-22T00:00:00.000000000'],
    ['2026-11-22', '%d.%m.%Y', 0, null],
    ['22/Nov/2026:21:00:00 PST', 'clf', 0, null],
  ])('%s as %s at %i is %s', (text, format, zone, expected) => {
    expect(read(text, format, zone)).toBe(expected);
  });

  it('says what is wrong with a format', () => {
    expect([timeFormatFault('auto'), timeFormatFault('%Y-%m-%dT%H:%M:%S%z'), timeFormatFault('clf')]).toEqual([undefined, undefined, undefined]);
    expect(timeFormatFault('YYYY-MM-DD')).toMatch(/is no time format/);
    expect(timeFormatFault('%Y-%Q')).toMatch(/no conversion/);
    expect(['Z', '+01:00', '-0530', '+05', 'CET', '+99:00'].map(zoneOf)).toEqual([0, 60, -330, 300, undefined, undefined]);
  });

  it('gives back what it is given, and never throws', () => {
    fc.assert(fc.property(fc.date({ min: new Date('1970-01-02'), max: new Date('2200-01-01'), noInvalidDate: true }), (date) => {
      expect(read(date.toISOString())?.slice(0, 23)).toBe(date.toISOString().slice(0, 23));
      expect(read(date.toISOString().replace('T', ' ').replace('.', ','))?.slice(0, 23)).toBe(date.toISOString().slice(0, 23));
    }));
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-:/.,TZ+ NovSun%'.split('')) }), (text) => {
      read(text);
    }), { numRuns: 1000 });
  });
});
