import { systemClock, type Clock } from '../../model/mod.ts';
import { newControl } from '../control.ts';
import { withoutIdleLineFormats } from '../plan/line-formats.ts';
import { planQuery, type PlanRequest } from '../plan/planner.ts';
import { checkBlocked } from '../plan/query-limits.ts';
import type { MetricPlan, Plan } from '../plan/plan.ts';
import { withReadLimit } from '../plan/read-limit.ts';
import { noStats } from '../functions/merge.ts';
import type { LogSource } from '../source.ts';
import { checkStages } from '../stages/check.ts';
import { formatExpr, parseQuery, walk } from '../syntax/mod.ts';
import { checkBytes } from './bytes-limit.ts';
import { Evaluation } from './evaluate.ts';
import { compareLabels } from './labels.ts';
import { findPatterns, type PatternsParams, type PatternsResult } from './patterns.ts';
import { readRows } from './rows.ts';
import type { MatrixResult, QueryParams, QueryResult, ScalarResult, StreamsResult, VectorResult } from './types.ts';

/** Answers LogQL queries from a source of logs. */
export class Engine {
  readonly #source: LogSource;
  readonly #clock: Clock;

  constructor(source: LogSource, clock: Clock = systemClock) {
    this.#source = source;
    this.#clock = clock;
  }

  /**
   * Answers one query. Throws `parse_error` and the errors of limits before anything is read, `pipeline_error`, `max_query_series`, `max_query_bytes_read`,
   * `vector_matching` and `query_memory` while it is, whatever the source throws, and the reason of `signal` once that aborts.
   */
  async query(params: QueryParams, signal: AbortSignal): Promise<QueryResult> {
    const started = this.#clock.monotonicMs();
    const plan = this.plan(params);
    const steps = plan.kind === 'metric' ? plan.steps : 0;
    if (this.#isForgotten(params)) return { ...emptyResult(plan), stats: { ...noStats, elapsedMs: 0, returned: 0 }, warnings: [] };
    // Ends the other scans of the query when one of them fails.
    const failed = new AbortController();
    const evaluation = new Evaluation(this.#source, AbortSignal.any([signal, failed.signal]), steps, this.#source.bytes === undefined ? params.limits.max_query_bytes_read : 0, params.partialSeries ?? false, newControl(params.limits.max_query_memory));
    try {
      if (params.limits.max_query_bytes_read > 0) await checkBytes(plan, this.#source, params.limits, evaluation.signal);
      signal.throwIfAborted();
      const result = await this.#run(plan, evaluation);
      signal.throwIfAborted();
      const stats = { ...evaluation.stats, elapsedMs: this.#clock.monotonicMs() - started, returned: countReturned(result) };
      return { ...result, stats, warnings: [...evaluation.warnings] };
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  /** What lines have in common; see findPatterns. */
  async patterns(params: PatternsParams, signal: AbortSignal): Promise<PatternsResult> {
    return findPatterns(this.#source, params, signal);
  }

  /** The plan of a query, with the errors that can be told without reading. */
  plan(params: QueryParams): Plan {
    const asked = typeof params.query === 'string' ? parseQuery(params.query, params.limits.max_unselective_query_bytes_read > 0) : params.query;
    const expr = withoutIdleLineFormats(asked);
    walk(expr, (e) => {
      if (e.kind === 'log_query') checkStages(e.stages);
    });
    const { tenant, direction, limit, limits, partialSeries = false } = params;
    const request = { tenant, direction, limit, limits, partialSeries };
    const plan = withReadLimit(planQuery(expr, { ...request, time: this.#lookback(params) }), limits.max_unselective_query_bytes_read);
    checkBlocked(expr, typeof params.query === 'string' ? params.query : formatExpr(expr), params.tags ?? '', limits);
    return plan;
  }

  /** The first time that max_query_lookback lets a query see. */
  #firstNs(params: QueryParams): bigint | null {
    const lookback = params.limits.max_query_lookback;
    return lookback > 0n ? this.#clock.nowNs() - lookback : null;
  }

  /** Whether a query asks only for times before that: its answer is empty. */
  #isForgotten(params: QueryParams): boolean {
    const firstNs = this.#firstNs(params);
    return firstNs !== null && (params.kind === 'instant' ? params.timeNs : params.endNs) < firstNs;
  }

  #lookback(params: QueryParams): PlanRequest['time'] {
    if (params.kind === 'instant') return { kind: 'instant', timeNs: params.timeNs };
    const { startNs, endNs, stepNs, intervalNs } = params;
    const firstNs = this.#firstNs(params);
    const clamped = firstNs !== null && firstNs > startNs && firstNs <= endNs ? firstNs : startNs;
    return { kind: 'range', startNs: clamped, endNs, stepNs, intervalNs };
  }

  async #run(plan: Plan, evaluation: Evaluation): Promise<StreamsResult | MatrixResult | VectorResult | ScalarResult> {
    if (plan.kind === 'log') return readRows(plan, this.#source, evaluation);
    const { root } = plan;
    if (plan.instant && root.kind === 'constant' && root.scalar) return { resultType: 'scalar', timeNs: plan.startNs, value: root.value };
    return shape(plan, await evaluation.evaluate(root));
  }
}

function emptyResult(plan: Plan): StreamsResult | MatrixResult | VectorResult {
  if (plan.kind === 'log') return { resultType: 'streams', labels: [], rows: [] };
  return shape(plan, { steps: plan.steps, series: [] });
}

function shape(plan: MetricPlan, matrix: MatrixResult['matrix']): MatrixResult | VectorResult {
  const series = plan.instant && plan.ordered ? [...matrix.series] : [...matrix.series].sort((a, b) => compareLabels(a.labels, b.labels));
  if (!plan.instant) return { resultType: 'matrix', startNs: plan.startNs, stepNs: plan.stepNs, matrix: { steps: plan.steps, series } };
  return { resultType: 'vector', timeNs: plan.startNs, samples: series.map((one) => ({ labels: one.labels, value: one.values[0] as number })) };
}

function countReturned(result: StreamsResult | MatrixResult | VectorResult | ScalarResult): number {
  switch (result.resultType) {
    case 'streams':
      return result.rows.length;
    case 'vector':
      return result.samples.length;
    case 'scalar':
      return 1;
    case 'matrix':
      return result.matrix.series.reduce((sum, series) => series.present.reduce((count, there) => count + there, sum), 0);
  }
}
