import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../src/http/byte-budget.ts';

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
    const first = await budget.take(8);
    const second = budget.take(5);
    const third = budget.take(1);
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
    const small = await budget.take(1);
    const great = budget.take(1000);
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
});
