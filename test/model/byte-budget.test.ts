import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../src/model/byte-budget.ts';

/** Whether a promise is settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => { setImmediate(() => resolve(false)); })]);
}

describe('ByteBudget', () => {
  it('gives what there is', () => {
    const budget = new ByteBudget(10);
    expect(budget.tryTake(6)).toBe(true);
    expect(budget.tryTake(5)).toBe(false);
    expect(budget.tryTake(4)).toBe(true);
    budget.give(10);
    expect(budget.used).toBe(0);
  });

  it('lets those wait for whom there is no room, in order', async () => {
    const budget = new ByteBudget(10);
    const first = await budget.share(8);
    const second = budget.share(5);
    const third = budget.share(1);
    expect(await isDone(second)).toBe(false);
    // There would be room for it, but it came later.
    expect(await isDone(third)).toBe(false);
    first.shrinkTo(5);
    expect(await isDone(second)).toBe(true);
    expect(await isDone(third)).toBe(false);
    first.release();
    expect(await isDone(third)).toBe(true);
    expect(budget.used).toBe(6);
    (await second).release();
    (await third).release();
    expect(budget.used).toBe(0);
  });

  it('lets one that is greater than all of it go alone', async () => {
    const budget = new ByteBudget(10);
    const small = await budget.share(1);
    const great = budget.share(1000);
    expect(await isDone(great)).toBe(false);
    small.release();
    const share = await great;
    expect(budget.used).toBe(10);
    share.shrinkTo(50);
    expect(budget.used).toBe(10);
    share.release();
    share.release();
    expect(budget.used).toBe(0);
  });

  it('forgets those who no longer want to wait', async () => {
    const budget = new ByteBudget(10);
    const held = await budget.share(6);
    const stop = new AbortController();
    const second = budget.share(8, stop.signal);
    const third = budget.share(4);
    expect(await isDone(third)).toBe(false);
    stop.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(await isDone(third)).toBe(true);
    await expect(budget.share(1, stop.signal)).rejects.toThrow('gone');
    held.release();
    (await third).release();
    expect(budget.used).toBe(0);
  });

  it('shares at once only where nobody waits', async () => {
    const budget = new ByteBudget(10);
    const held = budget.tryShare(6);
    expect(budget.tryShare(5)).toBeUndefined();
    const waiting = budget.share(5);
    expect(budget.tryShare(1)).toBeUndefined();
    held?.release();
    (await waiting).release();
    expect(budget.tryShare(100)).toBeDefined();
    expect(budget.used).toBe(10);
  });
});
