import { RegexSyntaxError } from './ast.ts';
import { cleanRanges, negateRanges, type RuneRanges } from './ranges.ts';
import { foldOrbit, foldRanges, perlClasses, posixClasses, unicodeClass } from './unicode.ts';

/** A class that was read, and where the text after it begins. */
export interface ParsedClass {
  readonly ranges: RuneRanges;
  readonly end: number;
}

/** Reads `[…]` that begins at `at`. */
export function parseClass(text: string, at: number, fold: boolean): ParsedClass {
  const whole = text.slice(at);
  let next = at + 1;
  const negated = text[next] === '^';
  if (negated) next++;
  const pairs: number[] = [];
  let first = true;
  while (first || text[next] !== ']') {
    first = false;
    const named = parsePosixClass(text, next, fold) ?? parseClassEscape(text, next, fold);
    if (named !== null) {
      for (const bound of named.ranges) pairs.push(bound);
      next = named.end;
      continue;
    }
    const start = next;
    const low = parseClassRune(text, next, whole);
    next = low.end;
    let high = low.rune;
    if (text[next] === '-' && next + 1 < text.length && text[next + 1] !== ']') {
      const upper = parseClassRune(text, next + 1, whole);
      next = upper.end;
      high = upper.rune;
      if (high < low.rune) throw new RegexSyntaxError('invalid character class range', text.slice(start, next));
    }
    pairs.push(low.rune, high);
  }
  const clean = cleanRanges(pairs);
  const folded = fold ? foldAll(clean) : clean;
  return { ranges: negated ? negateRanges(folded) : folded, end: next + 1 };
}

/** Folding a few ASCII letters needs no table. */
function foldAll(ranges: RuneRanges): RuneRanges {
  if (ranges.length > 0 && ranges.at(-1)! < 0x80) {
    const pairs: number[] = [...ranges];
    for (let i = 0; i < ranges.length; i += 2) for (let rune = ranges[i]!; rune <= ranges[i + 1]!; rune++) for (const other of foldOrbit(rune)) pairs.push(other, other);
    return cleanRanges(pairs);
  }
  return foldRanges(ranges);
}

function parseClassRune(text: string, at: number, whole: string): { readonly rune: number; readonly end: number } {
  const rune = text.codePointAt(at);
  if (rune === undefined) throw new RegexSyntaxError('missing closing ]', whole);
  return rune === 0x5c ? parseEscape(text, at) : { rune, end: at + (rune > 0xffff ? 2 : 1) };
}

function parsePosixClass(text: string, at: number, fold: boolean): ParsedClass | null {
  if (!text.startsWith('[:', at) || at + 2 >= text.length) return null;
  const end = text.indexOf(':]', at + 2);
  if (end < 0) return null;
  const negated = text[at + 2] === '^';
  const ranges = posixClasses.get(text.slice(at + (negated ? 3 : 2), end));
  if (ranges === undefined) throw new RegexSyntaxError('invalid character class range', text.slice(at, end + 2));
  const folded = fold ? foldAll(ranges) : ranges;
  return { ranges: negated ? negateRanges(folded) : folded, end: end + 2 };
}

/** Reads `\d`, `\s`, `\w`, `\p{Greek}`, `\pL` and their negations; null where something else stands at `at`. */
export function parseClassEscape(text: string, at: number, fold: boolean): ParsedClass | null {
  if (text[at] !== '\\') return null;
  const letter = text[at + 1] ?? '';
  if (letter === 'p' || letter === 'P') return parseUnicodeClass(text, at, letter === 'P', fold);
  const perl = perlClasses.get(letter);
  if (perl === undefined) return null;
  if (!fold) return { ranges: perl, end: at + 2 };
  // Under (?i) Go folds the positive set and then negates.
  const positive = perlClasses.get(letter.toLowerCase()) ?? perl;
  const folded = foldAll(positive);
  return { ranges: letter === letter.toUpperCase() ? negateRanges(folded) : folded, end: at + 2 };
}

function parseUnicodeClass(text: string, at: number, negatedLetter: boolean, fold: boolean): ParsedClass {
  let end = at + 2;
  let name: string;
  if (text[end] === '{') {
    const close = text.indexOf('}', at);
    if (close < 0) throw new RegexSyntaxError('invalid character class range', text.slice(at));
    name = text.slice(at + 3, close);
    end = close + 1;
  } else {
    const rune = text.codePointAt(end);
    name = rune === undefined ? '' : String.fromCodePoint(rune);
    end += name.length;
  }
  let negated = negatedLetter;
  let bare = name;
  if (bare.startsWith('^')) {
    negated = !negated;
    bare = bare.slice(1);
  }
  const ranges = unicodeClass(bare);
  if (ranges === null) throw new RegexSyntaxError('invalid character class range', text.slice(at, end));
  const folded = fold ? foldRanges(ranges) : ranges;
  return { ranges: negated ? negateRanges(folded) : folded, end };
}

const controlEscapes: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Reads one escaped code point: `\.`, `\x41`, `\x{1F600}`, `\101`, `\n`. */
export function parseEscape(text: string, at: number): { readonly rune: number; readonly end: number } {
  const rune = text.codePointAt(at + 1);
  if (rune === undefined) throw new RegexSyntaxError('trailing backslash at end of expression', '');
  const after = at + 1 + (rune > 0xffff ? 2 : 1);
  const letter = String.fromCodePoint(rune);
  if (rune < 0x80 && !/[A-Za-z0-9]/.test(letter)) return { rune, end: after };
  const control = controlEscapes[letter];
  if (control !== undefined) return { rune: control, end: after };
  const octal = /^(?:[1-7][0-7]{1,2}|0[0-7]{0,2})/.exec(text.slice(at + 1, at + 4));
  if (octal !== null) return { rune: Number.parseInt(octal[0], 8), end: at + 1 + octal[0].length };
  if (letter === 'x') {
    const short = /^[0-9A-Fa-f]{2}/.exec(text.slice(after, after + 2));
    if (short !== null) return { rune: Number.parseInt(short[0], 16), end: after + 2 };
    const long = /^\{0*([0-9A-Fa-f]{1,6})\}/.exec(text.slice(after));
    const value = long === null ? Infinity : Number.parseInt(long[1] ?? '', 16);
    if (long !== null && value <= 0x10ffff) return { rune: value, end: after + long[0].length };
    throw new RegexSyntaxError('invalid escape sequence', text.slice(at, badHexEnd(text, after)));
  }
  throw new RegexSyntaxError('invalid escape sequence', text.slice(at, after));
}

/** Go's error names the text up to and with the character that cannot be part of the number. */
function badHexEnd(text: string, from: number): number {
  const hex = /[0-9A-Fa-f]/;
  if (text[from] !== '{') return Math.min(text.length, from + 2);
  let at = from + 1;
  let value = 0;
  while (at < text.length && hex.test(text[at] ?? '')) {
    value = value * 16 + Number.parseInt(text[at] ?? '0', 16);
    at++;
    if (value > 0x10ffff) return at;
  }
  return Math.min(text.length, at + 1);
}
