import { formatGoDuration, formatPrometheusDuration, quoteGo, type Matcher } from '../../model/mod.ts';
import { regexStaysWhole } from '../regex/mod.ts';
import type { BinaryExpr, Expr, Grouping, LabelExtraction, LabelFilter, LabelTarget, LineFilterValue, RangeAggregationExpr, Stage, Unwrap } from './ast.ts';
import { formatBytes, formatGoFixed, formatGoFloat, formatGoGeneral } from './numbers.ts';
import { visitExpr, visitLabelFilter, visitStage, type ExprVisitor, type LabelFilterVisitor, type StageVisitor } from './visit.ts';

/** The query on one line. Reading that gives the same tree again, but for what Loki's form rounds (durations in brackets to ms, sizes to 2 digits). */
export function formatExpr(expr: Expr): string {
  return readable.expr(expr);
}

/** `{a="b", c=~"d"}`. */
export function formatMatchers(matchers: readonly Matcher[]): string {
  return readable.matchers(matchers);
}

/** A label filter; an `and` is a comma, and pairs stand in parentheses. */
export function formatLabelFilter(filter: LabelFilter): string {
  return readable.labelFilter(filter);
}

/** A stage as Loki prints it; its errors name it so. */
export function formatStage(stage: Stage): string {
  return exact.stage(stage);
}

/** ` by (a,b)`, ` without ()`; nothing for no grouping. */
export function formatGrouping(grouping: Grouping | null): string {
  return grouping === null ? '' : ` ${grouping.without ? 'without' : 'by'} (${grouping.labels.join(',')})`;
}

function filterValue(value: LineFilterValue): string {
  return value.ip ? `ip(${quoteGo(value.value)})` : quoteGo(value.value);
}

function extractionList(extractions: readonly LabelExtraction[]): string {
  return extractions.map((extraction) => `${extraction.label}=${quoteGo(extraction.expression)}`).join(',');
}

/**
 * Prints parts of a query. `exact` is Loki's form to the byte; it cannot be read again where a matcher's name is not ASCII (Loki prints `"ä"="x"`), nor
 * where a parenthesis behind `group_left` is taken for its labels, it leaves out `ignoring ()`, and `-0` is a duration.
 */
export class Printer {
  readonly #exact: boolean;
  readonly #exprs: ExprVisitor<string>;
  readonly #stages: StageVisitor<string>;
  readonly #filters: LabelFilterVisitor<string>;

  constructor(isExact: boolean) {
    this.#exact = isExact;
    this.#exprs = {
      log_query: (e) => [this.matchers(e.matchers), ...e.stages.map((stage) => this.stage(stage))].join(' '),
      range_aggregation: (e) => `${e.op}(${e.param === null ? '' : `${formatGoFloat(e.param)},`}${this.#range(e)})${formatGrouping(e.grouping)}`,
      vector_aggregation: (e) => {
        const plain = e.grouping === null || (e.grouping.labels.length === 0 && !e.grouping.without);
        return `${e.op}${plain ? '' : formatGrouping(e.grouping)}(${e.param === null ? '' : `${e.param},`}${this.expr(e.expr)})`;
      },
      binary: (e) => `(${this.expr(e.left)} ${this.operator(e, ',')} ${this.expr(e.right)})`,
      label_replace: (e) => `label_replace(${[this.expr(e.expr), quoteGo(e.destination), quoteGo(e.replacement), quoteGo(e.source), quoteGo(e.pattern)].join(',')})`,
      literal: (e) => this.#number(e.value, formatGoGeneral),
      vector: (e) => `vector(${formatGoFixed(e.value)})`,
    };
    this.#stages = {
      line_filter: (s) => `${s.op} ${s.alternatives.map(filterValue).join(' or ')}`,
      json: (s) => ['| json', extractionList(s.extractions)].join(s.extractions.length > 0 ? ' ' : ''),
      logfmt: (s) => ['| logfmt', s.strict ? '--strict' : '', s.keepEmpty ? '--keep-empty' : '', extractionList(s.extractions)].filter((part) => part !== '').join(' '),
      regexp: (s) => `| regexp ${quoteGo(s.pattern)}`,
      pattern: (s) => `| pattern ${quoteGo(s.pattern)}`,
      unpack: () => '| unpack',
      label_filter: (s) => `| ${this.labelFilter(s.filter)}`,
      line_format: (s) => `| line_format ${quoteGo(s.template)}`,
      label_format: (s) => `| label_format ${s.assignments.map((a) => `${a.label}=${a.kind === 'rename' ? a.from : quoteGo(a.template)}`).join(',')}`,
      decolorize: () => '| decolorize',
      drop: (s) => `| drop ${this.#targets(s.targets)}`,
      keep: (s) => `| keep ${this.#targets(s.targets)}`,
    };
    this.#filters = {
      and: (f) => `( ${this.labelFilter(f.left)} , ${this.labelFilter(f.right)} )`,
      or: (f) => `( ${this.labelFilter(f.left)} or ${this.labelFilter(f.right)} )`,
      string_filter: ({ matcher }) => {
        // Loki keeps the expression as it was written only where it needs one to decide.
        if (matcher.op !== '=~' || !regexStaysWhole(matcher.value)) return this.#matcher(matcher);
        return `${matcher.name}=~${matcher.value.includes('`') ? quoteGo(matcher.value) : `\`${matcher.value}\``}`;
      },
      number_filter: (f) => `${f.name}${f.op}${this.#number(f.value, formatGoFloat)}`,
      duration_filter: (f) => `${f.name}${f.op}${formatGoDuration(BigInt(f.value))}`,
      // `0B` begins a binary number.
      bytes_filter: (f) => `${f.name}${f.op}${!this.#exact && f.value === 0 ? '0kB' : formatBytes(f.value)}`,
      ip_filter: (f) => `${f.name}${f.op}ip(${quoteGo(f.pattern)})`,
    };
  }

  expr(expr: Expr): string {
    return visitExpr(expr, this.#exprs);
  }

  matchers(matchers: readonly Matcher[]): string {
    return `{${matchers.map((matcher) => this.#matcher(matcher)).join(', ')}}`;
  }

  stage(stage: Stage): string {
    return visitStage(stage, this.#stages);
  }

  labelFilter(filter: LabelFilter): string {
    return visitLabelFilter(filter, this.#filters);
  }

  /** `| unwrap …` and the filters behind it. */
  unwrap(unwrap: Unwrap): string[] {
    const label = unwrap.conversion === 'none' ? unwrap.label : `${unwrap.conversion}(${unwrap.label})`;
    return [`| unwrap ${label}`, ...unwrap.filters.map((filter) => `| ${this.labelFilter(filter)}`)];
  }

  /** An operator with its modifiers; `separator` stands between labels. */
  operator(e: BinaryExpr, separator: string): string {
    const op = e.returnBool ? `${e.op} bool` : e.op;
    const { matching } = e;
    if (matching === null || (!matching.on && matching.labels.length === 0 && (this.#exact || matching.card === 'one-to-one'))) return op;
    const side = { 'one-to-one': '', 'many-to-one': 'group_left', 'one-to-many': 'group_right' }[matching.card];
    const ambiguous = !this.#exact && side !== '' && e.right.kind === 'binary';
    const group = matching.include.length === 0 && !ambiguous ? side : `${side} (${matching.include.join(separator)})`;
    return `${op} ${matching.on ? 'on' : 'ignoring'} (${matching.labels.join(separator)}) ${group}`;
  }

  /** `-0` is read as a duration. */
  #number(value: number, format: (value: number) => string): string {
    return !this.#exact && Object.is(value, -0) ? '- 0' : format(value);
  }

  #range(e: RangeAggregationExpr): string {
    const unwrap = e.unwrap === null ? '' : ` ${this.unwrap(e.unwrap).join(' ')}`;
    const offset = e.offsetNs === 0n ? '' : ` offset ${formatGoDuration(e.offsetNs)}`;
    return `${this.expr(e.query)}${unwrap}[${formatPrometheusDuration(e.rangeNs)}]${offset}`;
  }

  #matcher({ name, op, value }: Matcher): string {
    const bare = !this.#exact || /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
    return `${bare ? name : quoteGo(name)}${op}${quoteGo(value)}`;
  }

  #targets(targets: readonly LabelTarget[]): string {
    return targets.map(({ name, matcher }) => (matcher === null ? name : this.#matcher({ name, ...matcher }))).join(',');
  }
}

const readable = new Printer(false);
const exact = new Printer(true);
