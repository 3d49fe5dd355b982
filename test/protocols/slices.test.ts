import { expect, test } from 'vitest';
import { ManualClock } from '../../src/model/mod.ts';
import { runInSlices } from '../../src/protocols/mod.ts';

test('others get their turn after each slice, and only then', async () => {
  const clock = new ManualClock(0n);
  const seen: string[] = [];
  function* work(): Generator<void, string> {
    for (let i = 0; i < 6; i++) {
      clock.advanceMs(2);
      seen.push(String(i));
      yield;
    }
    return 'done';
  }
  const tick = (): void => {
    seen.push('turn');
    if (seen.filter((step) => step === 'turn').length < 2) setImmediate(tick);
  };
  setImmediate(tick);
  expect(await runInSlices(work(), undefined, clock)).toBe('done');
  expect(seen).toEqual(['0', '1', '2', 'turn', '3', '4', '5', 'turn']);
});

test('errors come through; an abort ends it between slices', async () => {
  function* failing(): Generator<void, void> {
    yield;
    throw new Error('inside');
  }
  await expect(runInSlices(failing())).rejects.toThrow('inside');
  const clock = new ManualClock(0n);
  const abort = new AbortController();
  let steps = 0;
  function* endless(): Generator<void, void> {
    for (;;) {
      steps++;
      clock.advanceMs(10);
      if (steps === 3) abort.abort(new Error('gone'));
      yield;
    }
  }
  await expect(runInSlices(endless(), abort.signal, clock)).rejects.toThrow('gone');
  expect(steps).toBe(3);
});

test('of many long works one goes on in each round of the event loop, in turn', async () => {
  const seen: string[] = [];
  let rounds = 0;
  let over = false;
  const round = (): void => {
    rounds++;
    seen.push('|');
    if (!over) setImmediate(round);
  };
  setImmediate(round);
  function* work(name: string, clock: ManualClock): Generator<void, void> {
    for (let i = 0; i < 3; i++) {
      clock.advanceMs(10);
      seen.push(name);
      yield;
    }
  }
  await Promise.all(['a', 'b', 'c'].map((name) => {
    const clock = new ManualClock(0n);
    return runInSlices(work(name, clock), undefined, clock);
  }));
  over = true;
  // All begin at once; after that no two between two rounds.
  const later = seen.slice(seen.indexOf('|')).join('');
  expect(seen.slice(0, 3)).toEqual(['a', 'b', 'c']);
  expect(later).not.toMatch(/[abc]{2}/);
  expect(later.replaceAll('|', '')).toBe('abcabc');
  expect(rounds).toBeGreaterThan(5);
});
