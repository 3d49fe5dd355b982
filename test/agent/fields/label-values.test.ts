import { expect, it } from 'vitest';
import { PodLabelValues, type KeptValues } from '../../../agent/fields/label-values.ts';

it('takes values up to the limit, remembers them, says once that it is full, and never takes one back', () => {
  const kept: KeptValues = new Map([['shop', new Set(['earlier'])]]);
  let changes = 0;
  const full: string[] = [];
  const values = new PodLabelValues(kept, 3, () => changes++, (name) => full.push(name));
  expect(['earlier', 'a', 'b', 'c', 'd', 'a', 'earlier'].map((value) => values.admit('shop', value))).toEqual([true, true, true, false, false, true, true]);
  expect(values.admit('other', 'c')).toBe(true);
  expect(values.admit('other', 'x'.repeat(300))).toBe(false);
  expect([changes, full, kept.get('shop')]).toEqual([3, ['shop'], new Set(['earlier', 'a', 'b'])]);
  const again = new PodLabelValues(kept, 3, () => changes++, () => undefined);
  expect(['b', 'c'].map((value) => again.admit('shop', value))).toEqual([true, false]);
});
