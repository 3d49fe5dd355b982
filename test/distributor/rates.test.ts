import { expect, test } from 'vitest';
import { Rates } from '../../src/distributor/rates.ts';
import { ManualClock } from '../../src/model/mod.ts';

test('a bucket is full at first, empties, and fills again', () => {
  const clock = new ManualClock(0n);
  const rates = new Rates(clock);
  expect(rates.waitMs('group', 'a', 100, 10, 100)).toBe(0);
  expect(rates.waitMs('group', 'a', 101, 10, 100)).toBe(Number.POSITIVE_INFINITY);
  rates.take('group', 'a', 100, 10, 100);
  expect(rates.waitMs('group', 'a', 50, 10, 100)).toBe(5000);
  expect(rates.waitMs('group', 'b', 100, 10, 100)).toBe(0);
  clock.advanceMs(4000);
  expect(rates.waitMs('group', 'a', 50, 10, 100)).toBe(1000);
  clock.advanceMs(1000);
  expect(rates.waitMs('group', 'a', 50, 10, 100)).toBe(0);
  // Asking takes nothing.
  expect(rates.waitMs('group', 'a', 50, 10, 100)).toBe(0);
});

test('what was asked for at once may leave a debt', () => {
  const clock = new ManualClock(0n);
  const rates = new Rates(clock);
  rates.take('group', 'a', 100, 10, 100);
  rates.take('group', 'a', 100, 10, 100);
  clock.advanceMs(10_000);
  expect(rates.waitMs('group', 'a', 10, 10, 100)).toBe(1000);
});

test('buckets that are full again are forgotten', () => {
  const clock = new ManualClock(0n);
  const rates = new Rates(clock);
  for (let i = 0; i < 1000; i++) rates.take('group', `stream ${i}`, 10, 10, 100);
  expect(rates.size).toBe(1000);
  clock.advanceMs(61_000);
  rates.take('group', 'other', 1, 10, 100);
  expect(rates.size).toBe(1);
});
