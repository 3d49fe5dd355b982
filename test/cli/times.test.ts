import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { formatGap, formatTime, parseDuration, parseTime, timeFormats } from '../../cli/times.ts';

const nowNs = 1_768_816_800_000_000_000n; // 2026-01-19T10:00:00Z, a Monday

test.each([
  ['0', 0n], ['1ns', 1n], ['1h30m', 5_400_000_000_000n], ['1.5s', 1_500_000_000n], ['2d', 172_800_000_000_000n], ['1w1d', 691_200_000_000_000n], ['250ms', 250_000_000n], ['3µs', 3000n],
])('duration %s', (text, ns) => expect(parseDuration(text)).toBe(ns));

test.each(['', '1', 'h', '1h ', '-1h', '1x', '1h30', '99999999999y'])('"%s" is no duration', (text) => expect(() => parseDuration(text)).toThrow(/is not a duration/));

test.each([
  ['2026-01-19T10:00:00Z', nowNs],
  ['2026-01-19T11:00:00+01:00', nowNs],
  ['2026-01-19T05:30:00-0430', nowNs],
  ['2026-01-19T10:00:00.000000001Z', nowNs + 1n],
  ['2026-01-19 10:00', nowNs],
  ['2026-01-19T10:00:00.5', nowNs + 500_000_000n],
  ['2026-01-19', nowNs - 36_000_000_000_000n],
  ['1768816800000000000', nowNs],
  ['now', nowNs],
  ['now-1h', nowNs - 3_600_000_000_000n],
  ['now+5m', nowNs + 300_000_000_000n],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
])('time %s', (text, ns) => expect(parseTime(text, 'UTC', nowNs)).toBe(ns));

test.each(['', 'yesterday', '2026-13-01', '2026-02-29', '2026-01-19T24:00:00Z', '2026-01-19T10:60:00Z', '12', 'now-', 'now-x', '2026-01-19T10'])('"%s" is no time', (text) =>
  expect(() => parseTime(text, 'UTC', nowNs)).toThrow(/is not a (time|duration)/),
);

test('every form, in UTC', () => {
  const forms = Object.fromEntries(timeFormats.map((form) => [form, formatTime(nowNs - 864_000_000_000_000n + 120_000_000n, form, 'UTC')]));
  expect(forms).toEqual({
    rfc3339: '2026-01-09T10:00:00Z',
    rfc3339nano: '2026-01-09T10:00:00.12Z',
    rfc822z: '09 Jan 26 10:00 +0000',
    rfc1123z: 'Fri, 09 Jan 2026 10:00:00 +0000',
    stampmicro: 'Jan  9 10:00:00.120000',
    stampmilli: 'Jan  9 10:00:00.120',
    stampnano: 'Jan  9 10:00:00.120000000',
    unixdate: 'Fri Jan  9 10:00:00 UTC 2026',
  });
});

test('before 1970', () => expect(formatTime(-1n, 'rfc3339nano', 'UTC')).toBe('1969-12-31T23:59:59.999999999Z'));

test('local times follow the zone of the machine, both ways', () => {
  const code = `
    const { formatTime, parseTime } = await import(${JSON.stringify(new URL('../../cli/times.ts', import.meta.url).href)});
    const winter = ${nowNs}n, summer = parseTime('2026-07-01T12:00:00', 'Local', 0n);
    process.stdout.write([formatTime(winter, 'rfc3339', 'Local'), formatTime(summer, 'rfc3339', 'Local'), formatTime(winter, 'unixdate', 'Local'), parseTime('2026-01-19T05:00', 'Local', 0n) === winter].join(' | '));`;
  const shown = execFileSync(process.execPath, ['--input-type=module', '-e', code], { env: { ...process.env, TZ: 'America/New_York' }, encoding: 'utf8' });
  expect(shown).toBe('2026-01-19T05:00:00-05:00 | 2026-07-01T12:00:00-04:00 | Mon Jan 19 05:00:00 EST 2026 | true');
});

test.each([
  [0n, '0ns'], [999n, '999ns'], [1500n, '1.5µs'], [12_345_678n, '12.3ms'], [123_456_789n, '123ms'], [4_560_000_000n, '4.56s'], [192_000_000_000n, '3m12s'], [7_260_000_000_000n, '2h1m'],
])('gap of %s ns', (ns, text) => expect(formatGap(ns)).toBe(text));
