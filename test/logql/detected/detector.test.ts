import { expect, it } from 'vitest';
import { Detector } from '../../../src/logql/detected/detector.ts';
import { packRows } from '../../../src/logql/detected/pack.ts';
import type { DetectionRows } from '../../../src/logql/detected/task.ts';
import { answerOf } from './run.ts';

const [rows] = [...packRows(answerOf([{ line: 'a=1 b=x' }, { line: '{"a":2}' }]))] as [DetectionRows];

it('gathers fields as long as rows come', () => {
  const detector = new Detector({ kind: 'fields', limit: 1 });
  expect([detector.add(rows), detector.add(rows)]).toEqual([true, true]);
  expect(detector.finish()).toEqual({ kind: 'fields', fields: [{ label: 'a', type: 'int', cardinality: 2, parsers: ['logfmt', 'json'], jsonPath: ['a'] }] });
});

it('gathers values until there are enough', () => {
  const detector = new Detector({ kind: 'values', name: 'a', limit: 2 });
  expect(detector.add(rows)).toBe(false);
  expect(detector.finish()).toEqual({ kind: 'values', values: ['1', '2'] });
  expect(new Detector({ kind: 'values', name: 'b', limit: 2 }).add(rows)).toBe(true);
});

it('finds nothing without rows', () => {
  expect(new Detector({ kind: 'fields', limit: 1 }).finish()).toEqual({ kind: 'fields', fields: [] });
  expect(new Detector({ kind: 'values', name: 'a', limit: 1 }).finish()).toEqual({ kind: 'values', values: [] });
});
