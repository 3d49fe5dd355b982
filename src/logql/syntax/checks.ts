import { groupNames, matchesEmpty, regexpError } from './regexp.ts';
import type { Matcher, SpoorError } from '../../model/mod.ts';
import { parseError } from './errors.ts';

/** What is wrong with the expression of a `regexp` stage; null if nothing is. */
export function regexpParserError(pattern: string): string | null {
  const error = regexpError(pattern);
  if (error !== null) return error;
  const names = groupNames(pattern).filter((name) => name !== '');
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated !== undefined) return `duplicate extracted label name '${repeated}'`;
  return names.length > 0 ? null : 'at least one named capture must be supplied';
}

/** What is wrong with the expression of a `pattern` stage; null if nothing is. */
export function patternParserError(pattern: string): string | null {
  if (pattern === '') return 'parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL';
  const names = new Set<string>();
  let duplicate: string | null = null;
  let consecutive: string | null = null;
  let before: { readonly end: number; readonly text: string } | null = null;
  for (const match of pattern.matchAll(/<([A-Za-z_][A-Za-z0-9_]*)>/g)) {
    const name = match[1] ?? '';
    if (before !== null && before.end === match.index) consecutive ??= before.text + match[0];
    before = { end: match.index + match[0].length, text: match[0] };
    if (name === '_') continue;
    if (names.has(name)) duplicate ??= name;
    names.add(name);
  }
  if (names.size === 0) return 'at least one capture is required';
  if (consecutive !== null) return `found consecutive capture '${consecutive}': invalid expression`;
  return duplicate === null ? null : `duplicate capture name (${duplicate}): invalid expression`;
}

/** The error of a selector in which no matcher rules out streams without its label, so that it would read everything; else null. */
export function selectorError(matchers: readonly Matcher[]): SpoorError | null {
  for (const matcher of matchers) {
    const empty =
      matcher.op === '=' ? matcher.value === '' : matcher.op === '!=' ? matcher.value !== '' : matchesEmpty(matcher.value) === (matcher.op === '=~');
    if (!empty) return null;
  }
  return parseError(
    'queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will',
  );
}

/** Throws that error. */
export function checkSelector(matchers: readonly Matcher[]): void {
  const error = selectorError(matchers);
  if (error !== null) throw error;
}
