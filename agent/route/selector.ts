import { RE2JS } from 're2js';
import { labelValue, type LabelSet, type Matcher, type MatchOp } from '../../src/model/mod.ts';

/** Whether a label set is chosen. */
export type LabelPredicate = (labels: LabelSet) => boolean;

/** Label → value, or several of which one must be it. */
export type MatchMap = Readonly<Record<string, string | readonly string[]>>;

/**
 * Reads a stream selector as LogQL writes it: `{app="web", namespace=~"shop|bank"}`; the braces may be left out. Throws an Error that says what is wrong and where.
 * LogQL's own parser is not used: it would cost the agent 10 MiB.
 */
export function parseSelector(text: string): Matcher[] {
  const matchers: Matcher[] = [];
  const end = text.trimEnd().length;
  let at = skip(text, 0);
  const braces = text[at] === '{';
  if (braces) at = skip(text, at + 1);
  const stop = (): boolean => (braces ? text[at] === '}' : at >= end);
  while (!stop()) {
    matcherSyntax.lastIndex = at;
    const match = matcherSyntax.exec(text);
    if (match === null) throw new Error(`name="value" is needed at character ${at + 1} of ${text}`);
    const [whole, name = '', op = '', quoted = ''] = match;
    const value = unquote(quoted);
    if (value === undefined) throw new Error(`${quoted} is no string`);
    if (op.endsWith('~')) compileRegex(value);
    matchers.push({ name, op: op as MatchOp, value });
    at = skip(text, at + whole.length);
    if (text[at] === ',') at = skip(text, at + 1);
    else if (!stop()) throw new Error(`a comma or the end is needed at character ${at + 1} of ${text}`);
  }
  if (braces && skip(text, at + 1) < end) throw new Error(`nothing may follow the } of ${text}`);
  return matchers;
}

const matcherSyntax = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)/y;

function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] as string)) at++;
  return at;
}

function unquote(quoted: string): string | undefined {
  if (quoted.startsWith('`')) return quoted.slice(1, -1);
  try {
    // A backslash before anything else stands for itself, as people write \w.
    return JSON.parse(quoted.replaceAll(/\\([^])/g, (whole, next: string) => ('"\\/bfnrtu'.includes(next) ? whole : `\\\\${next}`))) as string;
  } catch {
    return undefined;
  }
}

/** The matchers that a map stands for. */
export function mapMatchers(map: MatchMap): Matcher[] {
  return Object.entries(map).map(([name, value]) =>
    typeof value === 'string' ? { name, op: '=', value } : { name, op: '=~', value: value.map((one) => RE2JS.quote(one)).join('|') });
}

/** Makes one predicate of matchers, all of which must hold. A label that is not there has the value "". */
export function compileMatchers(matchers: readonly Matcher[]): LabelPredicate {
  const tests = matchers.map(({ name, op, value }): LabelPredicate => {
    if (op === '=' || op === '!=') return (labels) => ((labelValue(labels, name) ?? '') === value) === (op === '=');
    const matches = compileRegex(value);
    return (labels) => matches(labelValue(labels, name) ?? '') === (op === '=~');
  });
  return (labels) => tests.every((test) => test(labels));
}

/** A regular expression of RE2's syntax, which must match the whole value. */
function compileRegex(source: string): (value: string) => boolean {
  const compiled = RE2JS.compile(source, RE2JS.DOTALL);
  return (value) => compiled.matches(value);
}
