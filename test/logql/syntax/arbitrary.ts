import fc, { type Arbitrary } from 'fast-check';
import type { BinaryOp, CompareOp, Grouping, LabelFilter, LogQuery, MetricExpr, RangeAggregationExpr, RangeOp, Stage, Unwrap, VectorMatching, VectorOp } from '../../../src/logql/syntax/mod.ts';
import type { Matcher, MatchOp } from '../../../src/model/mod.ts';

// Loki prints other names than these as texts, which cannot be read again.
const name = fc.constantFrom('app', 'env', 'level', 'status', '_x', 'rate', 'sum', 'bytes');
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constantFrom('a"b', '\\', '\n', '`', "'", '{', '漢字', ' '));
const pattern = fc.constantFrom('.*', 'x.y', 'a|b', '[a-z]+', 'a`b.');
const matchOp = fc.constantFrom<MatchOp>('=', '!=', '=~', '!~');
const matcher: Arbitrary<Matcher> = fc.tuple(name, matchOp).chain(([label, op]) => (op === '=' || op === '!=' ? text : pattern).map((value) => ({ name: label, op, value })));
const matchers = fc.array(matcher, { maxLength: 3 }).map((more): readonly Matcher[] => [{ name: 'app', op: '=', value: 'x' }, ...more]);
const compareOp = fc.constantFrom<CompareOp>('==', '!=', '>', '>=', '<', '<=');

const { filter } = fc.letrec<{ filter: LabelFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    matcher.map((one): LabelFilter => ({ kind: 'string_filter', matcher: one })),
    fc.record({ name, op: compareOp, value: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })) }).map((f): LabelFilter => ({ kind: 'number_filter', ...f, value: f.value + 0 })),
    fc.record({ name, op: compareOp, value: fc.constantFrom(1_500_000_000, 3_600_000_000_000, 1000) }).map((f): LabelFilter => ({ kind: 'duration_filter', ...f, text: '' })),
    fc.record({ name, op: compareOp, value: fc.constantFrom(5_000_000, 82, 12_000) }).map((f): LabelFilter => ({ kind: 'bytes_filter', ...f, text: '' })),
    fc.record({ name, op: fc.constantFrom<'=' | '!='>('=', '!='), pattern: text }).map((f): LabelFilter => ({ kind: 'ip_filter', ...f })),
    fc.record({ kind: fc.constantFrom<'and' | 'or'>('and', 'or'), left: tie('filter'), right: tie('filter') }),
  ),
}));

const extractions = fc.array(fc.record({ label: name, expression: text }), { maxLength: 2 });
const targets = fc.array(
  fc.oneof(name.map((one) => ({ name: one, matcher: null })), matcher.map((m) => ({ name: m.name, matcher: { op: m.op, value: m.value } }))),
  { minLength: 1, maxLength: 3 },
);
const filterValue = fc.record({ value: text, ip: fc.boolean() });
const stage: Arbitrary<Stage> = fc.oneof(
  fc.record({ kind: fc.constant('line_filter' as const), op: fc.constantFrom('|=' as const, '|~' as const, '|>' as const), alternatives: fc.array(filterValue, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('line_filter' as const), op: fc.constantFrom('!=' as const, '!~' as const, '!>' as const), alternatives: fc.array(filterValue, { minLength: 1, maxLength: 1 }) }),
  fc.record({ kind: fc.constant('json' as const), extractions }),
  fc.record({ kind: fc.constant('logfmt' as const), strict: fc.boolean(), keepEmpty: fc.boolean(), extractions }),
  fc.constant({ kind: 'regexp' as const, pattern: '(?P<a>.+)' }),
  fc.constant({ kind: 'pattern' as const, pattern: '<a> <_>' }),
  fc.constantFrom({ kind: 'unpack' as const }, { kind: 'decolorize' as const }),
  filter.map((one) => ({ kind: 'label_filter' as const, filter: one })),
  text.map((template) => ({ kind: 'line_format' as const, template })),
  fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('rename' as const), label: name, from: fc.constantFrom('app', 'env') }),
      fc.record({ kind: fc.constant('template' as const), label: name, template: text }),
    ),
    { minLength: 1, maxLength: 3 },
  ).map((assignments) => ({ kind: 'label_format' as const, assignments })),
  targets.map((list) => ({ kind: 'drop' as const, targets: list })),
  targets.map((list) => ({ kind: 'keep' as const, targets: list })),
);

/** Any log query whose selector is allowed. */
export const logQuery: Arbitrary<LogQuery> = fc.record({ matchers, stages: fc.array(stage, { maxLength: 5 }) }).map((query) => ({ kind: 'log_query', matchers: query.matchers, stages: unambiguous(query.stages) }));

/** Behind `drop a`, `!= "b"` is part of the drop, in Loki too. */
function unambiguous(stages: readonly Stage[]): readonly Stage[] {
  const kept: Stage[] = [];
  for (const one of stages) {
    const before = kept.at(-1);
    const opened = before !== undefined && (before.kind === 'drop' || before.kind === 'keep') && before.targets.at(-1)?.matcher === null;
    if (!(opened && one.kind === 'line_filter')) kept.push(one);
  }
  return kept;
}

const labels = fc.array(name, { maxLength: 3 });
const grouping: Arbitrary<Grouping> = fc.record({ without: fc.boolean(), labels });
const unwrap: Arbitrary<Unwrap> = fc.record({ label: name, conversion: fc.constantFrom('none', 'duration', 'duration_seconds', 'bytes'), filters: fc.array(filter, { maxLength: 2 }) });
const lineOps: readonly RangeOp[] = ['rate', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'absent_over_time'];
const unwrapOps: readonly RangeOp[] = ['rate', 'rate_counter', 'absent_over_time', 'sum_over_time'];
const groupOps: readonly RangeOp[] = ['avg_over_time', 'min_over_time', 'max_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time'];
const rangeOp = fc.oneof(
  fc.tuple(fc.constantFrom(...lineOps), fc.constant(null), fc.constant(null)),
  fc.tuple(fc.constantFrom(...unwrapOps), unwrap, fc.constant(null)),
  fc.tuple(fc.constantFrom(...groupOps), unwrap, fc.option(grouping)),
);
const rangeAggregation: Arbitrary<RangeAggregationExpr> = fc
  .record({ query: logQuery, head: rangeOp, rangeNs: fc.constantFrom(60_000_000_000n, 5_400_000_000_000n, 86_400_000_000_000n), offsetNs: fc.constantFrom(0n, 300_000_000_000n, -1_000_000_000n) })
  .map(({ query, head: [op, unwrapped, group], rangeNs, offsetNs }) => ({
    kind: 'range_aggregation', op, param: op === 'quantile_over_time' ? 0.95 : null, query, unwrap: unwrapped, rangeNs, offsetNs, grouping: group,
  }));

const plainOps: readonly VectorOp[] = ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar'];
const binaryOp = fc.constantFrom<BinaryOp>('or', 'and', 'unless', '+', '-', '*', '/', '%', '^', '==', '!=', '>', '>=', '<', '<=');
const matching: Arbitrary<VectorMatching> = fc
  .record({ on: fc.boolean(), labels, card: fc.constantFrom<VectorMatching['card']>('one-to-one', 'many-to-one', 'one-to-many'), include: labels })
  .map((m) => (m.card === 'one-to-one' ? { ...m, include: [] } : m));
/** What the printed form does not say is not in the tree either. */
const printable = (m: VectorMatching | null): VectorMatching | null => (m !== null && !m.on && m.labels.length === 0 && m.card === 'one-to-one' ? null : m);

/** Any metric expression that is no number, in the form that parsing gives. */
export const { metric } = fc.letrec<{ metric: MetricExpr }>((tie) => ({
  metric: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    rangeAggregation,
    fc.integer({ min: -5, max: 5 }).filter((value) => value >= 0).map((value): MetricExpr => ({ kind: 'vector', value })),
    fc.record({ op: fc.constantFrom(...plainOps), grouping: fc.option(grouping), expr: tie('metric') }).map(({ op, grouping: group, expr }): MetricExpr => ({
      kind: 'vector_aggregation', op, param: null, grouping: group !== null && !group.without && group.labels.length === 0 ? null : group, expr,
    })),
    fc.record({ op: fc.constantFrom<VectorOp>('topk', 'bottomk'), param: fc.integer({ min: 1, max: 20 }), expr: tie('metric') }).map((agg): MetricExpr => ({ kind: 'vector_aggregation', ...agg, grouping: null })),
    fc.record({ op: fc.constantFrom<VectorOp>('sort', 'sort_desc'), expr: tie('metric') }).map((agg): MetricExpr => ({ kind: 'vector_aggregation', ...agg, param: null, grouping: null })),
    fc.record({ expr: tie('metric'), destination: text, replacement: text, source: text, pattern }).map((one): MetricExpr => ({ kind: 'label_replace', ...one })),
    fc.record({ op: binaryOp, left: tie('metric'), right: tie('metric'), returnBool: fc.boolean(), matching: fc.option(matching) }).map((one): MetricExpr => ({ kind: 'binary', ...one, matching: printable(one.matching) })),
    fc.record({ op: fc.constantFrom<BinaryOp>('+', '>', '%'), left: tie('metric'), number: fc.integer({ min: -9, max: 9 }), returnBool: fc.boolean() }).map(({ number, ...one }): MetricExpr => ({
      kind: 'binary', ...one, right: { kind: 'literal', value: number + 0 }, matching: null,
    })),
  ),
}));
