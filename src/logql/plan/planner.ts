import { formatGoDuration, formatPrometheusDuration, labelSet, SpoorError, type LabelSet, type Limits, type Matcher } from '../../model/mod.ts';
import type { BinaryExpr, BinaryOp, Expr, Grouping, LogQuery, MetricExpr, RangeAggregationExpr, RangeOp, VectorAggregationExpr, VectorOp } from '../syntax/mod.ts';
import { checkStages } from '../stages/check.ts';
import { checkSelector, walk } from '../syntax/mod.ts';
import type { RangeAggregation } from './aggregation.ts';
import type { MetricPlan, Plan, PlanNode, RangeNode } from './plan.ts';
import { checkEnabled, checkEntries, checkMatchers, checkRequiredMatchers } from './query-limits.ts';
import { filterLabels, requiredLabels } from './required-labels.ts';
import { reducesLabels, seriesLimitNodes } from './series-limit.ts';

/** When and how a query is asked; times are nanoseconds since the epoch. */
export interface PlanRequest {
  readonly tenant: string;
  readonly time:
    | { readonly kind: 'instant'; readonly timeNs: bigint }
    /** A log query reads [start, end); a metric query is evaluated from start to end, both aligned to multiples of the step. */
    | { readonly kind: 'range'; readonly startNs: bigint; readonly endNs: bigint; readonly stepNs: bigint; readonly intervalNs: bigint };
  readonly direction: 'forward' | 'backward';
  readonly limit: number;
  readonly limits: Limits;
  /** True where too many series shall be cut off with a warning (Logs Drilldown) instead of refused. */
  readonly partialSeries: boolean;
}

/** Points per series that a range query may ask for. */
const resolutionMax = 11_000n;

/**
 * Makes the plan of a query. Throws the errors of its limits (max_query_range, max_query_length, max_streams_matchers, max_entries_limit,
 * max_resolution …) with Loki's words.
 */
export function planQuery(expr: Expr, request: PlanRequest): Plan {
  const { limits } = request;
  checkEntries(expr, request.limit, limits);
  // Loki looks at them in range queries only.
  if (request.time.kind === 'range') checkRequiredMatchers(expr, limits);
  const plan = expr.kind === 'log_query' ? planLog(expr, request) : planMetric(expr, request);
  checkEnabled(limits);
  return plan;
}

function planLog(query: LogQuery, request: PlanRequest): Plan {
  const { time, limits, limit, direction, tenant } = request;
  if (time.kind === 'instant') throw new SpoorError('log_query_as_instant');
  if (time.endNs < time.startNs) throw new SpoorError('bad_time_range');
  checkLength(time.endNs - time.startNs, limits);
  checkMatchers(query, limits);
  checkStages(query.stages);
  // With an interval most rows are passed over; how many have to be read is not known.
  const scanLimit = time.intervalNs > 0n ? 0 : limit;
  return {
    kind: 'log',
    task: { tenant, matchers: query.matchers, startNs: time.startNs, endNs: time.endNs, stages: query.stages, output: { kind: 'log', direction, limit: scanLimit } },
    intervalNs: time.intervalNs,
    splitNs: limits.split_queries_by_interval,
    limit,
  };
}

function planMetric(expr: MetricExpr, request: PlanRequest): MetricPlan {
  const { time, limits } = request;
  let [startNs, stepNs, steps] = [0n, 0n, 1];
  if (time.kind === 'instant') startNs = time.timeNs;
  else {
    if (time.stepNs <= 0n) throw new SpoorError('bad_step');
    if (time.endNs < time.startNs) throw new SpoorError('bad_time_range');
    if ((time.endNs - time.startNs) / time.stepNs > resolutionMax) throw new SpoorError('max_resolution');
    checkLength(time.endNs - time.startNs, limits);
    startNs = time.startNs;
    stepNs = time.stepNs;
    let endNs = time.endNs;
    // Loki splits queries by this interval, and aligns them for it.
    if (limits.split_queries_by_interval > 0n) {
      startNs -= remainder(startNs, stepNs);
      endNs += remainder(-endNs, stepNs);
    }
    steps = Number((endNs - startNs) / stepNs) + 1;
  }
  checkMatchers(expr, limits);
  const planner = new MetricPlanner(request, seriesLimitNodes(expr), { startNs, stepNs, steps });
  let ordered = false;
  walk(expr, (e) => {
    ordered ||= e.kind === 'vector_aggregation' && (e.op === 'sort' || e.op === 'sort_desc');
  });
  return { kind: 'metric', instant: time.kind === 'instant', startNs, stepNs, steps, root: planner.plan(expr), ordered };
}

interface Grid {
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly steps: number;
}

const additiveOps: ReadonlySet<RangeOp> = new Set(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'sum_over_time']);

class MetricPlanner {
  readonly #request: PlanRequest;
  readonly #limited: ReadonlySet<MetricExpr>;
  readonly #grid: Grid;

  constructor(request: PlanRequest, limited: ReadonlySet<MetricExpr>, grid: Grid) {
    this.#request = request;
    this.#limited = limited;
    this.#grid = grid;
  }

  #seriesMax(expr: MetricExpr): number {
    return this.#limited.has(expr) ? this.#request.limits.max_query_series : 0;
  }

  plan(expr: MetricExpr): PlanNode {
    const seriesMax = this.#seriesMax(expr);
    // A number is no vector: Loki looks for its selector, finds none, and says so.
    if ((expr.kind === 'vector_aggregation' || expr.kind === 'label_replace') && expr.expr.kind === 'literal') checkSelector([]);
    switch (expr.kind) {
      case 'literal':
      case 'vector':
        return { kind: 'constant', value: expr.value, scalar: expr.kind === 'literal', seriesMax };
      case 'label_replace':
        return {
          kind: 'label_replace', destination: expr.destination, replacement: expr.replacement, source: expr.source, pattern: expr.pattern, input: this.plan(expr.expr), seriesMax,
        };
      case 'range_aggregation':
        return this.#range(expr, ownGrouping(expr), requiredLabels(expr, expr.grouping), seriesMax);
      case 'binary':
        return this.#binary(expr, seriesMax);
      case 'vector_aggregation': {
        if (expr.op === 'approx_topk' && this.#request.time.kind === 'range') throw new SpoorError('approx_topk_range');
        const grouping = expr.grouping ?? { without: false, labels: [] };
        return { kind: 'aggregate', op: expr.op, param: expr.param ?? 0, grouping, input: this.#input(expr, grouping), seriesMax };
      }
    }
  }

  /** The operand of a vector aggregation. Its grouping goes down into a range aggregation where that changes no answer. */
  #input(outer: VectorAggregationExpr, grouping: Grouping): PlanNode {
    const { expr } = outer;
    if (expr.kind !== 'range_aggregation' || expr.grouping !== null) return this.plan(expr);
    const seriesMax = Math.max(this.#seriesMax(outer), this.#seriesMax(expr));
    if (outer.op === 'sum' && additiveOps.has(expr.op)) {
      return this.#range(expr, withUnwrapped(grouping, expr), requiredLabels(expr, grouping), seriesMax);
    }
    const extreme = (outer.op === 'min' && expr.op === 'min_over_time') || (outer.op === 'max' && expr.op === 'max_over_time');
    const byUnwrapped = !grouping.without && expr.unwrap !== null && grouping.labels.includes(expr.unwrap.label);
    // Below a sum Loki runs parsers for the wanted labels only; below min and max for all.
    if (extreme && !byUnwrapped && !reducesLabels(expr)) return this.#range(expr, withUnwrapped(grouping, expr), null, seriesMax);
    return this.plan(expr);
  }

  #range(expr: RangeAggregationExpr, grouping: Grouping | null, required: readonly string[] | null, seriesMax: number): RangeNode {
    const { tenant, limits, partialSeries } = this.#request;
    this.#checkRange(expr, limits);
    checkStages(expr.query.stages);
    const absent = expr.op === 'absent_over_time';
    const startNs = this.#grid.startNs - expr.offsetNs;
    const aggregation: RangeAggregation = {
      op: expr.op,
      param: expr.param,
      unwrap: expr.unwrap,
      rangeNs: expr.rangeNs,
      startNs,
      stepNs: this.#grid.stepNs,
      steps: this.#grid.steps,
      grouping: absent ? { without: false, labels: [] } : grouping,
      skipParsers: required !== null && required.length === 0,
      requiredLabels: required,
      keepErrors: required?.includes('__error__') ?? false,
      seriesMax: partialSeries || absent ? 0 : seriesMax,
    };
    const lastNs = startNs + BigInt(this.#grid.steps - 1) * this.#grid.stepNs;
    return {
      kind: 'range',
      task: {
        tenant,
        matchers: expr.query.matchers,
        startNs: startNs - expr.rangeNs + 1n,
        endNs: lastNs + 1n,
        stages: expr.query.stages,
        output: { kind: 'aggregate', aggregation },
      },
      aggregation,
      absent: absent ? absentLabels(expr.query.matchers) : null,
      merge: mergeOperator(expr),
      seriesMax,
    };
  }

  #checkRange(expr: RangeAggregationExpr, limits: Limits): void {
    const max = limits.max_query_range;
    if (max > 0n && expr.rangeNs > max) {
      throw new SpoorError('max_query_range', { interval: formatPrometheusDuration(expr.rangeNs), limit: formatPrometheusDuration(max) });
    }
    // Loki cuts instant queries into pieces, however long their range is, and range queries into pieces of the split interval and the range before it.
    const { time } = this.#request;
    if (time.kind === 'instant') return;
    // Long ranges are not cut up, as each piece would read the whole range.
    const interval = limits.split_queries_by_interval;
    const split = interval > 0n && interval < expr.rangeNs ? expr.rangeNs : interval;
    const span = time.endNs - time.startNs;
    checkLength((split > 0n && split < span ? split : span) + expr.rangeNs, limits);
  }

  #binary(expr: BinaryExpr, seriesMax: number): PlanNode {
    const { op, returnBool, left, right } = expr;
    if (left.kind === 'literal') return { kind: 'scalar', op, returnBool, value: left.value, numberFirst: true, input: this.plan(right), seriesMax };
    if (right.kind === 'literal') return { kind: 'scalar', op, returnBool, value: right.value, numberFirst: false, input: this.plan(left), seriesMax };
    const matching = expr.matching ?? { on: false, labels: [], card: 'one-to-one' as const, include: [] };
    return { kind: 'join', op, returnBool, matching, left: this.plan(left), right: this.plan(right), seriesMax };
  }
}

/** An unwrapped label is no label of the result, unless it is asked for. */
function ownGrouping(expr: RangeAggregationExpr): Grouping | null {
  if (expr.unwrap === null) return expr.grouping;
  return expr.grouping === null ? { without: true, labels: [expr.unwrap.label] } : withUnwrapped(expr.grouping, expr);
}

function withUnwrapped(grouping: Grouping, expr: RangeAggregationExpr): Grouping {
  return expr.unwrap !== null && grouping.without ? { without: true, labels: [...grouping.labels, expr.unwrap.label] } : grouping;
}

/**
 * Loki computes these apart per shard and puts the parts together by a vector aggregation `without ()`, or by a division, which leave out empty labels, where
 * streams may end up with the same labels.
 */
function mergeOperator(expr: RangeAggregationExpr): VectorOp | null {
  const operator = mergeOperators.get(expr.op);
  if (operator === undefined || !reducesLabels(expr)) return null;
  if (expr.op !== 'avg_over_time') return expr.grouping === null || expr.grouping.without ? operator : null;
  return expr.unwrap?.filters.some((filter) => filterLabels(filter).includes('__error__')) === true ? null : operator;
}

const mergeOperators: ReadonlyMap<RangeOp, VectorOp> = new Map([
  ['count_over_time', 'sum'], ['rate', 'sum'], ['bytes_over_time', 'sum'], ['bytes_rate', 'sum'], ['sum_over_time', 'sum'], ['max_over_time', 'max'], ['min_over_time', 'min'], ['avg_over_time', 'avg'],
]);

/** What is known of the series that is absent: the labels that one `=` matcher, and no other, names. */
function absentLabels(matchers: readonly Matcher[]): LabelSet {
  const pairs: (readonly [string, string])[] = [];
  for (const matcher of matchers) {
    if (matcher.op === '=' && matchers.every((other) => other === matcher || other.name !== matcher.name)) pairs.push([matcher.name, matcher.value]);
  }
  return labelSet(pairs);
}

function checkLength(lengthNs: bigint, limits: Limits): void {
  const max = limits.max_query_length;
  if (max > 0n && lengthNs > max) throw new SpoorError('max_query_length', { length: formatGoDuration(lengthNs), limit: formatPrometheusDuration(max) });
}

function remainder(value: bigint, unit: bigint): bigint {
  return ((value % unit) + unit) % unit;
}

/** Comparison operators filter or, with `bool`, yield 0 or 1. */
export function isComparison(op: BinaryOp): boolean {
  return op === '==' || op === '!=' || op === '>' || op === '>=' || op === '<' || op === '<=';
}
