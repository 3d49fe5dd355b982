import type { Expr, MetricExpr, RangeAggregationExpr, Stage } from '../syntax/mod.ts';

/** Stages to which the line matters. */
const readers: ReadonlySet<Stage['kind']> = new Set(['line_filter', 'json', 'logfmt', 'regexp', 'pattern', 'unpack']);

/**
 * The query without each `line_format` of a metric that nothing behind it reads, as in Loki: so a bad template there is no error, and no line fails on it.
 */
export function withoutIdleLineFormats(expr: Expr): Expr {
  return expr.kind === 'log_query' ? expr : metric(expr);
}

function metric(expr: MetricExpr): MetricExpr {
  switch (expr.kind) {
    case 'range_aggregation':
      return range(expr);
    case 'vector_aggregation':
    case 'label_replace':
      return { ...expr, expr: metric(expr.expr) };
    case 'binary':
      return { ...expr, left: metric(expr.left), right: metric(expr.right) };
    case 'literal':
    case 'vector':
      return expr;
  }
}

function range(expr: RangeAggregationExpr): RangeAggregationExpr {
  if (expr.op === 'bytes_over_time' || expr.op === 'bytes_rate') return expr;
  const { stages } = expr.query;
  const last = stages.findLastIndex((stage) => readers.has(stage.kind));
  if (!stages.some((stage, i) => i > last && stage.kind === 'line_format')) return expr;
  return { ...expr, query: { ...expr.query, stages: stages.filter((stage, i) => i < last || stage.kind !== 'line_format') } };
}
