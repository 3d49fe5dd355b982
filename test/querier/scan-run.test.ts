import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newControl, type Batch, type QueryControl, type ScanTask } from '../../src/logql/mod.ts';
import { ByteBudget, SpoorError } from '../../src/model/mod.ts';
import type { ScanPool } from '../../src/querier/mod.ts';
import { runScan, type ScanParts } from '../../src/querier/scan-run.ts';
import { FairTurns } from '../../src/querier/schedule/turns.ts';
import type { Unit } from '../../src/querier/units.ts';

const never = new AbortController().signal;

function task(limit: number, direction: 'forward' | 'backward' = 'backward'): ScanTask {
  return { tenant: 't', matchers: [], startNs: 0n, endNs: 1000n, stages: [], output: { kind: 'log', direction, limit } };
}

/** Units of ten bytes, the newest first; unit i holds the time 100 - i. */
function unitsOf(count: number): Unit[] {
  const sourceOf = (rowGroup: number) => ({ kind: 'segment' as const, id: rowGroup, segment: { key: 'k', size: 1, footerBytes: 1 }, rowGroup });
  return Array.from({ length: count }, (_, i) => ({ merge: false, streams: [], sources: [{ source: sourceOf(i), pieces: [] }], minNs: BigInt(100 - i), maxNs: BigInt(100 - i), bytes: 10 }));
}

/** Store and threads that keep account of what happens to them. */
class Account {
  readonly loaded: bigint[] = [];
  readonly added: { lane: number; time: bigint; begins: boolean }[] = [];
  readonly finished: number[] = [];
  /** Row groups that were announced with each unit. */
  readonly announced: (readonly number[])[] = [];
  held = 0;
  heldMost = 0;
  #control: QueryControl | undefined;
  readonly parts: ScanParts;

  constructor(options: { lanes?: number; memory?: number; bound?: (time: bigint) => bigint | null; failAt?: bigint; loadMs?: number; slow?: (time: bigint) => boolean; readAhead?: number } = {}) {
    const pool: ScanPool = {
      lanes: options.lanes ?? 3,
      add: async (lane, _scan, begin, { unit, ahead = [] }) => {
        this.announced.push(ahead.map(({ rowGroup }) => rowGroup));
        this.loaded.push(unit.maxNs);
        this.held += unit.bytes;
        this.heldMost = Math.max(this.heldMost, this.held);
        if (begin !== null) this.#control = begin.control;
        // Like a worker it looks now and then whether it shall stop.
        for (let ms = 0; ms < (options.loadMs ?? 2) && this.#control?.words[0] === 0; ms += 2) await sleep(2);
        if (options.slow?.(unit.maxNs) === true) await sleep(10);
        this.held -= unit.bytes;
        if (this.#control?.words[0] === 1) throw new SpoorError('query_cancelled');
        if (unit.maxNs === options.failAt) throw new Error(`failed at ${unit.maxNs}`);
        this.added.push({ lane, time: unit.maxNs, begins: begin !== null });
        return { boundNs: options.bound?.(unit.maxNs) ?? null };
      },
      finish: async (lane) => {
        this.finished.push(lane);
        return { kind: 'batch', stats: { rows: 0, bytes: 0, rowsMatched: 0 }, labels: [], rows: [] } satisfies Batch;
      },
    };
    this.parts = {
      pool,
      memory: new ByteBudget(options.memory ?? 1000),
      turns: new FairTurns(pool.lanes, 1),
      readAhead: options.readAhead ?? 0,
    };
  }
}

describe('runScan', () => {
  it('hands every unit to a lane, and ends each lane that had one', async () => {
    const account = new Account();
    const results = await runScan(account.parts, task(0), unitsOf(20), never);
    expect(new Set(account.added.map(({ time }) => time))).toEqual(new Set(unitsOf(20).map(({ maxNs }) => maxNs)));
    expect(account.added).toHaveLength(20);
    expect(account.added.filter(({ begins }) => begins)).toHaveLength(3);
    expect(account.finished.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(results).toHaveLength(3);
    expect(account.parts.memory.used).toBe(0);
  });

  it('gives the lanes of a scan for patterns the same units every time', async () => {
    const runs: string[] = [];
    for (const slow of [1n, 2n, 3n]) {
      const account = new Account({ loadMs: 1, slow: (time) => time % 3n === slow % 3n });
      await runScan(account.parts, { ...task(0), output: { kind: 'patterns', stepNs: 10n, oneOf: 1 } }, unitsOf(20), never);
      expect(account.added).toHaveLength(20);
      expect(account.finished).toHaveLength(3);
      const lanes = Map.groupBy(account.added, ({ lane }) => lane);
      runs.push([...lanes.values()].map((added) => added.map(({ time }) => time).toString()).toSorted().join(' '));
    }
    expect(new Set(runs).size).toBe(1);
  });

  it('reads one unit first where there is a limit, and no other if that has enough', async () => {
    const account = new Account({ bound: () => 100n });
    await runScan(account.parts, task(5), unitsOf(20), never);
    expect(account.loaded).toEqual([100n]);
  });

  it('goes on on all lanes where the first unit has not enough, until one has', async () => {
    const account = new Account({ bound: (time) => (time <= 97n ? time : null) });
    await runScan(account.parts, task(5), unitsOf(50), never);
    expect(account.loaded.slice(0, 4)).toEqual([100n, 99n, 98n, 97n]);
    // What was under way when it was found.
    expect(account.loaded.length).toBeLessThan(12);
    expect(new Set(account.added.map(({ lane }) => lane)).size).toBeGreaterThan(1);
  });

  it('tells of so many units ahead, each once, and not of those that it may not want', async () => {
    const account = new Account({ lanes: 1, readAhead: 4 });
    await runScan(account.parts, task(0), unitsOf(8), never);
    expect(account.announced).toEqual([[1, 2, 3, 4], [5], [6], [7], [], [], [], []]);
    const several = new Account({ lanes: 3, readAhead: 100 });
    await runScan(several.parts, task(0), unitsOf(30), never);
    const told = several.announced.flat();
    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeGreaterThanOrEqual(27);

    const probing = new Account({ lanes: 1, readAhead: 4, bound: (time) => (time <= 99n ? 97n : null) });
    await runScan(probing.parts, task(5), unitsOf(20), never);
    // Units 0 to 3 hold the times 100 to 97.
    expect(probing.announced).toEqual([[], [2, 3, 4, 5], [], []]);
    const off = new Account({ lanes: 1 });
    await runScan(off.parts, task(0), unitsOf(3), never);
    expect(off.announced).toEqual([[], [], []]);
  });

  it('begins small scans on different lanes', async () => {
    const account = new Account();
    for (let i = 0; i < 6; i++) await runScan(account.parts, task(0), unitsOf(1), never);
    expect(new Set(account.added.map(({ lane }) => lane)).size).toBe(3);
  });

  it('keeps all scans together inside the memory that they share, and none from its end', async () => {
    const account = new Account({ memory: 45 });
    await Promise.all(Array.from({ length: 8 }, () => runScan(account.parts, task(0), unitsOf(15), never)));
    expect(account.added).toHaveLength(8 * 15);
    expect(account.heldMost).toBeLessThanOrEqual(40);
    expect(account.parts.memory.used).toBe(0);
  });

  it('lets a unit pass that is greater than all of the memory', async () => {
    const account = new Account({ memory: 5 });
    await runScan(account.parts, task(0), unitsOf(6), never);
    expect(account.added).toHaveLength(6);
    expect(account.heldMost).toBe(10);
  });

  it('ends all lanes and their sessions when one fails', async () => {
    const account = new Account({ failAt: 95n });
    await expect(runScan(account.parts, task(0), unitsOf(200), never)).rejects.toThrow('failed at 95');
    expect(account.added.length).toBeLessThan(30);
    const begun = new Set(account.added.map(({ lane }) => lane));
    expect(new Set(account.finished)).toEqual(new Set([...begun, ...account.finished]));
    expect(account.parts.memory.used).toBe(0);
    // The same where the first unit of all fails: its session is there, too.
    const first = new Account({ failAt: 100n, lanes: 1 });
    await expect(runScan(first.parts, task(7), unitsOf(3), never)).rejects.toThrow('failed at 100');
    expect(first.finished).toEqual([0]);
    expect(first.loaded).toEqual([100n]);
    expect(first.parts.memory.used).toBe(0);
  });

  it('fails with what another scan of the query failed with', async () => {
    const control = newControl();
    const slow = new Account({ lanes: 1, loadMs: 10_000 });
    const failing = new Account({ failAt: 97n, lanes: 2 });
    const first = runScan(slow.parts, { ...task(0), control }, unitsOf(3), never);
    const second = runScan(failing.parts, { ...task(0), control }, unitsOf(20), never);
    await expect(first).rejects.toThrow('failed at 97');
    await expect(second).rejects.toThrow('failed at 97');
  });

  it.each([
    ['while it works', 1000, 1],
    ['while it reads', 1000, 10_000],
    ['while it waits for memory', 10, 10_000],
  ])('ends with the reason of the signal %s', async (_name, memory, loadMs) => {
    const account = new Account({ memory, loadMs });
    const stop = new AbortController();
    const running = runScan(account.parts, task(0), unitsOf(100_000), stop.signal);
    setTimeout(() => stop.abort(new Error('gone')), 20);
    await expect(running).rejects.toThrow('gone');
    expect(account.parts.memory.used).toBe(0);
  });
});
