import { expect, test } from 'vitest';
import { StreamAdmission } from '../../src/distributor/stream-admission.ts';
import { defaultLimits, type Limits } from '../../src/model/mod.ts';

const limitsOf = (local: number, global: number) => ({ ...defaultLimits, max_streams_per_user: local, max_global_streams_per_user: global });

test('streams that come count like streams that are there', () => {
  const there = new Set(['a']);
  const admission = new StreamAdmission({ has: (_, key) => there.has(key), count: () => there.size });
  const limits = limitsOf(0, 3);
  const first: string[] = [];
  const second: string[] = [];
  expect(['a', 'b', 'c', 'd'].map((key) => admission.admit('t', key, limits, first))).toEqual([true, true, true, false]);
  // Another push may share what is coming, and keeps it when the first one ends.
  expect([admission.admit('t', 'c', limits, second), admission.admit('t', 'e', limits, second), admission.admit('other', 'e', limits, [])]).toEqual([true, false, true]);
  admission.release('t', first);
  expect([admission.admit('t', 'e', limits, second), admission.admit('t', 'f', limits, second)]).toEqual([true, false]);
  admission.release('t', second);
  expect(admission.admit('t', 'f', limits, second)).toBe(true);
});

test('the smaller of both limits counts, 0 is none', () => {
  const admits = (limits: Limits): boolean => new StreamAdmission({ has: () => false, count: () => 5 }).admit('t', 'x', limits, []);
  expect([limitsOf(0, 0), limitsOf(6, 0), limitsOf(5, 9), limitsOf(9, 5), limitsOf(6, 6)].map(admits)).toEqual([true, true, false, false, true]);
});
