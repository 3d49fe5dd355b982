import { compileRegex, type ByteMatcher } from '../../src/logql/regex/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import { levelNames } from '../fields/levels.ts';
import type { LineView } from '../join/line.ts';

/** What a label or field must be: this text, one of these, what the pattern matches as a whole, anything but this, there or not there. */
export type TextCondition = string | readonly string[] | { readonly regexp: string } | { readonly not: string | readonly string[] } | { readonly present: boolean };

/** Conditions on a line; all that are given must hold. */
export interface MatchOptions {
  readonly labels?: Readonly<Record<string, TextCondition>> | undefined;
  readonly fields?: Readonly<Record<string, TextCondition>> | undefined;
  /** One of these levels. */
  readonly level?: readonly string[] | undefined;
  readonly minLevel?: string | undefined;
  readonly maxLevel?: string | undefined;
  /** The line holds one of these texts. */
  readonly contains?: readonly string[] | undefined;
  /** The line holds a match (RE2 syntax). */
  readonly regexp?: string | undefined;
}

/** Whether a line fits conditions. */
export type LineMatcher = (line: LineView) => boolean;

/** Compiles conditions; what is cheap is asked first. Throws RegexSyntaxError. */
export function compileMatch(options: MatchOptions): LineMatcher {
  const checks: LineMatcher[] = [];
  const { labels, fields, level, minLevel, maxLevel, contains, regexp } = options;
  if (labels !== undefined) checks.push(labelCheck(labels));
  if (level !== undefined || minLevel !== undefined || maxLevel !== undefined) checks.push(levelCheck(level, minLevel, maxLevel));
  if (contains !== undefined) checks.push(containsCheck(contains));
  if (regexp !== undefined) checks.push(regexpCheck(compileRegex(regexp)));
  if (fields !== undefined) checks.push(fieldCheck(fields));
  const [first, ...rest] = checks;
  if (first === undefined) return () => true;
  if (rest.length === 0) return first;
  return (line) => checks.every((check) => check(line));
}

/** Answers are kept by the labels' object: a container has few. */
function labelCheck(conditions: Readonly<Record<string, TextCondition>>): LineMatcher {
  const checks = Object.entries(conditions).map(([name, condition]) => ({ name, check: compileText(condition) }));
  const known = new WeakMap<StreamLabels, boolean>();
  let last: StreamLabels | null = null;
  let answer = false;
  return (line) => {
    if (line.labels === last) return answer;
    last = line.labels;
    const remembered = known.get(last);
    if (remembered !== undefined) return (answer = remembered);
    const values = new Map(last.labels.map((label) => [label.name, label.value]));
    answer = checks.every(({ name, check }) => check(values.get(name)));
    known.set(last, answer);
    return answer;
  };
}

function fieldCheck(conditions: Readonly<Record<string, TextCondition>>): LineMatcher {
  const checks = Object.entries(conditions).map(([name, condition]) => ({ name, check: compileText(condition) }));
  return (line) => checks.every(({ name, check }) => check(line.fields?.get(name)));
}

function levelCheck(wanted: readonly string[] | undefined, min: string | undefined, max: string | undefined): LineMatcher {
  const numbers = new Map<string, number>(levelNames.map((name, i) => [name, i]));
  const low = min === undefined ? 0 : (numbers.get(min) ?? 0);
  const high = max === undefined ? levelNames.length : (numbers.get(max) ?? levelNames.length);
  const allowed = new Set(levelNames.filter((name, i) => i >= low && i <= high && (wanted === undefined || wanted.includes(name))));
  return (line) => line.level !== null && (allowed as ReadonlySet<string>).has(line.level);
}

function containsCheck(texts: readonly string[]): LineMatcher {
  const needles = texts.map((text) => Buffer.from(text));
  return (line) => {
    const bytes = line.bytes.subarray(line.start, line.end);
    for (const needle of needles) if (bytes.includes(needle)) return true;
    return false;
  };
}

function regexpCheck(matcher: ByteMatcher): LineMatcher {
  const { literals } = matcher;
  if (literals === null || literals.fold) return (line) => matcher.matches(line.bytes, line.start, line.end);
  const needles = literals.texts.map((text) => Buffer.from(text, 'latin1'));
  return (line) => {
    const bytes = line.bytes.subarray(line.start, line.end);
    return needles.some((needle) => bytes.includes(needle)) && matcher.matches(line.bytes, line.start, line.end);
  };
}

/** Compiles a condition on a text; undefined is one that is not there, which only `not` and `present: false` are content with. */
export function compileText(condition: TextCondition): (text: string | undefined) => boolean {
  if (typeof condition === 'string') return (text) => text === condition;
  if (isList(condition)) {
    const texts = new Set(condition);
    return (text) => text !== undefined && texts.has(text);
  }
  if ('regexp' in condition) {
    const matcher = compileRegex(condition.regexp, { anchored: true });
    return (text) => text !== undefined && matcher.matchesText(text);
  }
  if ('present' in condition) return (text) => (text !== undefined && text !== '') === condition.present;
  const texts = new Set(typeof condition.not === 'string' ? [condition.not] : condition.not);
  return (text) => text === undefined || !texts.has(text);
}

function isList(condition: TextCondition): condition is readonly string[] {
  return Array.isArray(condition);
}
