import { expect, it, test } from 'vitest';
import { Zone } from '../../../src/protocols/mod.ts';

test.each<[string, string, string]>([
  ['UTC', '2026-07-01T12:00:00Z', '2026-07-01T12:00:00Z'],
  ['Europe/Berlin', '2026-07-01T12:00:00Z', '2026-07-01T10:00:00Z'],
  ['Europe/Berlin', '2026-01-01T00:30:00Z', '2025-12-31T23:30:00Z'],
  ['America/New_York', '2026-11-22T09:00:00Z', '2026-11-22T14:00:00Z'],
  ['Asia/Kolkata', '2026-11-22T09:00:00Z', '2026-11-22T03:30:00Z'],
  ['+02:00', '2026-11-22T09:00:00Z', '2026-11-22T07:00:00Z'],
  // Clocks go back at 03:00: 02:30 comes twice, and the first counts; on the other day 02:30 does not come at all.
  ['Europe/Berlin', '2026-10-25T02:30:00Z', '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25T03:30:00Z', '2026-10-25T02:30:00Z'],
  ['Europe/Berlin', '2026-03-29T01:30:00Z', '2026-03-29T00:30:00Z'],
  ['Europe/Berlin', '2026-03-29T03:30:00Z', '2026-03-29T01:30:00Z'],
])('clocks of %s that show %s', (zone, wall, utc) => {
  expect(new Date(new Zone(zone).toUtcMs(Date.parse(wall))).toISOString()).toBe(new Date(utc).toISOString());
});

it('refuses zones that are none', () => {
  expect(() => new Zone('Europe/Nowhere')).toThrow(RangeError);
});
