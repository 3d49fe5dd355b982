import { formatPrometheusDuration, quoteGo } from '../../model/mod.ts';
import type { Expr, Grouping, LogQuery, RangeAggregationExpr } from './ast.ts';
import { formatGrouping, Printer } from './format.ts';
import { formatGoGeneral } from './numbers.ts';
import { visitExpr } from './visit.ts';

const printer = new Printer(true);

/** Longer expressions are put on several lines. */
const charactersPerLine = 100;

/** The query as Loki's format_query prints it: on one line if that has at most 100 bytes, else indented. */
export function prettyExpr(expr: Expr): string {
  return pretty(expr, 0);
}

const indent = (level: number): string => '  '.repeat(level);
const isLong = (text: string): boolean => Buffer.byteLength(text) > charactersPerLine;

function pretty(expr: Expr, level: number): string {
  const line = printer.expr(expr);
  if (!isLong(line)) return indent(level) + line;
  return visitExpr(expr, {
    log_query: (e) => prettyQuery(e, level),
    range_aggregation: (e) => {
      const param = e.param === null ? '' : `${indent(level + 1)}${formatGoGeneral(e.param)},\n`;
      return `${indent(level)}${e.op}(\n${param}${prettyRange(e, level + 1)}\n${indent(level)})${prettyGrouping(e.grouping)}`;
    },
    vector_aggregation: (e) => {
      const params = e.param === null ? [pretty(e.expr, level + 1)] : [`${indent(level + 1)}${e.param}`, pretty(e.expr, level + 1)];
      return `${indent(level)}${e.op}${prettyGrouping(e.grouping)}(\n${params.join(',\n')}\n${indent(level)})`;
    },
    binary: (e) => `${pretty(e.left, level + 1)}\n${indent(level)}${prettyOperator(e)}\n${pretty(e.right, level + 1)}`,
    label_replace: (e) => {
      const texts = [e.destination, e.replacement, e.source, e.pattern].map((text) => indent(level + 1) + quoteGo(text));
      return `${indent(level)}label_replace(\n${[pretty(e.expr, level + 1), ...texts].join(',\n')}\n${indent(level)})`;
    },
    literal: () => indent(level) + line,
    vector: () => indent(level) + line,
  });
}

function prettyOperator(e: Expr & { readonly kind: 'binary' }): string {
  const { matching } = e;
  // Unlike on one line, nothing is said of `on ()`.
  if (matching === null || matching.labels.length === 0) return e.returnBool ? `${e.op} bool` : e.op;
  return printer.operator(e, ', ');
}

function prettyQuery(query: LogQuery, level: number): string {
  if (query.stages.length === 0) return indent(level) + printer.matchers(query.matchers);
  // Line filters that follow one another are one stage to Loki: as many of the first as fit stand on one line.
  const lines: string[] = [];
  let filters: string[] = [];
  const flush = (): void => {
    let fitting = filters.length;
    while (fitting > 1 && isLong(filters.slice(0, fitting).join(' '))) fitting--;
    if (fitting > 0) lines.push(filters.slice(0, fitting).join(' '), ...filters.slice(fitting));
    filters = [];
  };
  for (const stage of query.stages) {
    if (stage.kind === 'line_filter') filters.push(printer.stage(stage));
    else {
      flush();
      lines.push(printer.stage(stage));
    }
  }
  flush();
  // Loki forgets to indent decolorize.
  return [indent(level) + printer.matchers(query.matchers), ...lines.map((text) => (text === '| decolorize' ? text : indent(level + 1) + text))].join('\n');
}

function prettyRange(e: RangeAggregationExpr, level: number): string {
  const long = isLong(printer.expr(e.query));
  const query = long ? prettyQuery(e.query, level) : indent(level) + printer.expr(e.query);
  const unwrap = e.unwrap === null ? '' : `\n${printer.unwrap(e.unwrap).map((line) => indent(level + 1) + line).join('\n')}`;
  const offset = e.offsetNs === 0n ? '' : ` offset ${formatPrometheusDuration(e.offsetNs)}`;
  return `${query}${unwrap} [${formatPrometheusDuration(e.rangeNs)}]${offset}`;
}

function prettyGrouping(grouping: Grouping | null): string {
  if (grouping === null) return '';
  if (grouping.labels.length === 0) return grouping.without ? ' without' : '';
  return formatGrouping({ ...grouping, labels: [grouping.labels.join(', ')] });
}
