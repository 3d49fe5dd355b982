import { expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../src/model/mod.ts';

test('a manual clock stands still until it is moved', () => {
  const clock = new ManualClock(5_000_000n);
  expect([clock.nowNs(), clock.nowMs(), clock.monotonicMs()]).toEqual([5_000_000n, 5, 5]);
  clock.advanceMs(1.5);
  expect([clock.nowNs(), clock.nowMs(), clock.monotonicMs()]).toEqual([6_500_000n, 6, 6.5]);
});

test("the machine's clock counts from 1970, and the monotonic one never goes back", () => {
  expect(systemClock.nowNs() / 1_000_000n).toBeGreaterThan(1_700_000_000_000n);
  expect(BigInt(systemClock.nowMs()) - systemClock.nowNs() / 1_000_000n).toBeLessThan(60_000n);
  let before = systemClock.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    const now = systemClock.monotonicMs();
    expect(now).toBeGreaterThanOrEqual(before);
    before = now;
  }
});
