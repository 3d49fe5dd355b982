import type { JsonParser, LabelExtraction, LogfmtParser, PatternParser, RegexpParser } from '../../../src/logql/syntax/ast.ts';
import type { NaiveLabels } from './labels.ts';
import { toRegExp } from './values.ts';

type ParserStage = JsonParser | LogfmtParser | RegexpParser | PatternParser;

/** What the rest of a query lets its parsers leave out. */
export interface Hints {
  /** The labels that the parsers of a metric query have to make; null for all. */
  readonly required: ReadonlySet<string> | null;
  /** Whether a label filter of the query refuses the label that was just made: the line is dropped then, whatever other stages would do to the label first. */
  readonly refuses: (name: string, labels: NaiveLabels) => boolean;
}

/** A line that is dropped while it is parsed. */
class Refused extends Error {}
/** All required labels are there. */
class Enough extends Error {}

const wants = ({ required }: Hints, name: string): boolean => required === null || required.size === 0 || required.has(name);
const done = (labels: NaiveLabels, { required }: Hints): boolean => required !== null && required.size > 0 && [...required].every((name) => labels.extracted.has(name));

/** What every parser but those with expressions does with what it finds. */
function extract(labels: NaiveLabels, hints: Hints, found: string, value: string): void {
  const name = labels.nameFor(found);
  if (labels.extracted.has(name) || !wants(hints, name)) return;
  labels.set(name, value);
  if (hints.refuses(name, labels)) throw new Refused();
}

/** Runs a parser; false where the line is dropped. */
export function parse(stage: ParserStage, line: string, labels: NaiveLabels, hints: Hints): boolean {
  try {
    switch (stage.kind) {
      case 'json':
        parseJson(stage, line, labels, hints);
        break;
      case 'logfmt':
        parseLogfmt(stage, line, labels, hints);
        break;
      case 'regexp':
        parseRegexp(stage.pattern, line, labels, hints);
        break;
      case 'pattern':
        parsePattern(stage.pattern, line, labels, hints);
        break;
    }
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    if (error instanceof Enough) return true;
    throw error;
  }
}

/** A label name made of a key. */
function clean(key: string): string {
  const trimmed = key.trim();
  return (/^\d/.test(trimmed) ? `_${trimmed}` : trimmed).replaceAll(/[^A-Za-z0-9_]/gu, '_');
}

// ---- JSON: read from left to right; what came before an error counts --------------------------------------------

class JsonError extends Error {}

interface JsonValue {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';
  /** The source text; of a string without its quotes. */
  readonly text: string;
  readonly end: number;
}

const skipSpace = (text: string, at: number): number => {
  let next = at;
  while (next < text.length && ' \t\r\n'.includes(text[next] ?? '')) next++;
  return next;
};

function stringEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  throw new JsonError('unterminated string');
}

function readValue(text: string, at: number): JsonValue {
  const first = text[at] ?? '';
  if (first === '"') {
    const end = stringEnd(text, at + 1);
    return { kind: 'string', text: text.slice(at + 1, end), end: end + 1 };
  }
  if (first === '{' || first === '[') {
    const close = first === '{' ? '}' : ']';
    let depth = 0;
    for (let i = at; i < text.length; i++) {
      if (text[i] === '"') i = stringEnd(text, i + 1);
      else if (text[i] === first) depth += 1;
      else if (text[i] === close && --depth === 0) return { kind: first === '{' ? 'object' : 'array', text: text.slice(at, i + 1), end: i + 1 };
    }
    throw new JsonError('unterminated object');
  }
  let end = at;
  while (end < text.length && !' \t\r\n,}]'.includes(text[end] ?? '')) end++;
  const token = text.slice(at, end);
  if (token === 'true' || token === 'false') return { kind: 'boolean', text: token, end };
  if (token === 'null') return { kind: 'null', text: token, end };
  if (/^[-0-9]/.test(token)) return { kind: 'number', text: token, end };
  throw new JsonError('no value');
}

function eachMember(text: string, visit: (key: string, value: JsonValue) => void): void {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') throw new JsonError('no object');
  at = skipSpace(text, at + 1);
  for (;;) {
    if (text[at] === '}') return;
    if (text[at] !== '"') throw new JsonError('no key');
    const keyEnd = stringEnd(text, at + 1);
    const key = unescape(text.slice(at + 1, keyEnd));
    at = skipSpace(text, keyEnd + 1);
    if (text[at] !== ':') throw new JsonError('no colon');
    const value = readValue(text, skipSpace(text, at + 1));
    visit(key, value);
    at = skipSpace(text, value.end);
    if (text[at] === '}') return;
    if (text[at] !== ',') throw new JsonError('no comma');
    at = skipSpace(text, at + 1);
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

function unescape(text: string): string {
  return text.replaceAll(/\\u([0-9a-fA-F]{4})|\\(.)/gs, (_, hex: string | undefined, one: string | undefined) => (hex === undefined ? (escapes[one ?? ''] ?? '') : String.fromCharCode(Number.parseInt(hex, 16))));
}

function scalarText({ kind, text }: JsonValue): string {
  return kind === 'string' ? unescape(text).replaceAll('\ufffd', ' ') : text;
}

function flatten(text: string, prefix: readonly string[], labels: NaiveLabels, hints: Hints): void {
  eachMember(text, (key, value) => {
    const path = [...prefix, key];
    const name = prefix.length === 0 ? clean(key) : path.map(clean).join('_');
    if (value.kind === 'object') {
      if (hints.required === null || [...hints.required].some((one) => one.startsWith(name))) flatten(value.text, path, labels, hints);
      return;
    }
    try {
      if ((value.kind === 'string' || value.kind === 'number' || value.kind === 'boolean') && name !== '') extract(labels, hints, name, scalarText(value));
    } catch (error) {
      if (!(error instanceof Refused) || !done(labels, hints)) throw error;
    }
    if (done(labels, hints)) throw new Enough();
  });
}

function parseJson(stage: JsonParser, line: string, labels: NaiveLabels, hints: Hints): void {
  if (done(labels, hints)) return;
  if (stage.extractions.length > 0) {
    jsonExpressions(stage.extractions, line, labels);
    return;
  }
  try {
    flatten(line, [], labels, hints);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    labels.fail('JSONParserErr', error.message, true);
  }
}

/** `a="x.y"`: keys joined by dots. The first of equal keys counts. Whatever is not found is "". */
function jsonExpressions(extractions: readonly LabelExtraction[], line: string, labels: NaiveLabels): void {
  if (line === '') return;
  if (!/^["{[]/.test(line)) {
    labels.fail('JSONParserErr', labels.details, true);
    return;
  }
  let missing = false;
  for (const { label, expression } of extractions) {
    const found = lookUp(line, expression.split('.'));
    if (found === undefined) missing = true;
    else labels.set(labels.nameFor(label), found.kind === 'null' ? '' : found.kind === 'object' ? found.text : scalarText(found));
  }
  if (missing) for (const { label } of extractions) if (labels.get(label) === undefined) labels.set(label, '');
}

function lookUp(text: string, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined;
  try {
    eachMember(text, (key, value) => {
      if (key !== path[0]) return;
      if (path.length === 1) found ??= value;
      else if (value.kind === 'object') found ??= lookUp(value.text, path.slice(1));
    });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
  }
  return found;
}

// ---- logfmt ------------------------------------------------------------------------------------------------------

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** The pairs of a line from left to right; null is an error, behind which reading goes on at the next space. */
function logfmtPairs(line: string): (Pair | null)[] {
  const pairs: (Pair | null)[] = [];
  const isSpace = (at: number): boolean => (line[at] ?? '') <= ' ';
  let at = 0;
  const skipWord = (): void => {
    while (at < line.length && !isSpace(at)) at++;
  };
  for (;;) {
    while (at < line.length && isSpace(at)) at++;
    if (at >= line.length) return pairs;
    const start = at;
    while (at < line.length && !isSpace(at) && line[at] !== '=' && line[at] !== '"') at++;
    const key = line.slice(start, at);
    if (line[at] === '"' || (line[at] === '=' && key === '')) {
      pairs.push(null);
      skipWord();
    } else if (line[at] !== '=') pairs.push(key.includes('\ufffd') ? null : { key, value: '' });
    else if (key.includes('\ufffd')) {
      pairs.push(null);
      skipWord();
    } else {
      at += 1;
      if (line[at] === '"') {
        const quoted = /^"(?:[^"\\]|\\.)*"/s.exec(line.slice(at))?.[0];
        if (quoted === undefined) {
          pairs.push(null);
          return pairs;
        }
        at += quoted.length;
        const value = unquote(quoted);
        pairs.push(value === null ? null : { key, value });
      } else {
        const from = at;
        while (at < line.length && !isSpace(at) && line[at] !== '=' && line[at] !== '"') at++;
        if (at < line.length && !isSpace(at)) {
          pairs.push(null);
          skipWord();
        } else pairs.push({ key, value: line.slice(from, at) });
      }
    }
  }
}

/** A quoted value; null where it is none by JSON's rules, which hold only where a backslash is in it. */
function unquote(quoted: string): string | null {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

function parseLogfmt(stage: LogfmtParser, line: string, labels: NaiveLabels, hints: Hints): void {
  if (done(labels, hints)) return;
  if (stage.extractions.length > 0) {
    logfmtExpressions(stage, line, labels, hints);
    return;
  }
  for (const pair of logfmtPairs(line)) {
    if (pair === null) {
      if (!stage.strict) continue;
      labels.fail('LogfmtParserErr', 'bad pair', true);
      if (hints.refuses('__error__', labels)) throw new Refused();
      return;
    }
    const value = pair.value.replaceAll('\ufffd', ' ');
    const name = clean(pair.key);
    if (name === '' || (value === '' && !stage.keepEmpty)) continue;
    extract(labels, hints, name, value);
    if (done(labels, hints)) return;
  }
}

/** The last of equal keys counts; but where stream or metadata have the label, the first, and behind the second nothing is read. */
function logfmtExpressions(stage: LogfmtParser, line: string, labels: NaiveLabels, hints: Hints): void {
  const wanted = new Set(stage.extractions.map(({ label }) => label));
  for (const label of wanted) if (labels.nameFor(label) === label) labels.set(label, '');
  for (const pair of logfmtPairs(line)) {
    if (pair === null) {
      if (!stage.strict) continue;
      labels.fail('LogfmtParserErr', 'bad pair', true);
      return;
    }
    const key = clean(pair.key);
    // A parser before this one that made a label of the key has it all to itself; one that is not required is not seen.
    if (!wanted.has(key) && (labels.extracted.has(key) || !wants(hints, key))) continue;
    const label = stage.extractions.find(({ expression }) => expression === key)?.label ?? key;
    if (!wanted.has(label)) continue;
    const name = labels.nameFor(label);
    if (name !== label && (labels.extracted.has(name) || !wants(hints, name))) return;
    labels.set(name, pair.value.includes('\ufffd') ? '' : pair.value);
    if (done(labels, hints)) return;
  }
}

// ---- regexp and pattern ------------------------------------------------------------------------------------------

function parseRegexp(pattern: string, line: string, labels: NaiveLabels, hints: Hints): void {
  const groups = toRegExp(pattern, false).exec(line)?.groups ?? {};
  for (const [name, value] of Object.entries(groups)) extract(labels, hints, name, value ?? '');
}

interface PatternPart {
  /** Undefined for literal text. */
  readonly capture: string | undefined;
  readonly text: string;
}

function patternParts(pattern: string): PatternPart[] {
  return pattern.split(/(<[A-Za-z_][A-Za-z0-9_]*>)/).filter((part) => part !== '').map((part) => ({ capture: /^<(.+)>$/.exec(part)?.[1], text: part }));
}

/** Captures reach to the next literal text, or to the end of the line where that is not there. */
function parsePattern(pattern: string, line: string, labels: NaiveLabels, hints: Hints): void {
  if (done(labels, hints) || line === '') return;
  const parts = patternParts(pattern);
  let rest = line;
  if (parts[0]?.capture === undefined) {
    const literal = parts.shift()?.text ?? '';
    if (!rest.startsWith(literal)) return;
    rest = rest.slice(literal.length);
  }
  while (parts.length > 0) {
    const { capture } = parts.shift() as PatternPart;
    const literal = parts.shift()?.text;
    const end = literal === undefined ? -1 : rest.indexOf(literal);
    if (capture !== undefined && capture !== '_') extract(labels, hints, capture, end < 0 ? rest : rest.slice(0, end));
    if (end < 0) return;
    rest = rest.slice(end + (literal?.length ?? 0));
  }
}

/** `|> "<_>x<_>"`: the whole line; each `<_>` takes at least one character, up to the first place where the next literal text is found. */
export function matchesPattern(pattern: string, line: string): boolean {
  const parts = patternParts(pattern);
  if (line === '' || parts.length === 0) return line === '' && parts.length === 0;
  let rest = line;
  for (const [i, { capture, text }] of parts.entries()) {
    if (capture !== undefined) continue;
    const at = rest.indexOf(text);
    if (at < 0 || (i > 0 && at === 0)) return false;
    rest = rest.slice(at + text.length);
  }
  return (parts.at(-1)?.capture !== undefined) === (rest !== '');
}
