import type { Grouping, LabelFilter, RangeAggregationExpr, Stage } from '../syntax/mod.ts';
import { templateFields } from '../template/mod.ts';
import { visitLabelFilter, visitStage } from '../syntax/visit.ts';

/**
 * The labels that the parsers of a range aggregation have to make, as Loki works them out; null where all are needed. `grouping` is the
 * aggregation's own or that of an enclosing `sum`.
 */
export function requiredLabels(expr: RangeAggregationExpr, grouping: Grouping | null): readonly string[] | null {
  const none = expr.op === 'absent_over_time' || (grouping !== null && !grouping.without && grouping.labels.length === 0);
  if (!none && (grouping === null || grouping.without)) return null;
  const names = expr.query.stages.flatMap(stageLabels);
  if (grouping !== null) names.push(...grouping.labels);
  if (expr.unwrap !== null) names.push(expr.unwrap.label, ...expr.unwrap.filters.flatMap(filterLabels));
  // A parser sees the name before it knows that it clashes with a label of the stream.
  const hints = names.flatMap((name) => (name.endsWith('_extracted') ? [name, name.slice(0, -'_extracted'.length)] : [name]));
  return [...new Set(hints)];
}

/** The labels that a stage reads. */
export function stageLabels(stage: Stage): string[] {
  return visitStage<string[]>(stage, {
    line_filter: () => [],
    json: () => [],
    logfmt: () => [],
    regexp: () => [],
    pattern: () => [],
    unpack: () => [],
    label_filter: (s) => filterLabels(s.filter),
    line_format: (s) => templateFields(s.template),
    label_format: (s) => s.assignments.flatMap((a) => (a.kind === 'rename' ? [a.from] : templateFields(a.template))),
    decolorize: () => [],
    drop: () => [],
    keep: () => [],
  });
}

/** The labels that a label filter reads. */
export function filterLabels(filter: LabelFilter): string[] {
  return visitLabelFilter<string[]>(filter, {
    and: (f) => [...filterLabels(f.left), ...filterLabels(f.right)],
    or: (f) => [...filterLabels(f.left), ...filterLabels(f.right)],
    string_filter: (f) => [f.matcher.name],
    number_filter: (f) => [f.name],
    duration_filter: (f) => [f.name],
    bytes_filter: (f) => [f.name],
    ip_filter: (f) => [f.name],
  });
}

