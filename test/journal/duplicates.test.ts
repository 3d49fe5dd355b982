import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeIds, DuplicateWindow, encodeIds } from '../../src/journal/duplicates.ts';
import { ManualClock } from '../../src/model/mod.ts';
import { expectDamageFound } from './damage.ts';

const position = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const ids = fc.array(fc.record({ id: fc.string({ unit: 'grapheme', maxLength: 20 }), position, timeMs: position }), { maxLength: 20 });

test('an ids file comes back as it was, and with any byte wrong or missing is `corruption`', () => {
  fc.assert(
    fc.property(ids, fc.nat(), fc.integer({ min: 1, max: 255 }), (ids, at, change) => {
      const bytes = encodeIds(ids);
      expect(decodeIds(bytes, 'ids', 255)).toEqual(ids);
      expectDamageFound((bytes) => decodeIds(bytes, 'ids', 255), bytes, at, change);
    }),
  );
});

test('random bytes are `corruption`', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(() => decodeIds(bytes, 'ids', 255)).toThrow(expect.objectContaining({ code: 'corruption' }));
    }),
  );
});

test('the duplicate window forgets by age and by count, oldest first', () => {
  const clock = new ManualClock(1_000_000_000_000n);
  const window = new DuplicateWindow({ windowMs: 100, idsMax: 3, clock });
  for (let n = 1; n <= 4; n++) window.add({ id: `id ${n}`, position: n, timeMs: clock.nowMs() });
  expect([1, 2, 3, 4].map((n) => window.find(`id ${n}`))).toEqual([undefined, 2, 3, 4]);
  clock.advanceMs(60);
  window.add({ id: 'id 5', position: 5, timeMs: clock.nowMs() });
  expect(window.upTo(4).map((known) => known.position)).toEqual([3, 4]);
  clock.advanceMs(60);
  expect([3, 4, 5].map((n) => window.find(`id ${n}`))).toEqual([undefined, undefined, 5]);
  // An id that comes again after its time is a new append, and the older one's going does not take it along.
  window.add({ id: 'id 4', position: 6, timeMs: clock.nowMs() });
  window.add({ id: 'id 7', position: 7, timeMs: clock.nowMs() });
  expect([4, 5, 7].map((n) => window.find(`id ${n}`))).toEqual([6, 5, 7]);
  // What is too old when it is read back is not remembered.
  window.add({ id: 'old', position: 8, timeMs: clock.nowMs() - 101 });
  expect(window.find('old')).toBeUndefined();
});

test('the duplicate window stays small over many appends', () => {
  const clock = new ManualClock(1_000_000_000_000n);
  const window = new DuplicateWindow({ windowMs: 1e9, idsMax: 100, clock });
  for (let n = 1; n <= 50_000; n++) window.add({ id: `id ${n}`, position: n, timeMs: clock.nowMs() });
  expect(window.upTo(50_000)).toHaveLength(100);
  expect(window.find('id 49901')).toBe(49_901);
  expect(window.find('id 49900')).toBeUndefined();
});
