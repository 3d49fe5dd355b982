import type { Grouping, RangeOp, Unwrap } from '../syntax/mod.ts';

/** What a source has to compute for a range aggregation; plain data. Sample times lie in (t - range, t] of each evaluation time t. */
export interface RangeAggregation {
  readonly op: RangeOp;
  readonly param: number | null;
  readonly unwrap: Unwrap | null;
  readonly rangeNs: bigint;
  /** Evaluation times, with the expression's offset already taken off: startNs + i × stepNs for 0 ≤ i < steps. */
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly steps: number;
  /**
   * Labels of the resulting series. Null: all labels of the row. Rows with `__error__` are not grouped (but see keepErrors): their series carry all
   * labels, and finishing fails on them. The planner also puts the grouping of an enclosing
   * aggregation here where that changes no answer (sum by (x) of count_over_time), so that few series leave a worker.
   */
  readonly grouping: Grouping | null;
  /** True where no label that a parser makes is needed, so that parsers are not run at all (as in Loki). */
  readonly skipParsers: boolean;
  /**
   * Labels that the parsers have to make: those of `grouping`, of unwrap and of the stages. A parser may make these only, and stops without looking
   * further (so without an error) as soon as it made them all, as in Loki. Null: all labels. Empty goes with skipParsers.
   */
  readonly requiredLabels: readonly string[] | null;
  /**
   * True where the query names `__error__`: rows that a parser failed on are samples like others and grouped, with the label if it is asked for.
   * Those that unwrap or a template failed on are not.
   */
  readonly keepErrors: boolean;
  /** More series than this are an error (max_query_series); 0 is no limit. */
  readonly seriesMax: number;
}
