import type { Matcher, MatchOp } from '../../model/mod.ts';

/**
 * The syntax tree of LogQL: readonly plain data with a literal `kind`, so that parts of it cross to worker threads and other machines.
 * Visitors are exhaustive records over the kinds (see visit.ts), so that a kind added here does not compile until every visitor knows it.
 */
export type Expr = LogQuery | MetricExpr;

/** `{app="x"} |= "y" | json`: a selector and its stages. */
export interface LogQuery {
  readonly kind: 'log_query';
  readonly matchers: readonly Matcher[];
  readonly stages: readonly Stage[];
}

// ---- stages ------------------------------------------------------------------------------------

export type Stage =
  | LineFilter
  | JsonParser
  | LogfmtParser
  | RegexpParser
  | PatternParser
  | UnpackParser
  | LabelFilterStage
  | LineFormat
  | LabelFormat
  | Decolorize
  | DropLabels
  | KeepLabels;

/** `|= "a" or "b"`: the line passes if any alternative holds (for the negated operators: if none does). */
export interface LineFilter {
  readonly kind: 'line_filter';
  readonly op: '|=' | '!=' | '|~' | '!~' | '|>' | '!>';
  readonly alternatives: readonly LineFilterValue[];
}

/** A text, regular expression or pattern; with `ip` an address, range or CIDR prefix: `|= ip("10.0.0.0/8")`. */
export interface LineFilterValue {
  readonly value: string;
  readonly ip: boolean;
}

/** `label="path"` of a json or logfmt stage. */
export interface LabelExtraction {
  readonly label: string;
  readonly expression: string;
}

/** `| json`, or with extractions `| json a="x.y"`. */
export interface JsonParser {
  readonly kind: 'json';
  readonly extractions: readonly LabelExtraction[];
}

/** `| logfmt --strict --keep-empty a="x"`. */
export interface LogfmtParser {
  readonly kind: 'logfmt';
  readonly strict: boolean;
  readonly keepEmpty: boolean;
  readonly extractions: readonly LabelExtraction[];
}

export interface RegexpParser {
  readonly kind: 'regexp';
  readonly pattern: string;
}

export interface PatternParser {
  readonly kind: 'pattern';
  readonly pattern: string;
}

export interface UnpackParser {
  readonly kind: 'unpack';
}

export interface LabelFilterStage {
  readonly kind: 'label_filter';
  readonly filter: LabelFilter;
}

export interface LineFormat {
  readonly kind: 'line_format';
  readonly template: string;
}

export interface LabelFormat {
  readonly kind: 'label_format';
  readonly assignments: readonly LabelAssignment[];
}

/** `a=b` (rename) or `a="{{.x}}"` (template). */
export type LabelAssignment =
  | { readonly kind: 'rename'; readonly label: string; readonly from: string }
  | { readonly kind: 'template'; readonly label: string; readonly template: string };

export interface Decolorize {
  readonly kind: 'decolorize';
}

/** `| drop a, b="x"`. */
export interface DropLabels {
  readonly kind: 'drop';
  readonly targets: readonly LabelTarget[];
}

export interface KeepLabels {
  readonly kind: 'keep';
  readonly targets: readonly LabelTarget[];
}

/** A label name, or a label name with a condition. */
export interface LabelTarget {
  readonly name: string;
  readonly matcher: { readonly op: MatchOp; readonly value: string } | null;
}

// ---- label filters -----------------------------------------------------------------------------

export type LabelFilter =
  | { readonly kind: 'and'; readonly left: LabelFilter; readonly right: LabelFilter }
  | { readonly kind: 'or'; readonly left: LabelFilter; readonly right: LabelFilter }
  | { readonly kind: 'string_filter'; readonly matcher: Matcher }
  | { readonly kind: 'number_filter'; readonly name: string; readonly op: CompareOp; readonly value: number }
  /** `value` in nanoseconds; `text` as written, for printing. */
  | { readonly kind: 'duration_filter'; readonly name: string; readonly op: CompareOp; readonly value: number; readonly text: string }
  | { readonly kind: 'bytes_filter'; readonly name: string; readonly op: CompareOp; readonly value: number; readonly text: string }
  | { readonly kind: 'ip_filter'; readonly name: string; readonly op: '=' | '!='; readonly pattern: string };

/** `=` and `==` are the same; the tree has `==`. */
export type CompareOp = '==' | '!=' | '>' | '>=' | '<' | '<=';

// ---- metric expressions ------------------------------------------------------------------------

export type MetricExpr = RangeAggregationExpr | VectorAggregationExpr | BinaryExpr | LabelReplaceExpr | NumberLiteral | VectorLiteral;

export type RangeOp =
  | 'rate'
  | 'rate_counter'
  | 'count_over_time'
  | 'bytes_rate'
  | 'bytes_over_time'
  | 'absent_over_time'
  | 'sum_over_time'
  | 'avg_over_time'
  | 'min_over_time'
  | 'max_over_time'
  | 'stddev_over_time'
  | 'stdvar_over_time'
  | 'quantile_over_time'
  | 'first_over_time'
  | 'last_over_time';

/** `op(param, {…} | stages | unwrap x [range] offset o) by (…)`. */
export interface RangeAggregationExpr {
  readonly kind: 'range_aggregation';
  readonly op: RangeOp;
  /** The quantile of quantile_over_time. */
  readonly param: number | null;
  readonly query: LogQuery;
  readonly unwrap: Unwrap | null;
  readonly rangeNs: bigint;
  readonly offsetNs: bigint;
  readonly grouping: Grouping | null;
}

/** `| unwrap conversion(label) | filters…`. */
export interface Unwrap {
  readonly label: string;
  readonly conversion: 'none' | 'duration' | 'duration_seconds' | 'bytes';
  /** Label filters after unwrap. */
  readonly filters: readonly LabelFilter[];
}

/** `by (…)` or `without (…)`. */
export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export type VectorOp = 'sum' | 'avg' | 'min' | 'max' | 'count' | 'stddev' | 'stdvar' | 'topk' | 'bottomk' | 'sort' | 'sort_desc' | 'approx_topk';

export interface VectorAggregationExpr {
  readonly kind: 'vector_aggregation';
  readonly op: VectorOp;
  /** The k of topk and its sisters. */
  readonly param: number | null;
  readonly grouping: Grouping | null;
  readonly expr: MetricExpr;
}

export type BinaryOp = 'or' | 'and' | 'unless' | '+' | '-' | '*' | '/' | '%' | '^' | '==' | '!=' | '>' | '>=' | '<' | '<=';

export interface BinaryExpr {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly left: MetricExpr;
  readonly right: MetricExpr;
  /** `bool` after a comparison. */
  readonly returnBool: boolean;
  readonly matching: VectorMatching | null;
}

export interface VectorMatching {
  /** True: on(labels); false: ignoring(labels). */
  readonly on: boolean;
  readonly labels: readonly string[];
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many';
  /** Labels in group_left(…) or group_right(…). */
  readonly include: readonly string[];
}

export interface LabelReplaceExpr {
  readonly kind: 'label_replace';
  readonly expr: MetricExpr;
  readonly destination: string;
  readonly replacement: string;
  readonly source: string;
  readonly pattern: string;
}

export interface NumberLiteral {
  readonly kind: 'literal';
  readonly value: number;
}

/** `vector(1)`. */
export interface VectorLiteral {
  readonly kind: 'vector';
  readonly value: number;
}
