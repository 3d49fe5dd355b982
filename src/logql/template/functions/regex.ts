import { compileRegex, RegexSyntaxError, type ByteMatcher } from '../../regex/mod.ts';
import { TemplateError } from '../values.ts';
import { define, type TemplateFunction } from './spec.ts';

/** Patterns that were compiled lately: they are nearly always constants of the template. */
const compiled = new Map<string, ByteMatcher>();
const compiledMax = 64;
const resultMax = 4 << 20;

function compile(pattern: string): ByteMatcher {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  try {
    const matcher = compileRegex(pattern);
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(pattern, matcher);
    return matcher;
  } catch (error) {
    if (error instanceof RegexSyntaxError) throw new TemplateError(error.message);
    throw error;
  }
}

/** Calls `visit` with the groups of each match, as Go's FindAll walks them: empty matches right after a match do not count. */
function eachMatch(matcher: ByteMatcher, bytes: Uint8Array, visit: (groups: Int32Array) => void): void {
  let at = 0;
  let previousEnd = -1;
  while (at <= bytes.length) {
    const groups = matcher.find(bytes, 0, bytes.length, at);
    if (groups === null) return;
    const start = groups[0]!;
    const end = groups[1]!;
    if (end > start || start !== previousEnd) visit(groups);
    previousEnd = end;
    if (end > at) at = end;
    else at += characterLength(bytes, at);
  }
}

function characterLength(bytes: Uint8Array, at: number): number {
  let next = at + 1;
  while (next < bytes.length && (bytes[next]! & 0xc0) === 0x80) next++;
  return next - at;
}

/** regexp.ReplaceAllString and ReplaceAllLiteralString. */
export function replaceAll(pattern: string, text: string, by: string, literal: boolean): string {
  const matcher = compile(pattern);
  const bytes = Buffer.from(text, 'utf8');
  const parts = literal ? null : templateParts(by, matcher.names);
  const out: string[] = [];
  let length = 0;
  let last = 0;
  eachMatch(matcher, bytes, (groups) => {
    out.push(bytes.toString('utf8', last, groups[0]));
    const piece = parts === null ? by : expand(parts, bytes, groups);
    out.push(piece);
    length += piece.length;
    if (length > resultMax) throw new TemplateError(`replacement makes more than the limit of ${resultMax} characters`);
    last = groups[1]!;
  });
  out.push(bytes.toString('utf8', last));
  return out.join('');
}

type Part = { readonly text: string } | { readonly groups: readonly number[] };

/** Reads `$1`, `${1}`, `$name`, `${name}` and `$$` of a replacement. */
function templateParts(by: string, names: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  let last = 0;
  for (const match of by.matchAll(/\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu)) {
    parts.push({ text: by.slice(last, match.index) });
    last = match.index + match[0].length;
    const name = match[1] ?? match[2];
    if (name === undefined) parts.push({ text: '$' });
    else if (/^(?:0|[1-9]\d{0,7})$/.test(name)) parts.push({ groups: [Number(name)] });
    else parts.push({ groups: names.flatMap((known, i) => (known === name ? [i + 1] : [])) });
  }
  parts.push({ text: by.slice(last) });
  return parts;
}

function expand(parts: readonly Part[], bytes: Buffer, groups: Int32Array): string {
  let text = '';
  for (const part of parts) {
    if ('text' in part) {
      text += part.text;
      continue;
    }
    const group = part.groups.find((index) => (groups[2 * index] ?? -1) >= 0);
    if (group !== undefined) text += bytes.toString('utf8', groups[2 * group], groups[2 * group + 1]);
  }
  return text;
}

function count(pattern: string, text: string): bigint {
  let matches = 0n;
  eachMatch(compile(pattern), Buffer.from(text, 'utf8'), () => {
    matches++;
  });
  return matches;
}

/** Functions over regular expressions. */
export const regexFunctions: Readonly<Record<string, TemplateFunction>> = {
  regexReplaceAll: define(['string', 'string', 'string'], (pattern: string, text: string, by: string) => replaceAll(pattern, text, by, false)),
  regexReplaceAllLiteral: define(['string', 'string', 'string'], (pattern: string, text: string, by: string) => replaceAll(pattern, text, by, true)),
  count: define(['string', 'string'], count),
};
