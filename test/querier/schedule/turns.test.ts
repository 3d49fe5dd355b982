import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FairTurns, type Turn, type TurnTaker } from '../../../src/querier/schedule/turns.ts';

const never = new AbortController().signal;

/** Works of scans on one lane, done one after the other; says in which order. */
class Lane {
  readonly turns: FairTurns;
  readonly order: string[] = [];
  #takers = new Map<string, TurnTaker>();

  constructor(lanes = 1, perLane = 1) {
    this.turns = new FairTurns(lanes, perLane);
  }

  /** A scan that has `units` pieces of work of `ms` each; it asks for the next turn while it works. */
  async scan(name: string, tenant: string, units: number, ms: number, lane = 0): Promise<void> {
    const taker = this.#takers.get(name) ?? this.turns.join(tenant);
    this.#takers.set(name, taker);
    let upcoming = taker.take(lane, never);
    for (let i = 0; i < units; i++) {
      const turn = await upcoming;
      if (i + 1 < units) upcoming = taker.take(lane, never);
      this.order.push(name);
      await nextTurn();
      turn.done(ms);
    }
    taker.leave();
  }

  count(name: string, first: number): number {
    return this.order.slice(0, first).filter((other) => other === name).length;
  }
}

describe('FairTurns', () => {
  it('gives two tenants the same time, however many scans one of them has', async () => {
    const lane = new Lane();
    await Promise.all([...Array.from({ length: 30 }, (_, i) => lane.scan(`a${i}`, 'a', 10, 10)), lane.scan('b', 'b', 40, 10)]);
    expect(lane.count('b', 80)).toBeGreaterThanOrEqual(38);
    expect(lane.count('b', 80)).toBeLessThanOrEqual(42);
    expect(lane.order).toHaveLength(340);
    expect(lane.turns.waiting).toBe(0);
  });

  it('counts time, not pieces of work', async () => {
    const lane = new Lane();
    await Promise.all([lane.scan('large', 'a', 50, 100), lane.scan('small', 'b', 500, 10)]);
    // In the time of 10 large ones about 100 small ones are done.
    expect(lane.count('large', 110)).toBeGreaterThan(6);
    expect(lane.count('large', 110)).toBeLessThan(16);
  });

  it('lets a new scan go before those of its tenant that had much, and these one after the other', async () => {
    const lane = new Lane();
    const heavy = [lane.scan('h1', 'a', 400, 100), lane.scan('h2', 'a', 400, 100), lane.scan('h3', 'a', 400, 100)];
    while (lane.order.length < 200) await nextTurn();
    const before = lane.order.length;
    await lane.scan('light', 'a', 4, 5);
    // It has to wait for the piece that is worked on, and for the share of the heavy class.
    expect(lane.order.length - before).toBeLessThan(12);
    await Promise.all(heavy);
    // The first one is done long before the others are.
    const ends = ['h1', 'h2', 'h3'].map((name) => lane.order.lastIndexOf(name));
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(lane.count('h2', ends[0] ?? 0)).toBeLessThan(120);
  });

  it('lets a light scan go before heavy ones that have just begun', async () => {
    const turns = new FairTurns(1, 1);
    const first = await turns.join('a').take(0, never);
    const order: string[] = [];
    const asked = [['heavy', 3000], ['middle', 100], ['light', 0], ['heavy', 9000]] as const;
    const done = asked.map(async ([name, expectedMs]) => {
      const turn = await turns.join('a', expectedMs).take(0, never);
      order.push(name);
      turn.done(1);
    });
    first.done(1);
    await Promise.all(done);
    expect(order).toEqual(['light', 'middle', 'heavy', 'heavy']);
  });

  it('lets heavy scans go on while light ones keep coming', async () => {
    const lane = new Lane();
    const heavy = lane.scan('heavy', 'a', 300, 100);
    while (lane.order.length < 100) await nextTurn();
    const stop = new AbortController();
    const stream = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) await lane.scan(`light${i}`, 'a', 1, 10);
    })();
    await heavy;
    stop.abort();
    await stream;
    expect(lane.order.filter((name) => name === 'heavy')).toHaveLength(300);
  });

  it('does not let a tenant save up turns that it did not want', async () => {
    const lane = new Lane();
    const keeps = lane.turns.join('idle');
    await lane.scan('a', 'a', 100, 100);
    const rest = Promise.all([lane.scan('b', 'b', 50, 100), (async () => {
      for (let i = 0; i < 50; i++) {
        const turn = await keeps.take(0, never);
        lane.order.push('idle');
        await nextTurn();
        turn.done(100);
      }
      keeps.leave();
    })()]);
    await rest;
    expect(lane.order.slice(100, 140).filter((name) => name === 'idle').length).toBeLessThan(24);
  });

  it('has no lane wait for another one, and as many turns out on each as it was told', async () => {
    const turns = new FairTurns(2, 2);
    const taker = turns.join('a');
    const out = [await taker.take(0, never), await taker.take(0, never), await taker.take(1, never)];
    let third: Turn | undefined;
    const waiting = taker.take(0, never).then((turn) => (third = turn));
    await nextTurn();
    expect(third).toBeUndefined();
    expect(turns.waiting).toBe(1);
    out[0]?.done(1);
    // More than once does nothing.
    out[0]?.done(1);
    await waiting;
    const fourth = taker.take(0, AbortSignal.timeout(5));
    await expect(fourth).rejects.toThrow();
    expect(turns.waiting).toBe(0);
  });

  it('ends a wait with the reason of its signal, and goes on with the others', async () => {
    const turns = new FairTurns(1, 1);
    const [a, b] = [turns.join('a'), turns.join('b')];
    const first = await a.take(0, never);
    const stop = new AbortController();
    const cancelled = b.take(0, stop.signal);
    const other = a.take(0, never);
    stop.abort(new Error('gone'));
    await expect(cancelled).rejects.toThrow('gone');
    await expect(b.take(0, stop.signal)).rejects.toThrow('gone');
    first.done(5);
    (await other).done(5);
    expect(turns.waiting).toBe(0);
  });

  it('loses no turn, whatever comes and goes', async () => {
    const step = fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), lane: fc.nat(1), units: fc.integer({ min: 1, max: 5 }), ms: fc.constantFrom(0, 1, 60, 900), abortAt: fc.option(fc.nat(4), { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const turns = new FairTurns(2, 1);
        let out = 0;
        await Promise.all(
          steps.map(async ({ tenant, lane, units, ms, abortAt }) => {
            const taker = turns.join(tenant);
            const stop = new AbortController();
            try {
              for (let i = 0; i < units; i++) {
                if (i === abortAt) stop.abort(new Error('gone'));
                const turn = await taker.take(lane, stop.signal);
                out += 1;
                expect(out).toBeLessThanOrEqual(2);
                await nextTurn();
                out -= 1;
                turn.done(ms);
              }
            } catch (error) {
              expect(error).toMatchObject({ message: 'gone' });
            }
            taker.leave();
            taker.leave();
          }),
        );
        expect(turns.waiting).toBe(0);
        const last = turns.join('a');
        for (const lane of [0, 1]) (await last.take(lane, AbortSignal.timeout(1000))).done(0);
      }),
      { numRuns: 60 },
    );
  });
});
