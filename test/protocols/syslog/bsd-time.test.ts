import { expect, it, test } from 'vitest';
import { BsdTime, Zone } from '../../../src/protocols/mod.ts';

function read(text: string, now: string, zone = 'UTC'): string | null {
  const time = new BsdTime(new Zone(zone));
  const bytes = Buffer.from(text);
  const end = time.read(bytes, 0, bytes.length, Date.parse(now));
  return end < 0 ? null : `${new Date(time.seconds * 1000).toISOString().slice(0, 19)}.${time.nanos} ${text.slice(end)}`;
}

test.each<[string, string, string | null]>([
  ['Nov 22 14:05:12 rest', '2026-11-22T20:00:00Z', '2026-11-22T14:05:12.0  rest'],
  ['nov  2 14:05:12', '2026-11-22T20:00:00Z', '2026-11-02T14:05:12.0 '],
  ['Nov 2 14:05:12:', '2026-11-22T20:00:00Z', '2026-11-02T14:05:12.0 :'],
  ['Nov 23 14:05:12', '2026-11-22T20:00:00Z', '2026-11-23T14:05:12.0 '],
  ['Nov 24 14:05:12', '2026-11-22T20:00:00Z', '2025-11-24T14:05:12.0 '],
  ['Dec 31 23:59:59', '2027-01-01T00:00:01Z', '2026-12-31T23:59:59.0 '],
  ['Jan  1 00:00:01', '2026-12-31T23:59:59Z', '2027-01-01T00:00:01.0 '],
  ['Feb 29 12:00:00', '2027-03-01T00:00:00Z', '2024-02-29T12:00:00.0 '],
  ['Nov 22 2020 14:05:12', '2026-11-22T20:00:00Z', '2020-11-22T14:05:12.0 '],
  ['Nov 22 14:05:12.5 x', '2026-11-22T20:00:00Z', '2026-11-22T14:05:12.500000000  x'],
  ['Nov 22 14:05:12.', '2026-11-22T20:00:00Z', '2026-11-22T14:05:12.0 .'],
  ['Nov 32 14:05:12', '2026-11-22T20:00:00Z', null],
  ['Nov 0 14:05:12 ', '2026-11-22T20:00:00Z', null],
  ['Nov 22 24:05:12', '2026-11-22T20:00:00Z', null],
  ['Nov 22 14:5:12 ', '2026-11-22T20:00:00Z', null],
  ['Nov 22 14:05', '2026-11-22T20:00:00Z', null],
  ['Now 22 14:05:12', '2026-11-22T20:00:00Z', null],
  ['Nov-22 14:05:12', '2026-11-22T20:00:00Z', null],
])('%s at %s', (text, now, wanted) => expect(read(text, now)).toBe(wanted));

it('counts messages of one second, also where seconds come mixed, and forgets old ones', () => {
  const time = new BsdTime(new Zone('UTC'));
  const now = Date.parse('2026-11-22T20:00:00Z');
  const nanos = (second: number): number => {
    const bytes = Buffer.from(`Nov 22 14:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}`);
    time.read(bytes, 0, bytes.length, now);
    return time.nanos;
  };
  expect([nanos(1), nanos(2), nanos(1), nanos(2), nanos(1)]).toEqual([0, 0, 1, 1, 2]);
  for (let second = 100; second < 300; second++) nanos(second);
  expect(nanos(1)).toBe(0);
});
