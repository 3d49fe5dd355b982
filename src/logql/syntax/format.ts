import { formatGoDuration, formatPrometheusDuration, quoteGo, type Matcher } from '../../model/mod.ts';
import type { BinaryExpr, Expr, Grouping, LabelExtraction, LabelFilter, LabelTarget, LineFilterValue, RangeAggregationExpr, Stage, Unwrap } from './ast.ts';
import { formatBytes, formatGoFloat, formatGoGeneral } from './numbers.ts';
import { visitExpr, visitLabelFilter, visitStage, type ExprVisitor, type LabelFilterVisitor, type StageVisitor } from './visit.ts';

/** The query as Loki prints it on one line. Reading that gives the same tree again, but for what Loki's form rounds (durations in brackets to ms, sizes to 2 digits). */
export function formatExpr(expr: Expr): string {
  return visitExpr(expr, exprText);
}

const exprText: ExprVisitor<string> = {
  log_query: (e) => [formatMatchers(e.matchers), ...e.stages.map(formatStage)].join(' '),
  range_aggregation: (e) => `${e.op}(${e.param === null ? '' : `${formatGoFloat(e.param)},`}${formatRange(e)})${formatGrouping(e.grouping)}`,
  vector_aggregation: (e) => {
    const plain = e.grouping === null || (e.grouping.labels.length === 0 && !e.grouping.without);
    return `${e.op}${plain ? '' : formatGrouping(e.grouping)}(${e.param === null ? '' : `${e.param},`}${formatExpr(e.expr)})`;
  },
  binary: (e) => `(${formatExpr(e.left)} ${formatOperator(e, ',')} ${formatExpr(e.right)})`,
  label_replace: (e) => `label_replace(${[formatExpr(e.expr), quoteGo(e.destination), quoteGo(e.replacement), quoteGo(e.source), quoteGo(e.pattern)].join(',')})`,
  literal: (e) => formatGoGeneral(e.value),
  vector: (e) => `vector(${Number.isFinite(e.value) ? e.value.toFixed(6) : formatGoFloat(e.value)})`,
};

function formatRange(e: RangeAggregationExpr): string {
  const unwrap = e.unwrap === null ? '' : ` ${formatUnwrap(e.unwrap).join(' ')}`;
  const offset = e.offsetNs === 0n ? '' : ` offset ${formatGoDuration(e.offsetNs)}`;
  return `${formatExpr(e.query)}${unwrap}[${formatPrometheusDuration(e.rangeNs)}]${offset}`;
}

/** `| unwrap …` and the filters behind it. */
export function formatUnwrap(unwrap: Unwrap): string[] {
  const label = unwrap.conversion === 'none' ? unwrap.label : `${unwrap.conversion}(${unwrap.label})`;
  return [`| unwrap ${label}`, ...unwrap.filters.map((filter) => `| ${formatLabelFilter(filter)}`)];
}

/** ` by (a,b)`, ` without ()`; nothing for no grouping. */
export function formatGrouping(grouping: Grouping | null): string {
  return grouping === null ? '' : ` ${grouping.without ? 'without' : 'by'} (${grouping.labels.join(',')})`;
}

/** An operator with its modifiers; `separator` stands between labels. */
export function formatOperator(e: BinaryExpr, separator: string): string {
  const op = e.returnBool ? `${e.op} bool` : e.op;
  const { matching } = e;
  if (matching === null || (!matching.on && matching.labels.length === 0 && matching.card === 'one-to-one')) return op;
  const side = { 'one-to-one': '', 'many-to-one': 'group_left', 'one-to-many': 'group_right' }[matching.card];
  // A parenthesis behind group_left is taken for its labels: Loki's own form of `a / on (x) group_left (b + c)` cannot be read again.
  const ambiguous = side !== '' && e.right.kind === 'binary';
  const group = matching.include.length === 0 && !ambiguous ? side : `${side} (${matching.include.join(separator)})`;
  return `${op} ${matching.on ? 'on' : 'ignoring'} (${matching.labels.join(separator)}) ${group}`;
}

/** `{a="b", c=~"d"}`. */
export function formatMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map((matcher) => `${matcher.name}${matcher.op}${quoteGo(matcher.value)}`).join(', ')}}`;
}

/** A stage as Loki prints it; its errors name it so. */
export function formatStage(stage: Stage): string {
  return visitStage(stage, stageText);
}

const stageText: StageVisitor<string> = {
  line_filter: (s) => `${s.op} ${s.alternatives.map(filterValue).join(' or ')}`,
  json: (s) => ['| json', extractionList(s.extractions)].join(s.extractions.length > 0 ? ' ' : ''),
  logfmt: (s) => ['| logfmt', s.strict ? '--strict' : '', s.keepEmpty ? '--keep-empty' : '', extractionList(s.extractions)].filter((part) => part !== '').join(' '),
  regexp: (s) => `| regexp ${quoteGo(s.pattern)}`,
  pattern: (s) => `| pattern ${quoteGo(s.pattern)}`,
  unpack: () => '| unpack',
  label_filter: (s) => `| ${formatLabelFilter(s.filter)}`,
  line_format: (s) => `| line_format ${quoteGo(s.template)}`,
  label_format: (s) => `| label_format ${s.assignments.map((a) => `${a.label}=${a.kind === 'rename' ? a.from : quoteGo(a.template)}`).join(',')}`,
  decolorize: () => '| decolorize',
  drop: (s) => `| drop ${targetList(s.targets)}`,
  keep: (s) => `| keep ${targetList(s.targets)}`,
};

function filterValue(value: LineFilterValue): string {
  return value.ip ? `ip(${quoteGo(value.value)})` : quoteGo(value.value);
}

function extractionList(extractions: readonly LabelExtraction[]): string {
  return extractions.map((extraction) => `${extraction.label}=${quoteGo(extraction.expression)}`).join(',');
}

function targetList(targets: readonly LabelTarget[]): string {
  return targets.map((target) => (target.matcher === null ? target.name : `${target.name}${target.matcher.op}${quoteGo(target.matcher.value)}`)).join(',');
}

/** A label filter; an `and` is a comma, and pairs stand in parentheses. */
export function formatLabelFilter(filter: LabelFilter): string {
  return visitLabelFilter(filter, filterText);
}

const filterText: LabelFilterVisitor<string> = {
  and: (f) => `( ${formatLabelFilter(f.left)} , ${formatLabelFilter(f.right)} )`,
  or: (f) => `( ${formatLabelFilter(f.left)} or ${formatLabelFilter(f.right)} )`,
  string_filter: ({ matcher }) => {
    const regular = (matcher.op === '=~' || matcher.op === '!~') && !isPlain(matcher.value) && !matcher.value.includes('`');
    return `${matcher.name}${matcher.op}${regular ? `\`${matcher.value}\`` : quoteGo(matcher.value)}`;
  },
  number_filter: (f) => `${f.name}${f.op}${formatGoFloat(f.value)}`,
  duration_filter: (f) => `${f.name}${f.op}${formatGoDuration(BigInt(f.value))}`,
  bytes_filter: (f) => `${f.name}${f.op}${formatBytes(f.value)}`,
  ip_filter: (f) => `${f.name}${f.op}ip(${quoteGo(f.pattern)})`,
};

/** Expressions that Loki turns into substring tests; it prints only the others in backquotes. */
function isPlain(pattern: string): boolean {
  return /^[^\\.+*?()[\]{}^$]*$/.test(pattern.replaceAll(/\.[*+]/g, ''));
}
