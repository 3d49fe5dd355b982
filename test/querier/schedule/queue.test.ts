import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isSpoorError, ManualClock } from '../../../src/model/mod.ts';
import { QueryQueue } from '../../../src/querier/schedule/queue.ts';

const never = new AbortController().signal;

function open(runningMax: number, lengthMax = 1000): { queue: QueryQueue; clock: ManualClock; waits: number[]; refused: string[] } {
  const clock = new ManualClock(0n);
  const waits: number[] = [];
  const refused: string[] = [];
  return { queue: new QueryQueue({ runningMax, lengthMax, clock, onStart: (ms) => waits.push(ms), onRefused: (limit) => refused.push(limit) }), clock, waits, refused };
}

/** A query that notes when it begins. */
function enter(queue: QueryQueue, tenant: string, begun: string[], name = tenant): Promise<() => void> {
  return queue.enter(tenant, 0, never).then((leave) => {
    begun.push(name);
    return leave;
  });
}

describe('QueryQueue', () => {
  it('lets one tenant have half of the places, and others begin at once', async () => {
    const { queue } = open(8);
    const begun: string[] = [];
    for (let i = 0; i < 20; i++) void enter(queue, 'a', begun);
    await nextTurn();
    expect([queue.running, queue.waiting]).toEqual([4, 16]);
    void enter(queue, 'b', begun);
    void enter(queue, 'b', begun);
    await nextTurn();
    expect(begun.filter((name) => name === 'b')).toHaveLength(2);
  });

  it('lets a tenant that has nothing running begin where all places are taken, up to twice their number', async () => {
    const { queue } = open(3);
    const begun: string[] = [];
    for (let i = 0; i < 10; i++) for (let k = 0; k < 2; k++) void enter(queue, `t${i}`, begun);
    await nextTurn();
    expect(queue.running).toBe(6);
    expect(new Set(begun).size).toBeGreaterThanOrEqual(5);
  });

  it('takes tenants in turn, and the queries of one in order', async () => {
    const { queue } = open(2);
    const begun: string[] = [];
    const leaves: Promise<() => void>[] = [];
    for (let i = 0; i < 4; i++) leaves.push(enter(queue, 'a', begun, `a${i}`));
    for (let i = 0; i < 4; i++) leaves.push(enter(queue, 'b', begun, `b${i}`));
    for (const next of [0, 4, 1, 5, 2, 6, 3, 7]) {
      await nextTurn();
      (await (leaves[next] as Promise<() => void>))();
    }
    expect(begun.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3']);
    expect(begun.filter((name) => name.startsWith('b'))).toEqual(['b0', 'b1', 'b2', 'b3']);
    expect(begun.slice(0, 2)).toEqual(['a0', 'b0']);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it('refuses only where it is full, and names the limit', async () => {
    const { queue, refused } = open(1, 2);
    const first = await queue.enter('a', 0, never);
    void queue.enter('a', 0, never);
    void queue.enter('a', 0, never);
    const full = await queue.enter('a', 0, never).catch((error: unknown) => error);
    expect(isSpoorError(full, 'too_many_outstanding') && [full.status, full.retryable, full.message]).toEqual([429, true, 'too many outstanding requests (querier.queue_length_max: 2)']);
    const own = await queue.enter('a', 3, never).catch((error: unknown) => error);
    expect(isSpoorError(own) && own.message).toBe('too many outstanding requests (max_outstanding_requests_per_tenant: 3)');
    expect(refused).toEqual(['querier.queue_length_max', 'max_outstanding_requests_per_tenant']);
    first();
    await nextTurn();
    expect([queue.running, queue.waiting]).toEqual([1, 1]);
  });

  it('ends a wait with the reason of its signal, and lets the next one in', async () => {
    const { queue } = open(1);
    const begun: string[] = [];
    const first = await enter(queue, 'a', begun);
    const stop = new AbortController();
    const cancelled = queue.enter('a', 0, stop.signal);
    const next = enter(queue, 'a', begun, 'next');
    stop.abort(new Error('gone'));
    await expect(cancelled).rejects.toThrow('gone');
    await expect(queue.enter('a', 0, stop.signal)).rejects.toThrow('gone');
    expect(queue.waiting).toBe(1);
    first();
    // More than once does nothing.
    first();
    (await next)();
    expect(begun).toEqual(['a', 'next']);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it('tells how long queries waited', async () => {
    const { queue, clock, waits } = open(1);
    const first = await queue.enter('a', 0, never);
    const second = queue.enter('a', 0, never);
    clock.advanceMs(250);
    first();
    (await second)();
    expect(waits).toEqual([0, 250]);
  });

  it('keeps its bounds and forgets nothing, whatever comes and goes', async () => {
    const query = fc.record({ tenant: fc.constantFrom('a', 'b', 'c', 'd'), lasts: fc.nat(4), abortAt: fc.option(fc.nat(3), { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(query, { maxLength: 40 }), async (runningMax, queries) => {
        const { queue } = open(runningMax);
        await Promise.all(
          queries.map(async ({ tenant, lasts, abortAt }) => {
            const stop = new AbortController();
            const entering = queue.enter(tenant, 0, stop.signal).catch(() => null);
            if (abortAt !== undefined) {
              for (let i = 0; i < abortAt; i++) await nextTurn();
              stop.abort(new Error('gone'));
            }
            const leave = await entering;
            expect(queue.running).toBeLessThanOrEqual(2 * runningMax);
            for (let i = 0; i < lasts; i++) await nextTurn();
            leave?.();
          }),
        );
        expect([queue.running, queue.waiting]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });
});
