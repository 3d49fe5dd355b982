import { describe, expect, test } from 'vitest';
import type { LogPlan, MetricPlan, PlanNode, RangeNode } from '../../../src/logql/plan/plan.ts';
import { planQuery, type PlanRequest } from '../../../src/logql/plan/planner.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';
import { defaultLimits, type Limits, SpoorError } from '../../../src/model/mod.ts';

const second = 1_000_000_000n;
const hour = 3600n * second;
const base = 1_768_435_200n * second;

function request(more: Partial<PlanRequest> = {}): PlanRequest {
  const time = { kind: 'range' as const, startNs: base, endNs: base + hour, stepNs: 60n * second, intervalNs: 0n };
  return { tenant: 't', time, direction: 'backward', limit: 100, limits: defaultLimits, partialSeries: false, ...more };
}

const instant: PlanRequest['time'] = { kind: 'instant', timeNs: base };

function metric(query: string, more: Partial<PlanRequest> = {}): MetricPlan {
  const plan = planQuery(parseQuery(query), request(more));
  if (plan.kind !== 'metric') throw new Error('a log plan');
  return plan;
}

/** The range aggregations of a plan, from left to right. */
function ranges(node: PlanNode): RangeNode[] {
  if (node.kind === 'range') return [node];
  if (node.kind === 'join') return [...ranges(node.left), ...ranges(node.right)];
  return node.kind === 'constant' ? [] : ranges(node.input);
}

function aggregationOf(query: string, more: Partial<PlanRequest> = {}): RangeNode['aggregation'] {
  const [first] = ranges(metric(query, more).root);
  if (first === undefined) throw new Error('no range');
  return first.aggregation;
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SpoorError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('log queries', () => {
  test('read as many rows as are wanted, or all where some are passed over', () => {
    const plan = planQuery(parseQuery('{a="b"} |= "c"'), request({ limit: 7 })) as LogPlan;
    expect(plan.task).toMatchObject({ tenant: 't', startNs: base, endNs: base + hour, output: { kind: 'log', direction: 'backward', limit: 7 } });
    const time = { kind: 'range' as const, startNs: base, endNs: base + hour, stepNs: 1n, intervalNs: second };
    const thinned = planQuery(parseQuery('{a="b"}'), request({ limit: 7, time })) as LogPlan;
    expect(thinned).toMatchObject({ limit: 7, intervalNs: second, task: { output: { limit: 0 } } });
  });
});

describe('steps', () => {
  const grid = (startNs: bigint, endNs: bigint, stepNs: bigint, limits: Limits = defaultLimits): readonly [bigint, number] => {
    const plan = metric('vector(1)', { time: { kind: 'range', startNs, endNs, stepNs, intervalNs: 0n }, limits });
    return [plan.startNs - base, plan.steps];
  };
  test('lie at multiples of the step: the start is rounded down, the end up', () => {
    expect(grid(base, base + hour, 60n * second)).toEqual([0n, 61]);
    expect(grid(base + 61n * second, base + 119n * second, 60n * second)).toEqual([60n * second, 2]);
    expect(grid(base + 1n, base + 2n, hour)).toEqual([0n, 2]);
    expect(grid(base, base, hour)).toEqual([0n, 1]);
  });

  test('and where the caller wants them when queries are not split', () => {
    expect(grid(base + 61n * second, base + 119n * second, 60n * second, { ...defaultLimits, split_queries_by_interval: 0n })).toEqual([61n * second, 1]);
  });

  test('a range is read from the first window on to the last, less the offset', () => {
    const [node] = ranges(metric('rate({a="b"}[5m] offset 1h)').root);
    expect(node?.task).toMatchObject({ startNs: base - hour - 300n * second + 1n, endNs: base + 1n });
    expect(node?.aggregation).toMatchObject({ startNs: base - hour, stepNs: 60n * second, steps: 61, rangeNs: 300n * second });
  });
});

describe('what goes down to the scan', () => {
  const cases: readonly (readonly [string, Partial<RangeNode['aggregation']>])[] = [
    ['rate({a="b"}[1m])', { grouping: null, requiredLabels: null, skipParsers: false }],
    ['sum(rate({a="b"} | json [1m]))', { grouping: { without: false, labels: [] }, requiredLabels: [], skipParsers: true }],
    ['sum by (x) (rate({a="b"} | json [1m]))', { grouping: { without: false, labels: ['x'] }, requiredLabels: ['x'], skipParsers: false }],
    ['sum by (x_extracted) (rate({a="b"} | json [1m]))', { requiredLabels: ['x_extracted', 'x'] }],
    ['sum without (x) (rate({a="b"} | json [1m]))', { grouping: { without: true, labels: ['x'] }, requiredLabels: null }],
    ['sum(rate({a="b"} | json | y="1" or z > 5 [1m]))', { requiredLabels: ['y', 'z'], skipParsers: false }],
    ['sum(rate({a="b"} | line_format "{{.p}} {{ upper .q | trunc 5 }}" | label_format r=s [1m]))', { requiredLabels: ['p', 'q', 's'] }],
    ['sum by (__error__) (rate({a="b"} | json [1m]))', { keepErrors: true, requiredLabels: ['__error__'] }],
    // Other operators need every series of the range.
    ['count by (x) (rate({a="b"} | json [1m]))', { grouping: null, requiredLabels: null }],
    ['avg(rate({a="b"}[1m]))', { grouping: null }],
    ['sum(max_over_time({a="b"} | unwrap v [1m]))', { grouping: { without: true, labels: ['v'] } }],
    ['sum(max_over_time({a="b"} | unwrap v [1m]) by (x))', { grouping: { without: false, labels: ['x'] }, requiredLabels: ['x', 'v'] }],
    // The least of the least of each is the least of all; but errors show as if all labels were needed.
    ['min by (x) (min_over_time({a="b"} | unwrap v [1m]))', { grouping: { without: false, labels: ['x'] }, requiredLabels: null }],
    ['min by (v) (min_over_time({a="b"} | unwrap v [1m]))', { grouping: { without: true, labels: ['v'] } }],
    ['max(min_over_time({a="b"} | unwrap v [1m]))', { grouping: { without: true, labels: ['v'] } }],
    ['sum_over_time({a="b"} | unwrap v [1m])', { grouping: { without: true, labels: ['v'] }, requiredLabels: null }],
    ['sum(sum_over_time({a="b"} | unwrap v | w="1" [1m]))', { grouping: { without: false, labels: [] }, requiredLabels: ['v', 'w'] }],
    ['sum without (x) (sum_over_time({a="b"} | unwrap v [1m]))', { grouping: { without: true, labels: ['x', 'v'] } }],
    ['avg_over_time({a="b"} | unwrap v [1m]) without (x)', { grouping: { without: true, labels: ['x', 'v'] } }],
    ['absent_over_time({a="b"} | json [1m])', { grouping: { without: false, labels: [] }, requiredLabels: [], skipParsers: true }],
  ];
  test.each(cases)('%s', (query, want) => {
    expect(aggregationOf(query, { time: instant })).toMatchObject(want);
  });

  test('labels of what is absent are those that one = matcher names', () => {
    expect(ranges(metric('absent_over_time({a="b", c="d", c!="e", f=~"g", h="1", h="2", i=""}[1m])').root)[0]?.absent).toEqual([{ name: 'a', value: 'b' }]);
  });
});

describe('max_query_series', () => {
  /** The limit of each node from the top down the left side. */
  const limits = (query: string): readonly number[] => {
    const found: number[] = [];
    let node: PlanNode | undefined = metric(query, { time: instant, limits: { ...defaultLimits, max_query_series: 5 } }).root;
    while (node !== undefined) {
      found.push(node.seriesMax);
      node = node.kind === 'join' ? node.left : node.kind === 'range' || node.kind === 'constant' ? undefined : node.input;
    }
    return found;
  };
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['rate({a="b"}[1m])', [5]],
    ['sum(rate({a="b"}[1m]))', [5, 5]],
    ['count(rate({a="b"}[1m]))', [5, 0]],
    ['count(sum by (x) (rate({a="b"}[1m])))', [5, 5, 5]],
    ['topk(3, sum by (x) (rate({a="b"}[1m])))', [5, 5, 5]],
    ['topk(3, rate({a="b"}[1m]))', [5, 5]],
    ['sort(rate_counter({a="b"} | unwrap v [1m]))', [5, 0]],
    ['avg(rate({a="b"}[1m]))', [5, 0]],
    ['stddev(rate({a="b"}[1m]))', [5, 5]],
    ['max(rate({a="b"}[1m]))', [5, 0]],
    ['max(rate({a="b"} | drop x [1m]))', [5, 5]],
    ['rate({a="b"}[1m]) > 1', [5, 5]],
    ['stdvar_over_time({a="b"} | unwrap v [1m]) / 2', [5, 5]],
    ['label_replace(count(rate({a="b"}[1m])), "a", "b", "c", "d")', [5, 5, 0]],
  ];
  test.each(cases)('%s', (query, want) => {
    expect(limits(query)).toEqual(want);
  });

  test('cutting off instead of refusing leaves the scan without a limit', () => {
    const [node] = ranges(metric('rate({a="b"}[1m])', { partialSeries: true }).root);
    expect(node).toMatchObject({ seriesMax: 500, aggregation: { seriesMax: 0 } });
  });
});

describe('limits', () => {
  const tight: Limits = { ...defaultLimits, max_query_range: 1800n * second, max_query_length: 2n * hour, max_streams_matchers_per_query: 2, max_entries_limit_per_query: 50 };
  const over = (ns: bigint): PlanRequest['time'] => ({ kind: 'range', startNs: base, endNs: base + ns, stepNs: 60n * second, intervalNs: 0n });
  const plan = (query: string, time: PlanRequest['time'], limits = tight, limit = 10) => (): unknown => planQuery(parseQuery(query), request({ time, limits, limit }));
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ['log query as instant', plan('{a="b"}', instant), 'log_query_as_instant: log queries are not supported as an instant query type, please change your query to a range query type'],
    ['too many entries', plan('{a="b"}', over(hour), tight, 51), 'max_entries_limit: max entries limit per query exceeded, limit > max_entries_limit_per_query (51 > 50)'],
    ['entries do not matter to metrics', plan('rate({a="b"}[1m])', over(hour), tight, 51), 'none'],
    ['too long', plan('{a="b"}', over(3n * hour)), 'max_query_length: the query time range exceeds the limit (query length: 3h0m0s, limit: 2h)'],
    ['too long with its range', plan('rate({a="b"}[30m])', over(2n * hour), { ...tight, max_query_length: 5000n * second }), 'max_query_length: the query time range exceeds the limit (query length: 2h0m0s, limit: 1h23m20s)'],
    ['a year before half an hour', plan('rate({a="b"}[1y])', over(1800n * second), defaultLimits), 'max_query_length: the query time range exceeds the limit (query length: 8760h30m0s, limit: 30d1h)'],
    ['a day before each hour of a month is fine', plan('rate({a="b"}[1d])', { kind: 'range', startNs: base, endNs: base + 720n * hour, stepNs: hour, intervalNs: 0n }, defaultLimits), 'none'],
    ['any range is fine for an instant', plan('rate({a="b"}[1y])', instant, defaultLimits), 'none'],
    ['range', plan('rate({a="b"}[1h])', over(hour)), 'max_query_range: [interval] value exceeds limit: [1h] > [30m]'],
    ['matchers', plan('sum(rate({a="b",c="d",e="f"}[1m]))', over(hour)), 'max_streams_matchers: max streams matchers per query exceeded, matchers-count > limit (3 > 2)'],
    ['step', plan('vector(1)', { kind: 'range', startNs: base, endNs: base, stepNs: 0n, intervalNs: 0n }), 'bad_step: zero or negative query resolution step widths are not accepted. Try a positive integer'],
    ['resolution', plan('vector(1)', { kind: 'range', startNs: base, endNs: base + 11_001n, stepNs: 1n, intervalNs: 0n }), 'max_resolution: exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter'],
    ['order of times', plan('vector(1)', { kind: 'range', startNs: base, endNs: base - 1n, stepNs: 1n, intervalNs: 0n }), 'bad_time_range: end timestamp must not be before or equal to start time'],
    ['approx_topk over a range', plan('approx_topk(3, rate({a="b"}[1m]))', over(hour)), 'approx_topk_range: count min sketches are only supported on instant queries'],
  ];
  test.each(cases)('%s', (_name, run, want) => {
    expect(failure(run)).toBe(want);
  });
});
