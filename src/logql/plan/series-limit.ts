import type { Expr, LogQuery, MetricExpr, RangeOp, VectorOp } from '../syntax/mod.ts';
import { walk } from '../syntax/mod.ts';

/**
 * The expressions whose results max_query_series counts. Loki counts what its queriers send to its query frontend, and what that answers: the result as a whole, and below operators
 * that it cannot spread over shards (topk, sort, most binary operators …) the largest parts that it can. So `count(x)` never counts the series of x,
 * and `topk(5, x)` does. Users' queries live with these numbers, so we count the same.
 */
export function seriesLimitNodes(root: MetricExpr): ReadonlySet<MetricExpr> {
  const nodes = new Set<MetricExpr>([root]);
  spread(root, true, nodes);
  return nodes;
}

/** Adds the parts of `expr` that are computed apart; false if there are none, so that it is computed as a whole. */
function spread(expr: MetricExpr, top: boolean, nodes: Set<MetricExpr>): boolean {
  switch (expr.kind) {
    case 'literal':
    case 'vector':
      return false;
    case 'label_replace':
      return spread(expr.expr, top, nodes);
    case 'range_aggregation':
      if (!canShard(expr, top)) return false;
      nodes.add(expr);
      return true;
    case 'binary': {
      for (const leg of [expr.left, expr.right]) {
        if (!spread(leg, top, nodes) && leg.kind !== 'literal' && leg.kind !== 'vector') nodes.add(leg);
      }
      return true;
    }
    case 'vector_aggregation': {
      if (expr.op === 'approx_topk') return true;
      if (canShard(expr, top)) {
        const reduces = reducesLabels(expr.expr);
        const whole = expr.op === 'sum' ? !(reduces && hasNonAdditive(expr.expr)) : expr.op === 'avg' || !reduces;
        if (whole) {
          nodes.add(expr);
          return true;
        }
      }
      return spread(expr.expr, false, nodes);
    }
  }
}

const shardableVectorOps: ReadonlySet<VectorOp> = new Set(['sum', 'avg', 'count', 'max', 'min', 'approx_topk']);
const unshardableRangeOps: ReadonlySet<RangeOp> = new Set(['rate_counter', 'stddev_over_time', 'stdvar_over_time', 'absent_over_time']);
const additiveOps: ReadonlySet<RangeOp> = new Set(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'sum_over_time']);

function canShard(expr: MetricExpr, top: boolean): boolean {
  switch (expr.kind) {
    case 'literal':
      return true;
    case 'vector':
    case 'label_replace':
      return false;
    case 'range_aggregation':
      return !unshardableRangeOps.has(expr.op) && (top || expr.op !== 'quantile_over_time');
    case 'binary': {
      const plain = expr.matching === null || (!expr.matching.on && expr.matching.labels.length === 0);
      return plain && (expr.op === '+' || expr.op === '*') && canShard(expr.left, top) && canShard(expr.right, top);
    }
    case 'vector_aggregation': {
      if (!shardableVectorOps.has(expr.op) || !canShard(expr.expr, top)) return false;
      const inner = expr.expr;
      if (expr.op === 'count' || expr.op === 'avg') return !reducesLabels(inner);
      if (expr.op === 'min' || expr.op === 'max') return inner.kind === 'range_aggregation' && canShard(inner, false);
      return !(expr.op === 'sum' && inner.kind === 'vector_aggregation' && (inner.op === 'min' || inner.op === 'max'));
    }
  }
}

/** Whether two streams may end up with the same labels. */
export function reducesLabels(expr: MetricExpr): boolean {
  let reduces = false;
  walk(expr, (e: Expr) => {
    if (e.kind === 'range_aggregation' || e.kind === 'vector_aggregation') reduces ||= (e.grouping?.labels.length ?? 0) > 0;
    else if (e.kind === 'log_query') reduces ||= stagesReduceLabels(e);
  });
  return reduces;
}

function stagesReduceLabels(query: LogQuery): boolean {
  return query.stages.some((stage) => stage.kind === 'drop' || stage.kind === 'keep' || (stage.kind === 'label_format' && stage.assignments.some((a) => a.kind === 'rename')));
}

function hasNonAdditive(expr: MetricExpr): boolean {
  let found = false;
  walk(expr, (e: Expr) => {
    found ||= (e.kind === 'range_aggregation' && !additiveOps.has(e.op)) || (e.kind === 'vector_aggregation' && e.op === 'avg');
  });
  return found;
}
