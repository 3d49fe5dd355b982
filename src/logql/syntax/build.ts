import type { SpoorError } from '../../model/mod.ts';
import type {
  BinaryOp, Expr, Grouping, LabelReplaceExpr, LogQuery, MetricExpr, NumberLiteral, RangeAggregationExpr, RangeOp, Unwrap, VectorAggregationExpr, VectorLiteral,
  VectorMatching, VectorOp,
} from './ast.ts';
import { selectorError } from './checks.ts';
import { parseError } from './errors.ts';
import { readFloat } from './literals.ts';
import { formatGoFixed } from './numbers.ts';
import { powerGo } from './power.ts';
import { regexpError } from './regexp.ts';

/**
 * A metric expression with an error that is told only if the text parses to its end, as in Loki. It takes the place of its whole
 * subtree; the outermost, leftmost one is the query's error.
 */
export interface Invalid {
  readonly kind: 'invalid';
  readonly error: SpoorError;
  /** True for a number that is none: its error comes before those of whole operands. */
  readonly literal: boolean;
}

/** What the grammar makes of an expression. */
export type Built = Expr | Invalid;
/** What the grammar makes of a metric expression. */
export type BuiltMetric = MetricExpr | Invalid;

function invalid(reason: string): Invalid {
  return { kind: 'invalid', error: parseError(reason), literal: false };
}

/** A number as an expression: `1`, `+1`, `-1`. */
export function buildLiteral(text: string, negative: boolean): NumberLiteral | Invalid {
  const value = readFloat(text);
  if (typeof value !== 'number') return { ...invalid(`unable to parse literal as a float: ${value.error}`), literal: true };
  return { kind: 'literal', value: negative ? -value : value };
}

/** `vector(1)`. */
export function buildVector(text: string): VectorLiteral | Invalid {
  const value = readFloat(text);
  return typeof value === 'number' ? { kind: 'vector', value } : invalid(`unable to parse vectorExpr as a float: ${value.error}`);
}

/** The part of a range aggregation between its parentheses. */
export interface LogRange {
  readonly query: LogQuery;
  readonly unwrap: Unwrap | null;
  readonly rangeNs: bigint;
  readonly offsetNs: bigint;
}

const unwrapOps: ReadonlySet<RangeOp> = new Set([
  'avg_over_time', 'sum_over_time', 'max_over_time', 'min_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'rate', 'rate_counter',
  'absent_over_time', 'first_over_time', 'last_over_time',
]);
const lineOps: ReadonlySet<RangeOp> = new Set(['bytes_over_time', 'bytes_rate', 'count_over_time', 'rate', 'absent_over_time']);
const groupingOps: ReadonlySet<RangeOp> = new Set([
  'avg_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'max_over_time', 'min_over_time', 'first_over_time', 'last_over_time',
]);

/** `op(param, range) by (…)`, with Loki's rules of which operator takes what; with `allowAll` also of selectors that match every stream. */
export function buildRangeAggregation(op: RangeOp, param: string | null, range: LogRange, grouping: Grouping | null, allowAll = false): RangeAggregationExpr | Invalid {
  let value: number | null = null;
  if (param !== null) {
    if (op !== 'quantile_over_time') return invalid(`parameter ${param} not supported for operation ${op}`);
    const number = readFloat(param);
    if (typeof number !== 'number') return invalid(`invalid parameter for operation ${op}: ${number.error}`);
    value = number;
  } else if (op === 'quantile_over_time') return invalid(`parameter required for operation ${op}`);
  if (grouping !== null && !groupingOps.has(op)) return invalid(`grouping not allowed for ${op} aggregation`);
  if (range.unwrap !== null && !unwrapOps.has(op)) return invalid(`invalid aggregation ${op} with unwrap`);
  if (range.unwrap === null && !lineOps.has(op)) return invalid(`invalid aggregation ${op} without unwrap`);
  const error = allowAll ? null : selectorError(range.query.matchers);
  return error === null ? { kind: 'range_aggregation', op, param: value, ...range, grouping } : { kind: 'invalid', error, literal: false };
}

/** `op by (…) (param, expr)`. */
export function buildVectorAggregation(op: VectorOp, param: string | null, grouping: Grouping | null, expr: BuiltMetric): VectorAggregationExpr | Invalid {
  let value: number | null = null;
  if (op === 'topk' || op === 'bottomk' || op === 'approx_topk') {
    if (param === null) return invalid(`parameter required for operation ${op}`);
    if (!/^\d{1,15}$/.test(param)) return invalid(`invalid parameter ${op}(${param},`);
    value = Number(param);
    if (value <= 0) return invalid(`invalid parameter (must be greater than 0) ${op}(${param}`);
    if (op === 'approx_topk' && grouping !== null) return invalid(`grouping not allowed for ${op} aggregation`);
  } else if (param !== null) return invalid(`unsupported parameter for operation ${op}(${param},`);
  if ((op === 'sort' || op === 'sort_desc') && grouping !== null && grouping.labels.length > 0) return invalid("sort and sort_desc doesn't allow grouping by ");
  if (expr.kind === 'invalid') return expr;
  return { kind: 'vector_aggregation', op, param: value, grouping, expr };
}

/** `label_replace(expr, …)`. */
export function buildLabelReplace(expr: BuiltMetric, destination: string, replacement: string, source: string, pattern: string): LabelReplaceExpr | Invalid {
  const error = regexpError(`^(?:${pattern})$`);
  if (error !== null) return invalid(`invalid regex in label_replace: ${error}`);
  return expr.kind === 'invalid' ? expr : { kind: 'label_replace', expr, destination, replacement, source, pattern };
}

/** `left op modifiers right`; two numbers are computed at once. */
export function buildBinary(op: BinaryOp, returnBool: boolean, matching: VectorMatching | null, left: Built, right: Built): BuiltMetric {
  if (left.kind === 'log_query') return invalid(`unexpected type for left leg of binary operation (${op}): ${goType(left)}`);
  if (right.kind === 'log_query') return invalid(`unexpected type for right leg of binary operation (${op}): ${goType(right)}`);
  for (const leg of [left, right]) if (leg.kind === 'invalid' && leg.literal) return { ...leg, literal: false };
  const set = op === 'or' || op === 'and' || op === 'unless';
  if (set && left.kind === 'literal') return invalid(`unexpected literal for left leg of logical/set binary operation (${op}): ${formatGoFixed(left.value)}`);
  if (set && right.kind === 'literal') return invalid(`unexpected literal for right leg of logical/set binary operation (${op}): ${formatGoFixed(right.value)}`);
  if (left.kind === 'invalid') return left;
  if (right.kind === 'invalid') return right;
  if (left.kind === 'literal' && right.kind === 'literal') return { kind: 'literal', value: applyArithmetic(op, left.value, right.value) };
  return { kind: 'binary', op, left, right, returnBool, matching };
}

/** The Go type that Loki's error names. */
function goType(query: LogQuery): string {
  return query.stages.length === 0 ? '*syntax.MatchersExpr' : '*syntax.PipelineExpr';
}

/** An operator on two numbers as Loki computes it: division and remainder by 0 are NaN, a comparison is 1 or 0. */
export function applyArithmetic(op: BinaryOp, left: number, right: number): number {
  const apply = arithmetic[op];
  return apply === undefined ? Number.NaN : apply(left, right);
}

const arithmetic: { readonly [op in BinaryOp]?: (left: number, right: number) => number } = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? Number.NaN : a / b),
  '%': (a, b) => (b === 0 ? Number.NaN : a % b),
  '^': powerGo,
  '==': (a, b) => (a === b ? 1 : 0),
  '!=': (a, b) => (a !== b ? 1 : 0),
  '>': (a, b) => (a > b ? 1 : 0),
  '>=': (a, b) => (a >= b ? 1 : 0),
  '<': (a, b) => (a < b ? 1 : 0),
  '<=': (a, b) => (a <= b ? 1 : 0),
};

