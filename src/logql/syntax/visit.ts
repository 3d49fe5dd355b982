import type { Expr, LabelFilter, Stage } from './ast.ts';

/** One function per kind of expression. A kind added to the tree does not compile until every visitor knows it. */
export type ExprVisitor<R> = { readonly [K in Expr['kind']]: (expr: Extract<Expr, { readonly kind: K }>) => R };
/** One function per kind of stage. */
export type StageVisitor<R> = { readonly [K in Stage['kind']]: (stage: Extract<Stage, { readonly kind: K }>) => R };
/** One function per kind of label filter. */
export type LabelFilterVisitor<R> = { readonly [K in LabelFilter['kind']]: (filter: Extract<LabelFilter, { readonly kind: K }>) => R };

/** Calls the visitor's function for the kind of `expr`. */
export function visitExpr<R>(expr: Expr, visitor: ExprVisitor<R>): R {
  const visit = visitor[expr.kind] as (expr: Expr) => R;
  return visit(expr);
}

/** Calls the visitor's function for the kind of `stage`. */
export function visitStage<R>(stage: Stage, visitor: StageVisitor<R>): R {
  const visit = visitor[stage.kind] as (stage: Stage) => R;
  return visit(stage);
}

/** Calls the visitor's function for the kind of `filter`. */
export function visitLabelFilter<R>(filter: LabelFilter, visitor: LabelFilterVisitor<R>): R {
  const visit = visitor[filter.kind] as (filter: LabelFilter) => R;
  return visit(filter);
}

/** Calls `each` for `expr` and every expression under it, parents first. */
export function walk(expr: Expr, each: (expr: Expr) => void): void {
  each(expr);
  visitExpr<void>(expr, {
    log_query: () => {},
    range_aggregation: (e) => walk(e.query, each),
    vector_aggregation: (e) => walk(e.expr, each),
    label_replace: (e) => walk(e.expr, each),
    binary: (e) => {
      walk(e.left, each);
      walk(e.right, each);
    },
    literal: () => {},
    vector: () => {},
  });
}
