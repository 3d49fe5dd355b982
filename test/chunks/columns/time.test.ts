import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeColumn } from '../../../src/chunks/columns/encode.ts';
import { dayNs, guessFormat, TimeParser, timeForms, TimeWriter, type TimeFormat } from '../../../src/chunks/columns/time-format.ts';
import { day, dayMs, roundTrip, valuesOf } from './values.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** ISO text of a time in nanoseconds since the start of the day, with nine digits and no zone. */
function iso(ns: number): string {
  const ms = Math.floor(ns / 1e6);
  return `${new Date(dayMs + ms).toISOString().slice(0, -1)}${String(ns - ms * 1e6).padStart(6, '0')}`;
}

const ways: readonly (readonly [string, (ns: number) => string])[] = [
  ['ISO with milliseconds', (ns) => `${iso(ns).slice(0, 23)}Z`],
  ['ISO with nanoseconds', (ns) => `${iso(ns)}Z`],
  ['ISO with microseconds, no zone', (ns) => iso(ns).slice(0, 26)],
  ['ISO in whole seconds', (ns) => `${iso(ns).slice(0, 19)}Z`],
  ['ISO of another zone', (ns) => `${iso(ns + 19_800e9).slice(0, 23)}+05:30`],
  ['a zone without a colon', (ns) => `${iso(ns - 3600e9).slice(0, 23)}-0100`],
  ['RFC 3339 as Go writes it', (ns) => `${iso(ns).replace(/\.?0+$/, '')}Z`],
  ['Java with a comma', (ns) => iso(ns).slice(0, 23).replace('T', ' ').replace('.', ',')],
  ['Postgres', (ns) => iso(ns).slice(0, 23).replace('T', ' ')],
  ['Go log', (ns) => iso(ns).slice(0, 26).replace('T', ' ').replaceAll('-', '/')],
  ['nginx error log', (ns) => iso(ns).slice(0, 19).replace('T', ' ').replaceAll('-', '/')],
  ['nginx access log', (ns) => `${iso(ns).slice(8, 10)}/${months[Number(iso(ns).slice(5, 7)) - 1]!}/${iso(ns).slice(0, 4)}:${iso(ns).slice(11, 19)}`],
  ['clock', (ns) => iso(ns).slice(11, 23)],
  ['clock in seconds', (ns) => iso(ns).slice(11, 19)],
  ['clock of another zone', (ns) => iso(ns + 7200e9).slice(11, 23)],
  ['unix seconds', (ns) => String(Math.floor((dayMs + ns / 1e6) / 1000))],
  ['unix milliseconds', (ns) => String(Math.floor(dayMs + ns / 1e6))],
  ['unix microseconds', (ns) => String(BigInt(dayMs) * 1000n + BigInt(Math.floor(ns / 1e3)))],
  ['unix nanoseconds', (ns) => String(BigInt(dayMs) * 1_000_000n + BigInt(ns))],
  ['unix seconds with a point', (ns) => `${String(Math.floor((dayMs + ns / 1e6) / 1000))}.${iso(ns).slice(20, 23)}`],
];

describe('each way of writing times', () => {
  const nanoseconds = Array.from({ length: 200 }, (_, i) => (i * 431_999_999_977 + 1_234_567) % dayNs);
  test.each(ways)('%s: the row says it all', (_, write) => {
    const encoded = roundTrip(valuesOf(nanoseconds.map(write), nanoseconds));
    expect(encoded.header.kind).toBe('time');
    expect(encoded.pages).toEqual([]);
  });

  test.each(ways)('%s: some time before the row', (name, write) => {
    const rows = nanoseconds.map((ns) => Math.max(0, ns - 3e11));
    const encoded = roundTrip(valuesOf(rows.map(write), rows.map((ns, i) => Math.min(dayNs - 1, ns + (i % 7) * 1e6 + (i % 100) * 1e3))));
    expect(encoded.header.kind, name).toBe('time');
  });

  test.each(ways)('%s: one that is no time among them', (_, write) => {
    for (const odd of ['2026-02-30T00:00:00.000Z', '2026-11-20T24:00:00.000Z', '2026-11-20T00:60:00.000Z', '2026-11-20t00:00:00.000Z', '0000-00-00', '1999-11-20', '25:00:00', '12:00:60', '12:00:0x', '31/Nov/2026:00:00:00', '20/nov/2026:00:00:00', '20/Nov/2026 00:00:00', '4102444800', '9999999999', '2026-11-20T00:00:00.000+01:00', '2026-11-20T00:00:00.', '2026-11-20T00:00:00.1234567890Z', '2026-1120T00:00:00.000Z', '2026-11-20T00:00:00.100000000Z']) {
      const texts = nanoseconds.slice(0, 12).map(write);
      roundTrip(valuesOf(odd.length % 2 === 0 ? [...texts, odd] : [odd, ...texts], nanoseconds));
    }
  });
});

test('dates', () => {
  const rows = Array.from({ length: 200 }, (_, i) => i * 1e9);
  for (const between of ['-', '/']) {
    const texts = rows.map((_, i) => new Date(dayMs - (i % 90) * 86_400_000).toISOString().slice(0, 10).replaceAll('-', between));
    expect(roundTrip(valuesOf(texts, rows)).header.kind).toBe('time');
  }
  // Too far away to be exact.
  expect(roundTrip(valuesOf(rows.map((_, i) => new Date(dayMs - i * 86_400_000 * 40).toISOString().slice(0, 10)), rows)).header.kind).toBe('text');
});

test('a second with few values costs nothing either', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => i * 5e6);
  const encoded = roundTrip(valuesOf(rows.map((ns) => `${iso(ns).slice(0, 19)}Z`), rows));
  expect([encoded.header.kind, encoded.pages.length]).toEqual(['time', 0]);
});

test('leap days, the ends of the calendar, other days of rows', () => {
  for (const date of ['2024-02-29', '2000-02-29', '1900-03-01', '2100-02-28', '0001-01-01', '9999-12-31', '1970-01-01', '1969-12-31']) {
    const rowDay = Math.floor(Date.parse(`${date}T00:00:00Z`) / 86_400_000);
    const format: TimeFormat = { form: timeForms.isoT, fraction: 3, trimmed: false, mark: 0x2e, zone: Buffer.from('Z') };
    const text = Buffer.from(`${date}T23:59:59.999Z`);
    const time = new TimeParser(format, rowDay).parse(text, 0, text.length);
    expect(time).toBe(dayNs - 1e6);
    const target = Buffer.alloc(24);
    expect(new TimeWriter(format, rowDay).write(target, 0, time)).toBe(24);
    expect(target.toString()).toBe(text.toString());
  }
  for (const date of ['2023-02-29', '1900-02-29', '2026-13-01', '2026-00-10', '2026-04-31', '2026-01-00']) {
    const text = Buffer.from(`${date}T00:00:00.000Z`);
    expect(new TimeParser(guessFormat(text, 0, text.length)!, day).parse(text, 0, text.length)).toBeNaN();
  }
});

test('what is parsed is written again, whatever it is', () => {
  const texts = fc.constantFrom(/^20(26|27)-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/, /^\d\d:\d\d:\d\d([.,]\d{1,9})?$/, /^\d\d\/(Nov|Dec|Feb|nov)\/2026:\d\d:\d\d:\d\d$/, /^1795\d{6}(\d{3}){0,3}$/, /^1795\d{6}\.\d{1,7}$/, /^2026[-/]1[012][-/][0123]\d$/);
  fc.assert(
    fc.property(texts.chain((regex) => fc.stringMatching(regex)), (text) => {
      const bytes = Buffer.from(text);
      const format = guessFormat(bytes, 0, bytes.length);
      if (format === null) return;
      const time = new TimeParser(format, day).parse(bytes, 0, bytes.length);
      if (Number.isNaN(time)) return;
      const target = Buffer.alloc(64);
      expect(target.toString('latin1', 0, new TimeWriter(format, day).write(target, 0, time))).toBe(text);
    }),
    { numRuns: 3000 },
  );
});

test('columns of generated times come back', () => {
  const column = fc.tuple(fc.constantFrom(...ways), fc.array(fc.tuple(fc.nat(dayNs - 1), fc.integer({ min: -1e9, max: 1e12 })), { minLength: 1, maxLength: 40 }));
  fc.assert(fc.property(column, ([[, write], pairs]) => void roundTrip(valuesOf(pairs.map(([ns]) => write(ns)), pairs.map(([ns, off]) => Math.min(dayNs - 1, Math.max(0, ns + off)))))), { numRuns: 200 });
});

test('numbers of unix times are those of the texts', () => {
  const encoded = encodeColumn(valuesOf(Array.from({ length: 100 }, (_, i) => String(dayMs + i * 17)), Array.from({ length: 100 }, (_, i) => i * 17e6)), { earlier: [], pool: null });
  expect(encoded.header.range).toEqual({ min: dayMs, max: dayMs + 99 * 17 });
});
