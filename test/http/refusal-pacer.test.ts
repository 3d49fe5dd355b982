import { describe, expect, test } from 'vitest';
import { RefusalPacer } from '../../src/http/refusal-pacer.ts';
import { ManualClock } from '../../src/model/mod.ts';

const megabyte = 2 ** 20;

describe('answers to refused pushes', () => {
  test('are not held back while they are few', () => {
    const clock = new ManualClock(0n);
    const pacer = new RefusalPacer(clock, 2000);
    for (let i = 0; i < 200; i++) {
      expect(pacer.delayMs('t', 100_000)).toBe(0);
      clock.advanceMs(100);
    }
  });

  test('wait the longer the more there are, up to the limit, and spread there', () => {
    const pacer = new RefusalPacer(new ManualClock(0n), 2000);
    const delays = Array.from({ length: 40 }, () => pacer.delayMs('t', megabyte));
    expect(delays.slice(0, 3)).toEqual([0, 0, 0]);
    expect(delays[5]).toBeGreaterThan(delays[4]!);
    const late = delays.slice(20);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...late)).toBeLessThanOrEqual(2000);
    expect(new Set(late).size).toBe(late.length);
  });

  test('of one tenant leave others alone, until all together are too many', () => {
    const pacer = new RefusalPacer(new ManualClock(0n), 2000);
    for (let i = 0; i < 6; i++) pacer.delayMs('loud', megabyte);
    expect(pacer.delayMs('loud', megabyte)).toBeGreaterThan(0);
    expect(pacer.delayMs('quiet', megabyte)).toBe(0);
    for (let i = 0; i < 20; i++) pacer.delayMs(`tenant ${i}`, megabyte);
    expect(pacer.delayMs('another', megabyte)).toBeGreaterThan(0);
  });

  test('are soon free of a debt, however great the storm was', () => {
    const clock = new ManualClock(0n);
    const pacer = new RefusalPacer(clock, 2000);
    for (let i = 0; i < 10_000; i++) pacer.delayMs('t', megabyte);
    clock.advanceMs(2500);
    expect(pacer.delayMs('t', 1000)).toBe(0);
  });

  test('are held back for small ones too, and never where the limit is 0', () => {
    const pacer = new RefusalPacer(new ManualClock(0n), 2000);
    const off = new RefusalPacer(new ManualClock(0n), 0);
    for (let i = 0; i < 20_000; i++) {
      pacer.delayMs('t', 0);
      off.delayMs('t', megabyte);
    }
    expect(pacer.delayMs('t', 0)).toBeGreaterThan(0);
    expect(off.delayMs('t', megabyte)).toBe(0);
  });

  test('names that are too long for a tenant are one', () => {
    const pacer = new RefusalPacer(new ManualClock(0n), 2000);
    for (let i = 0; i < 10; i++) pacer.delayMs(`${i}`.padEnd(10_000, 'x'), megabyte);
    expect(pacer.delayMs('y'.repeat(200), 0)).toBeGreaterThan(0);
  });

  test('that wait are counted', async () => {
    const pacer = new RefusalPacer(new ManualClock(0n), 40);
    for (let i = 0; i < 10; i++) pacer.delayMs('t', megabyte);
    const waiting = pacer.pace('t', megabyte);
    expect(pacer.waiting).toBe(1);
    await waiting;
    expect(pacer.waiting).toBe(0);
  });
});
