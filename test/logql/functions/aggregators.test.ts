import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRangeAggregator } from '../../../src/logql/functions/create.ts';
import { finishRange } from '../../../src/logql/functions/finish.ts';
import { mergePartials } from '../../../src/logql/functions/merge.ts';
import type { RangeAggregation } from '../../../src/logql/plan/aggregation.ts';
import type { Partial } from '../../../src/logql/source.ts';
import type { RangeOp } from '../../../src/logql/syntax/mod.ts';
import { dayOf, dayStartNs, formatLabels, isSpoorError, type LabelSet } from '../../../src/model/mod.ts';
import { naiveRange, type Sample } from './naive.ts';

const ops: readonly RangeOp[] = [
  'rate', 'rate_counter', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'absent_over_time', 'sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time',
  'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time',
];
const counting = new Set<RangeOp>(['count_over_time', 'absent_over_time']);
const second = 1_000_000_000n;

function aggregationOf(op: RangeOp, more: globalThis.Partial<RangeAggregation> = {}): RangeAggregation {
  const unwrap = counting.has(op) || op.startsWith('bytes') ? null : { label: 'x', conversion: 'none' as const, filters: [] };
  return {
    op, param: op === 'quantile_over_time' ? 0.9 : null, unwrap, rangeNs: 60n * second, startNs: 0n, stepNs: 10n * second, steps: 5, grouping: null, skipParsers: false,
    requiredLabels: null, keepErrors: false, seriesMax: 0, ...more,
  };
}

const seriesLabels: LabelSet = [{ name: 'a', value: 'b' }];

function partialOf(aggregation: RangeAggregation, samples: readonly Sample[], labels: LabelSet = seriesLabels): Partial {
  const aggregator = createRangeAggregator(aggregation);
  for (const sample of samples) {
    const series = aggregator.series(formatLabels(labels), labels);
    const day = dayOf(sample.timeNs);
    aggregator.add(series, day, Number(sample.timeNs - dayStartNs(day)), sample.value, sample.position, 0, 0);
  }
  return { kind: 'partial', stats: { rows: samples.length, bytes: 0, rowsMatched: samples.length }, series: aggregator.finish() };
}

function valuesOf(aggregation: RangeAggregation, partial: Partial): (number | null)[] {
  const [series] = finishRange(aggregation, partial).series;
  if (series === undefined) return Array.from({ length: aggregation.steps }, () => null);
  return Array.from(series.values, (value, step) => (series.present[step] === 1 ? value : null));
}

function expectClose(got: readonly (number | null)[], want: readonly (number | null)[]): void {
  expect(got.map((value) => value === null)).toEqual(want.map((value) => value === null));
  for (const [i, value] of want.entries()) {
    if (value === null) continue;
    const difference = Math.abs((got[i] as number) - value);
    if (Number.isNaN(value)) expect(got[i]).toBeNaN();
    else expect(difference, `step ${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  }
}

// Some minutes before a midnight, so that samples lie on two days.
const aroundMidnight = 1_768_435_200n * second - 300n * second;
const arbitrarySample = fc
  .tuple(fc.bigInt({ min: 0n, max: 600n }), fc.constantFrom(0n, 1n, -1n, 500_000_000n), fc.double({ min: -1e6, max: 1e6, noNaN: true }))
  .map(([seconds, rest, value]) => ({ seconds, rest, value }));
const arbitrarySamples = fc
  .array(arbitrarySample, { maxLength: 60 })
  .map((list) => list.map(({ seconds, rest, value }, position): Sample => ({ timeNs: aroundMidnight + seconds * second + rest, value, position })));
const arbitraryGrid = fc.record({
  rangeNs: fc.constantFrom(1n, 1n * second, 7n * second, 10n * second, 60n * second, 95n * second, 600n * second),
  stepNs: fc.constantFrom(1n * second, 10n * second, 13n * second, 60n * second, 300n * second),
  steps: fc.integer({ min: 1, max: 40 }),
  startNs: fc.bigInt({ min: 0n, max: 400n }).map((seconds) => aroundMidnight + seconds * second),
});

describe.each(ops)('%s', (op) => {
  test('is what its definition says, whatever range and step', () => {
    fc.assert(
      fc.property(arbitrarySamples, arbitraryGrid, fc.double({ min: 0, max: 1, noNaN: true }), (samples, grid, param) => {
        const aggregation = aggregationOf(op, { ...grid, ...(op === 'quantile_over_time' ? { param } : {}) });
        // Counters of equal times have no rate to compare.
        const unique = op === 'rate_counter' ? [...new Map(samples.map((sample) => [sample.timeNs, { ...sample, value: Math.abs(sample.value) }])).values()] : samples;
        expectClose(valuesOf(aggregation, partialOf(aggregation, unique)), naiveRange(aggregation, unique));
      }),
      { numRuns: 150 },
    );
  });

  test('gives the same however the samples are cut into partials', () => {
    fc.assert(
      fc.property(arbitrarySamples, arbitraryGrid, fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 60, maxLength: 60 }), (samples, grid, places) => {
        const aggregation = aggregationOf(op, grid);
        const parts = [0, 1, 2, 3].map((place) => partialOf(aggregation, samples.filter((_, i) => places[i] === place)));
        const whole = valuesOf(aggregation, partialOf(aggregation, samples));
        const merged = mergePartials(aggregation, parts);
        expect(merged.stats.rows).toBe(samples.length);
        expectClose(valuesOf(aggregation, merged), whole);
        const [first, second_, third, fourth] = parts as [Partial, Partial, Partial, Partial];
        const nested = mergePartials(aggregation, [mergePartials(aggregation, [fourth, second_]), mergePartials(aggregation, [third, first])]);
        expectClose(valuesOf(aggregation, nested), whole);
      }),
      { numRuns: 80 },
    );
  });
});

describe('addCounts', () => {
  test('counts as single samples do', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 200 }), arbitraryGrid, (seconds, grid) => {
        const aggregation = aggregationOf('count_over_time', grid);
        const samples = seconds.map((s, position): Sample => ({ timeNs: aroundMidnight + BigInt(s) * second, value: 1, position }));
        const aggregator = createRangeAggregator(aggregation);
        for (const day of new Set(samples.map((sample) => dayOf(sample.timeNs)))) {
          const times = Float64Array.from(samples.filter((s) => dayOf(s.timeNs) === day).map((s) => Number(s.timeNs - dayStartNs(day)))).sort();
          aggregator.addCounts(aggregator.series('{}', []), day, times, 0, times.length);
        }
        const partial: Partial = { kind: 'partial', stats: { rows: 0, bytes: 0, rowsMatched: 0 }, series: aggregator.finish() };
        expectClose(valuesOf(aggregation, partial), naiveRange(aggregation, samples));
      }),
      { numRuns: 200 },
    );
  });
});

describe('values at their edges', () => {
  const run = (op: RangeOp, values: readonly number[], param: number | null = null): number | null => {
    const aggregation = aggregationOf(op, { startNs: 60n * second, steps: 1, param });
    return valuesOf(aggregation, partialOf(aggregation, values.map((value, i) => ({ timeNs: BigInt(i + 1) * second, value, position: i }))))[0] as number | null;
  };
  const cases: readonly [RangeOp, readonly number[], number | null, number][] = [
    ['max_over_time', [NaN, 1, NaN], null, 1],
    ['min_over_time', [NaN, NaN], null, NaN],
    ['avg_over_time', [Infinity, 1, 2], null, Infinity],
    ['avg_over_time', [1, Infinity, -Infinity], null, NaN],
    ['avg_over_time', [1.5e308, 1.5e308], null, 1.5e308],
    ['sum_over_time', [1e16, 1, -1e16], null, 1],
    ['sum_over_time', [Infinity, 1], null, Infinity],
    ['stdvar_over_time', [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], null, 22.5],
    ['quantile_over_time', [1, 2], 1.5, Infinity],
    ['quantile_over_time', [1, 2], -1, -Infinity],
    ['quantile_over_time', [1, 2, 3, 4], 0.5, 2.5],
    ['rate_counter', [7], null, 0],
  ];
  test.each(cases)('%s of %j (%s) is %s', (op, values, param, want) => {
    expect(run(op, values, param)).toBe(want);
  });

  test('a window holds its end and not its start', () => {
    const aggregation = aggregationOf('count_over_time', { startNs: 100n * second, rangeNs: 10n * second, steps: 1 });
    const at = (timeNs: bigint): (number | null)[] => valuesOf(aggregation, partialOf(aggregation, [{ timeNs, value: 1, position: 0 }]));
    expect(at(100n * second)).toEqual([1]);
    expect(at(100n * second + 1n)).toEqual([null]);
    expect(at(90n * second)).toEqual([null]);
    expect(at(90n * second + 1n)).toEqual([1]);
  });
});

describe('limits', () => {
  test('more series than seriesMax are refused, in one aggregator and in a merge', () => {
    const aggregation = aggregationOf('count_over_time', { seriesMax: 2, startNs: 10n * second });
    const sample = { timeNs: 10n * second, value: 1, position: 0 };
    const labelled = (value: string): LabelSet => [{ name: 'a', value }];
    const parts = ['1', '2', '3'].map((value) => partialOf(aggregation, [sample], labelled(value)));
    expect(mergePartials(aggregation, parts.slice(0, 2)).series).toHaveLength(2);
    const limit = (error: unknown): boolean => isSpoorError(error, 'max_query_series');
    expect(() => mergePartials(aggregation, parts)).toThrowError(expect.toSatisfy(limit));
    const aggregator = createRangeAggregator(aggregation);
    expect(() => ['1', '2', '3'].forEach((value) => aggregator.add(aggregator.series(value, labelled(value)), 0, 10e9, 1, 0, 0, 0))).toThrowError(expect.toSatisfy(limit));
  });

  test('series without a sample in a window do not count', () => {
    const aggregation = aggregationOf('count_over_time', { seriesMax: 1, startNs: 100n * second });
    const aggregator = createRangeAggregator(aggregation);
    for (const value of ['1', '2', '3']) aggregator.add(aggregator.series(value, [{ name: 'a', value }]), 0, 1, 1, 0, 0, 0);
    expect(aggregator.finish()).toEqual([]);
  });
});
