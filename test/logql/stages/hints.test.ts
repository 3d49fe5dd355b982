import { describe, expect, it } from 'vitest';
import type { RangeAggregation } from '../../../src/logql/plan/aggregation.ts';
import { labelNeeds, type LabelNeeds } from '../../../src/logql/stages/hints.ts';

describe('labelNeeds', () => {
  const aggregation: RangeAggregation = {
    op: 'sum_over_time', param: null, unwrap: null, rangeNs: 1n, startNs: 0n, stepNs: 1n, steps: 1, grouping: null, skipParsers: false, requiredLabels: null, keepErrors: false, seriesMax: 0,
  };
  const unwrap = { label: 'v', conversion: 'none' as const, filters: [] };

  it.each<[change: Partial<RangeAggregation>, expected: Partial<LabelNeeds>]>([
    [{}, { grouping: null, filterWhileParsing: true }],
    [{ unwrap }, { grouping: { without: true, labels: ['v'] }, filterWhileParsing: true }],
    [{ unwrap, grouping: { without: true, labels: ['a'] } }, { grouping: { without: true, labels: ['a', 'v'] } }],
    [{ unwrap, grouping: { without: false, labels: ['a'] }, requiredLabels: ['a', 'v'] }, { grouping: { without: false, labels: ['a'] }, required: ['a', 'v'], filterWhileParsing: false }],
    [{ grouping: { without: false, labels: [] }, requiredLabels: [], skipParsers: true }, { grouping: { without: false, labels: [] }, skipParsers: true, filterWhileParsing: true }],
    [{ op: 'absent_over_time' }, { grouping: { without: false, labels: [] } }],
  ])('%j', (change, expected) => {
    expect(labelNeeds({ ...aggregation, ...change })).toMatchObject(expected);
  });
});
