import type { BinaryExpr, Grouping, MetricExpr, RangeAggregationExpr, VectorAggregationExpr } from '../../../src/logql/syntax/ast.ts';
import { applyOperator, isComparison } from './operators.ts';
import { naiveWindow, type Sample } from './windows.ts';
import type { Hints } from './parsers.ts';
import { keyOf, byTime } from './logs.ts';
import { hintsOf, labelsCompared, labelsRead, passesFilter, process, selects, type NaiveRow } from './stages.ts';
import { parseBytes, parseNumber, parseSeconds, toRegExp } from './values.ts';

/** A query that has to fail, with the code of the error. */
export class NaiveError extends Error {}

/** A series at one time. */
export interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

/** The value of a metric expression at one time. `rows` are unique. */
export function naiveVector(expr: MetricExpr, rows: readonly NaiveRow[], timeNs: bigint): Point[] {
  switch (expr.kind) {
    case 'literal':
    case 'vector':
      return [{ labels: {}, value: expr.value }];
    case 'range_aggregation':
      return rangeVector(expr, expr.grouping, rows, timeNs);
    case 'vector_aggregation':
      return aggregate(expr, rows, timeNs);
    case 'label_replace':
      return naiveVector(expr.expr, rows, timeNs).map(({ labels, value }) => {
        const pattern = toRegExp(expr.pattern, true);
        const from = labels[expr.source] ?? '';
        if (!pattern.test(from)) return { labels, value };
        return { labels: withLabel(labels, expr.destination, from.replace(pattern, expr.replacement)), value };
      });
    case 'binary':
      return binary(expr, rows, timeNs);
  }
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  const { [name]: _, ...rest } = labels;
  return value === '' ? rest : { ...rest, [name]: value };
}

export function group(labels: Labels, grouping: Grouping | null): Labels {
  if (grouping === null) return {};
  return Object.fromEntries(Object.entries(labels).filter(([name]) => grouping.labels.includes(name) !== grouping.without));
}

const sums: readonly string[] = ['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'sum_over_time'];

/** Parsers make only the labels that a query needs, where that can be told: below `by`, and below a sum. */
function requiredLabels(expr: RangeAggregationExpr, grouping: Grouping | null): Hints['required'] {
  const none = expr.op === 'absent_over_time' || (grouping !== null && !grouping.without && grouping.labels.length === 0);
  if (!none && (grouping === null || grouping.without)) return null;
  const names = [...labelsRead(expr.query.stages), ...(grouping?.labels ?? [])];
  if (expr.unwrap !== null) names.push(expr.unwrap.label, ...expr.unwrap.filters.flatMap(labelsCompared));
  return new Set(names.flatMap((name) => (name.endsWith('_extracted') ? [name, name.slice(0, -'_extracted'.length)] : [name])));
}

/** `grouping` is the aggregation's own, or that of the sum around it. */
function rangeVector(expr: RangeAggregationExpr, grouping: Grouping | null, rows: readonly NaiveRow[], timeNs: bigint): Point[] {
  const endNs = timeNs - expr.offsetNs;
  const required = requiredLabels(expr, grouping);
  const stages = required?.size === 0 ? expr.query.stages.filter(({ kind }) => !['json', 'logfmt', 'pattern', 'unpack'].includes(kind)) : expr.query.stages;
  const series = new Map<string, { labels: Labels; samples: Sample[] }>();
  const inWindow = rows.filter((row) => selects(expr.query.matchers, row.stream) && row.timeNs > endNs - expr.rangeNs && row.timeNs <= endNs);
  for (const row of inWindow.sort(byTime('forward'))) {
    const left = process(row, stages, hintsOf(stages, required, expr.unwrap?.filters));
    if (left === null) continue;
    const { labels } = left;
    let value = expr.op === 'bytes_over_time' || expr.op === 'bytes_rate' ? Buffer.byteLength(left.line) : 1;
    if (expr.unwrap !== null) {
      const text = labels.get(expr.unwrap.label) ?? '';
      if (text === '') continue;
      const { conversion } = expr.unwrap;
      const parsed = conversion === 'none' ? parseNumber(text) : conversion === 'bytes' ? parseBytes(text) : parseSeconds(text);
      if (parsed === undefined) labels.fail('SampleExtractionErr', 'no number');
      value = parsed ?? 0;
      if (!expr.unwrap.filters.every((filter) => passesFilter(filter, labels))) continue;
    }
    const all = labels.all();
    // Where the query names errors, lines that a parser failed on count.
    if (labels.error !== '' && !(labels.preserved && required?.has('__error__') === true)) throw new NaiveError('pipeline_error');
    // Series with an error are not grouped: they fail the query.
    const own = labels.error !== '' ? all : grouping === null ? withLabel(all, expr.unwrap?.label ?? '', '') : grouping.without ? withLabel(group(all, grouping), expr.unwrap?.label ?? '', '') : group(all, grouping);
    const found = series.get(keyOf(own)) ?? { labels: own, samples: [] };
    series.set(keyOf(own), found);
    found.samples.push({ timeNs: row.timeNs, value });
  }
  if (expr.op === 'absent_over_time') return series.size > 0 ? [] : [{ labels: absentLabels(expr), value: 1 }];
  return [...series.values()].map(({ labels, samples }) => ({ labels, value: naiveWindow(expr, samples, endNs) }));
}

function absentLabels({ query: { matchers } }: RangeAggregationExpr): Labels {
  return Object.fromEntries(matchers.filter(({ name, op }) => op === '=' && matchers.filter((other) => other.name === name).length === 1).map(({ name, value }) => [name, value]));
}

function aggregate(expr: VectorAggregationExpr, rows: readonly NaiveRow[], timeNs: bigint): Point[] {
  const inner = expr.expr;
  const grouping = expr.grouping ?? { without: false, labels: [] };
  const pushed = expr.op === 'sum' && inner.kind === 'range_aggregation' && inner.grouping === null && sums.includes(inner.op);
  const points = pushed ? rangeVector(inner, grouping, rows, timeNs) : naiveVector(inner, rows, timeNs);
  if (expr.op === 'sort' || expr.op === 'sort_desc') {
    return points.sort((a, b) => (expr.op === 'sort' ? a.value - b.value : b.value - a.value));
  }
  const groups = Map.groupBy(points, ({ labels }) => keyOf(group(labels, grouping)));
  return [...groups.values()].flatMap((members): Point[] => {
    const values = members.map(({ value }) => value);
    const labels = group(members[0]?.labels ?? {}, grouping);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    switch (expr.op) {
      case 'sum':
        return [{ labels, value: mean * values.length }];
      case 'avg':
        return [{ labels, value: mean }];
      case 'min':
        return [{ labels, value: Math.min(...values) }];
      case 'max':
        return [{ labels, value: Math.max(...values) }];
      case 'count':
        return [{ labels, value: values.length }];
      case 'stddev':
        return [{ labels, value: Math.sqrt(variance) }];
      case 'stdvar':
        return [{ labels, value: variance }];
      case 'topk':
      case 'bottomk':
      case 'approx_topk': {
        const sign = expr.op === 'bottomk' ? 1 : -1;
        // Of equal values those whose labels come first.
        const ordered = members.toSorted((a, b) => sign * (a.value - b.value) || compareLabels(a.labels, b.labels));
        return ordered.slice(0, expr.param ?? 0);
      }
      case 'sort':
      case 'sort_desc':
        return members;
    }
  });
}

function compareLabels(a: Labels, b: Labels): number {
  const [left, right] = [a, b].map((labels) => Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)).flat());
  for (const [i, text] of (left ?? []).entries()) {
    const other = right?.[i];
    if (other === undefined) return 1;
    if (text !== other) return text < other ? -1 : 1;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}

// ---- binary operators --------------------------------------------------------------------------------------------

function binary(expr: BinaryExpr, rows: readonly NaiveRow[], timeNs: bigint): Point[] {
  const { op, left, right, returnBool } = expr;
  const filters = isComparison(op) && !returnBool;
  /** Of a comparison that filters: the left value, or nothing. */
  const apply = (labels: Labels, a: number, b: number, kept: number): Point[] => {
    const value = applyOperator(op, a, b);
    if (filters) return value === 0 ? [] : [{ labels, value: kept }];
    return [{ labels, value }];
  };
  if (left.kind === 'literal') return naiveVector(right, rows, timeNs).flatMap(({ labels, value }) => apply(labels, left.value, value, value));
  if (right.kind === 'literal') return naiveVector(left, rows, timeNs).flatMap(({ labels, value }) => apply(labels, value, right.value, value));
  const [a, b] = [naiveVector(left, rows, timeNs), naiveVector(right, rows, timeNs)];
  const matching = expr.matching ?? { on: false, labels: [], card: 'one-to-one' as const, include: [] };
  const signature = ({ labels }: Point): string => keyOf(group(labels, { without: !matching.on, labels: matching.labels }));
  const [inLeft, inRight] = [new Set(a.map(signature)), new Set(b.map(signature))];
  if (op === 'and') return a.filter((point) => inRight.has(signature(point)));
  if (op === 'unless') return a.filter((point) => !inRight.has(signature(point)));
  if (op === 'or') return [...a, ...b.filter((point) => !inLeft.has(signature(point)))];
  const swapped = matching.card === 'one-to-many';
  const [many, one] = swapped ? [b, a] : [a, b];
  const partners = new Map<string, Point>();
  for (const point of one) {
    if (partners.has(signature(point))) throw new NaiveError('vector_matching');
    partners.set(signature(point), point);
  }
  const taken = new Set<string>();
  return many.flatMap((point) => {
    const partner = partners.get(signature(point));
    if (partner === undefined) return [];
    let labels = matching.card === 'one-to-one' ? group(point.labels, { without: !matching.on, labels: matching.labels }) : point.labels;
    for (const name of matching.include) labels = withLabel(labels, name, partner.labels[name] ?? '');
    const once = matching.card === 'one-to-one' ? signature(point) : `${signature(point)}${keyOf(labels)}`;
    if (taken.has(once)) throw new NaiveError('vector_matching');
    taken.add(once);
    const [x, y] = swapped ? [partner.value, point.value] : [point.value, partner.value];
    return apply(labels, x, y, x);
  });
}
