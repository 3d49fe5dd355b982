import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTime } from '../../../src/logql/template/parse-time.ts';
import { formatTime, GoTime, utc } from '../../../src/logql/template/time.ts';
import { loadZone } from '../../../src/logql/template/zones.ts';

const time = GoTime.ofNs(1_768_438_984_837_409_316n);

describe('evaluates', () => {
  test.each([
    ['2006-01-02T15:04:05.000Z07:00', '2026-01-15T01:03:04.837Z'],
    ['Mon Jan _2 3:04PM 2006', 'Thu Jan 15 1:03AM 2026'],
    ['02/01/06', '15/01/26'],
    ['Monday, January 2 15h04 .000000', 'Thursday, January 15 01h03 .837409'],
    ['2006-01-02T15:04:05.999999999Z', '2026-01-15T01:03:04.837409316Z'],
    ['05.9999', '04.8374'],
    ['002 __2 -0700 -07:00 MST', '015  15 +0000 +00:00 UTC'],
    ['Janus 3 pm', 'Janus 1 am'],
  ])('%s', (layout, text) => {
    expect(formatTime(time, layout)).toBe(text);
  });

  test('zones', () => {
    const berlin = loadZone('Europe/Berlin') ?? utc;
    expect(formatTime(time.in(berlin), '15:04 -0700 MST')).toBe('02:03 +0100 CET');
    expect(formatTime(time.in(loadZone('Asia/Kolkata') ?? utc), '15:04 Z07:00')).toBe('06:33 +05:30');
    expect(loadZone('Nowhere/Land')).toBeNull();
    expect(parseTime('2006-01-02 15:04', '2026-07-01 12:00', berlin)?.seconds).toBe(1_782_900_000n);
    expect(parseTime('2006-01-02 15:04', '2026-01-01 12:00', berlin)?.seconds).toBe(1_767_265_200n);
  });

  test('a text with an abbreviation or an offset keeps the given zone where that has it', () => {
    const york = loadZone('America/New_York') ?? utc;
    const printed = (layout: string, text: string): string => parseTime(layout, text, york)?.toString() ?? 'none';
    expect(printed('2006-01-02 15:04 -0700 MST', '2026-01-15 10:20 -0500 EST')).toBe('2026-01-15 10:20:00 -0500 EST');
    expect(printed('2006-01-02 15:04 -0700', '2026-01-15 10:20 -0500')).toBe('2026-01-15 10:20:00 -0500 EST');
    expect(printed('2006-01-02 15:04 -0700 MST', '2026-01-15 10:20 -0500 XYZ')).toBe('2026-01-15 10:20:00 -0500 XYZ');
    expect(printed('2006-01-02 15:04 MST', '2026-07-15 10:20 EDT')).toBe('2026-07-15 10:20:00 -0400 EDT');
    expect(printed('2006-01-02 15:04 MST', '2026-07-15 10:20 GMT+3')).toBe('2026-07-15 13:20:00 +0300 GMT+3');
    expect(printed('2006-01-02 15:04Z07:00', '2026-07-15 10:20Z')).toBe('2026-07-15 10:20:00 +0000 UTC');
  });

  test.each([
    ['2006-01-02', '2021-11-02', 1_635_811_200_000_000_000n],
    ['2006-01-02T15:04:05.999999999Z', '2026-01-15T01:03:04.837Z', 1_768_438_984_837_000_000n],
    ['2006-01-02T15:04:05Z07:00', '2026-01-15T02:03:04.5+01:00', 1_768_438_984_500_000_000n],
    ['Jan _2 15:04:05 2006', 'Jan  5 01:02:03 2026', 1_767_574_923_000_000_000n],
    ['3:04pm 02.01.06', '12:30am 01.01.70', 1_800_000_000_000n],
    ['2006 002', '1970 032', 2_678_400_000_000_000n],
    ['Mon, 02 Jan 2006 15:04:05 MST', 'Thu, 15 Jan 2026 01:03:04 GMT', 1_768_438_984_000_000_000n],
  ])('parse %s', (layout, text, ns) => {
    expect(parseTime(layout, text, utc)?.unixNano()).toBe(ns);
  });
});

describe('errors', () => {
  test.each([
    ['2006', 'bad'],
    ['2006-01-02', '2021-02-29'],
    ['2006-01-02', '2021-11-02x'],
    ['15:04', '24:00'],
    ['01', '13'],
  ])('%s refuses %s', (layout, text) => {
    expect(parseTime(layout, text, utc)).toBeNull();
  });
});

describe('edge cases', () => {
  test('the zero time', () => {
    expect(GoTime.zero().toString()).toBe('0001-01-01 00:00:00 +0000 UTC');
    expect(GoTime.zero().seconds).toBe(-62_135_596_800n);
  });

  test('what is formatted reads back', () => {
    const layout = '2006-01-02T15:04:05.999999999Z07:00';
    fc.assert(
      fc.property(fc.bigInt({ min: -60_000_000_000_000_000_000n, max: 200_000_000_000_000_000_000n }), (ns) => {
        const made = GoTime.ofNs(ns);
        const back = parseTime(layout, formatTime(made, layout), utc);
        expect(back?.seconds).toBe(made.seconds);
        expect(back?.nanosecond).toBe(made.nanosecond);
      }),
    );
  });
});
