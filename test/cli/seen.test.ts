import { expect, test } from 'vitest';
import fc from 'fast-check';
import { Seen } from '../../cli/seen.ts';

const labels = new Map([['a', 'b']]);
const second = 1_000_000_000n;
const entry = (seconds: number, line: string) => ({ timeNs: BigInt(seconds) * second, labels, line });
const plenty = { windowNs: 1000n * second, entriesMax: 100_000 };

test('a source may bring an entry as often as it is there; another one brings nothing new', () => {
  const seen = new Seen(0n, plenty);
  const first = seen.source();
  expect([entry(1, 'x'), entry(1, 'x'), entry(1, 'y')].map(first)).toEqual([true, true, true]);
  const second = seen.source();
  expect([entry(1, 'x'), entry(1, 'x'), entry(1, 'x'), entry(1, 'z'), entry(1, 'y')].map(second)).toEqual([false, false, true, true, false]);
});

test('any sources together print each entry as often as the one that has it most', () => {
  const lists = fc.array(fc.array(fc.record({ seconds: fc.integer({ min: 0, max: 3 }), line: fc.constantFrom('a', 'b', 'c') }), { maxLength: 20 }), { maxLength: 5 });
  fc.assert(
    fc.property(lists, (sources) => {
      const seen = new Seen(0n, plenty);
      const printed = new Map<string, number>();
      const most = new Map<string, number>();
      for (const list of sources) {
        const isNew = seen.source();
        const counts = new Map<string, number>();
        for (const { seconds, line } of list) {
          const key = `${seconds} ${line}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
          most.set(key, Math.max(most.get(key) ?? 0, counts.get(key) ?? 0));
          if (isNew(entry(seconds, line))) printed.set(key, (printed.get(key) ?? 0) + 1);
        }
      }
      expect(printed).toEqual(most);
    }),
  );
});

test('a gap is searched a while before the newest entry, and all that was printed there is remembered', () => {
  const seen = new Seen(0n, { windowNs: 10n * second, entriesMax: 50 });
  expect(seen.resumeNs).toBe(0n);
  const isNew = seen.source();
  for (let i = 0; i < 1000; i++) expect(isNew(entry(i, `line ${i}`))).toBe(true);
  expect([seen.newestNs, seen.resumeNs]).toEqual([999n * second, 989n * second]);
  const again = seen.source();
  for (let i = 989; i < 1000; i++) expect(again(entry(i, `line ${i}`))).toBe(false);
});

test('what a source brings late is told from what is new, as far as memory goes', () => {
  const seen = new Seen(0n, { windowNs: 10n * second, entriesMax: 1000 });
  const gap = seen.source();
  for (let i = 0; i < 900; i++) gap(entry(i, `line ${i}`));
  const history = seen.source();
  expect([0, 500, 899].map((i) => history(entry(i, `line ${i}`)))).toEqual([false, false, false]);
});

test('too many entries in the window shorten it', () => {
  const seen = new Seen(0n, { windowNs: 1000n * second, entriesMax: 50 });
  const isNew = seen.source();
  for (let i = 0; i < 300; i++) isNew(entry(Math.floor(i / 10), `line ${i}`));
  expect(seen.resumeNs >= 24n * second).toBe(true);
  expect(seen.resumeNs <= 29n * second).toBe(true);
});

test('nothing before the floor is asked for', () => {
  const seen = new Seen(0n, { windowNs: 10n * second, entriesMax: 50 });
  seen.raiseFloor(98n * second);
  seen.source()(entry(100, 'x'));
  expect(seen.resumeNs).toBe(98n * second);
});
