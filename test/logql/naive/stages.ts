import type { CompareOp, LabelFilter, LabelTarget, LineFilter, Stage } from '../../../src/logql/syntax/ast.ts';
import type { Matcher, MatchOp } from '../../../src/model/mod.ts';
import { NaiveLabels } from './labels.ts';
import { matchesPattern, parse, type Hints } from './parsers.ts';
import { parseBytes, parseNumber, parseSeconds, toRegExp } from './values.ts';

/** A stored entry, as plain as it gets. `arrival` orders entries of the same time. */
export interface NaiveRow {
  readonly stream: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly arrival: number;
}

/** What the stages leave of a row. */
export interface Processed {
  readonly row: NaiveRow;
  readonly line: string;
  readonly labels: NaiveLabels;
}

const colors = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');

/** Whether a label's value passes a matcher; regular expressions hold for the whole value. */
export function matches(op: MatchOp, wanted: string, value: string): boolean {
  switch (op) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '=~':
      return toRegExp(wanted, true).test(value);
    case '!~':
      return !toRegExp(wanted, true).test(value);
  }
}

export function selects(matchers: readonly Matcher[], stream: Readonly<Record<string, string>>): boolean {
  return matchers.every(({ name, op, value }) => matches(op, value, stream[name] ?? ''));
}

/** The hints that a query gives its parsers; `last` are the filters behind an unwrap. Only filters of one comparison count. */
export function hintsOf(stages: readonly Stage[], required: Hints['required'], last: readonly LabelFilter[] = []): Hints {
  const filters = [...stages.flatMap((stage) => (stage.kind === 'label_filter' ? [stage.filter] : [])), ...(last.length === 1 ? last : [])];
  const first = new Map<string, LabelFilter>();
  for (const filter of filters) {
    if (filter.kind === 'and' || filter.kind === 'or') continue;
    const [name = ''] = labelsCompared(filter);
    if (!first.has(name)) first.set(name, filter);
  }
  return {
    required,
    refuses: (name, labels) => {
      const filter = first.get(name);
      return filter !== undefined && !passesFilter(filter, labels);
    },
  };
}

/** Runs a row through the stages of a query, one after another; null where one drops it. */
export function process(row: NaiveRow, stages: readonly Stage[], hints: Hints): Processed | null {
  const labels = new NaiveLabels(row.stream, row.metadata);
  let { line } = row;
  for (const stage of stages) {
    switch (stage.kind) {
      case 'line_filter':
        if (!passesLine(stage, line)) return null;
        break;
      case 'json':
      case 'logfmt':
      case 'regexp':
      case 'pattern':
        if (!parse(stage, line, labels, hints)) return null;
        break;
      case 'label_filter':
        if (!passesFilter(stage.filter, labels)) return null;
        break;
      case 'line_format':
        line = fillTemplate(stage.template, labels, line);
        break;
      case 'label_format': {
        let before: Record<string, string> | null = null;
        for (const assignment of stage.assignments) {
          if (assignment.kind === 'template') {
            before ??= labels.all();
            labels.set(assignment.label, fill(assignment.template, before, line));
            continue;
          }
          const value = labels.get(assignment.from);
          if (value === undefined) continue;
          labels.set(assignment.label, value);
          labels.delete(assignment.from);
        }
        break;
      }
      case 'drop':
        for (const target of stage.targets) dropLabel(target, labels);
        break;
      case 'keep':
        for (const name of Object.keys(labels.all())) {
          if (name !== '__error__' && name !== '__error_details__' && !stage.targets.some((target) => keeps(target, name, labels))) labels.delete(name);
        }
        break;
      case 'decolorize':
        line = line.replaceAll(colors, '');
        break;
      case 'unpack':
        throw new Error('the naive evaluator has no unpack');
    }
  }
  return { row, line, labels };
}

function passesLine({ op, alternatives }: LineFilter, line: string): boolean {
  const negated = op.startsWith('!');
  const found = alternatives.some(({ value }) => {
    if (op === '|=' || op === '!=') return line.includes(value);
    if (op === '|>' || op === '!>') return matchesPattern(value, line);
    return toRegExp(value, false).test(line);
  });
  return found !== negated;
}

function compare(op: CompareOp, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
  }
}

/** A line that a filter cannot decide on stays, with an error. */
export function passesFilter(filter: LabelFilter, labels: NaiveLabels): boolean {
  const measured = (name: string, op: CompareOp, wanted: number, parse: (text: string) => number | undefined): boolean => {
    const text = labels.get(name);
    if (text === undefined) return false;
    const value = parse(text);
    if (value !== undefined) return compare(op, value, wanted);
    if (labels.error === '') labels.fail('LabelFilterErr', 'no such value');
    return true;
  };
  switch (filter.kind) {
    case 'and': {
      const left = passesFilter(filter.left, labels);
      return passesFilter(filter.right, labels) && left;
    }
    case 'or':
      return passesFilter(filter.left, labels) || passesFilter(filter.right, labels);
    case 'string_filter':
      return matches(filter.matcher.op, filter.matcher.value, labels.text(filter.matcher.name));
    case 'number_filter':
      return measured(filter.name, filter.op, filter.value, parseNumber);
    case 'duration_filter':
      return measured(filter.name, filter.op, filter.value / 1e9, parseSeconds);
    case 'bytes_filter':
      return measured(filter.name, filter.op, filter.value, parseBytes);
    case 'ip_filter':
      throw new Error('the naive evaluator has no ip()');
  }
}

function dropLabel({ name, matcher }: LabelTarget, labels: NaiveLabels): void {
  if (name === '__error__' || name === '__error_details__') {
    if (matcher !== null && !matches(matcher.op, matcher.value, name === '__error__' ? labels.error : labels.details)) return;
    if (name === '__error__') labels.error = '';
    else labels.details = '';
  } else if (matcher === null ? labels.get(name) !== undefined : matches(matcher.op, matcher.value, labels.text(name))) labels.delete(name);
}

function keeps({ name, matcher }: LabelTarget, label: string, labels: NaiveLabels): boolean {
  return name === label && (matcher === null || matches(matcher.op, matcher.value, labels.text(label)));
}

function fillTemplate(template: string, labels: NaiveLabels, line: string): string {
  return fill(template, labels.all(), line);
}

/** `{{.label}}` and `{{__line__}}`, no more of the template language. */
function fill(template: string, values: Readonly<Record<string, string>>, line: string): string {
  return template.replaceAll(/\{\{ *(?:\.(\w+)|(__line__)) *\}\}/g, (_, name: string | undefined) => (name === undefined ? line : (values[name] ?? '')));
}

/** The labels that stages read. */
export function labelsRead(stages: readonly Stage[]): string[] {
  const ofTemplate = (template: string): string[] => [...template.matchAll(/\{\{ *\.(\w+) *\}\}/g)].map(([, name]) => name ?? '');
  return stages.flatMap((stage) => {
    if (stage.kind === 'label_filter') return labelsCompared(stage.filter);
    if (stage.kind === 'line_format') return ofTemplate(stage.template);
    return stage.kind === 'label_format' ? stage.assignments.flatMap((one) => (one.kind === 'rename' ? [one.from] : ofTemplate(one.template))) : [];
  });
}

export function labelsCompared(filter: LabelFilter): string[] {
  if (filter.kind === 'and' || filter.kind === 'or') return [...labelsCompared(filter.left), ...labelsCompared(filter.right)];
  return [filter.kind === 'string_filter' ? filter.matcher.name : filter.name];
}
