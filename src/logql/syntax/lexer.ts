import { nestingMax } from './limits.ts';
import { readDuration, readRange, unquote } from './literals.ts';
import { parseBytesGo } from '../template/mod.ts';
import { functionTokens, wordTokens, type Token, type TokenError, type TokenKind } from './tokens.ts';

const letter = /[\p{L}_]/u;
const letterOrDigit = /[\p{L}_\p{Nd}]/u;
const durationRest = /[\p{N}.nuµmshdwy]*/uy;
const bytesRest = /[\p{N}.BikKMGTP]*/uy;
/** Go's unicode.IsSpace. */
const space = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/**
 * Cuts a query into tokens by the rules of Go's text/scanner, which Loki uses: Go's literals, line (`//`, `#`) and block comments. Positions are Loki's too:
 * line 0 for tokens that it puts together from several pieces (`|=`, `5m`, `[5m]`). The last token is `$end`; after a token that
 * cannot be read the query is cut off there. Linear in the length of the query.
 */
export function tokenize(query: string): Token[] {
  return new Lexer(query).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #column = 1;
  #depth = 0;
  /** First error inside the token that is being read, or a comment before it. */
  #error: TokenError | null = null;
  /** Where that token, or comment, begins. */
  #from = { line: 0, column: 0 };
  /** Whether space stands before it. */
  #spaced = false;

  constructor(text: string) {
    const marked = text.startsWith('\uFEFF');
    this.#text = marked ? text.slice(1) : text;
    if (marked) this.#column = 2;
  }

  run(): Token[] {
    if (this.#text === '') {
      this.#push('$end', '', 0, 0);
      return this.#tokens;
    }
    while (this.#next());
    return this.#tokens;
  }

  #push(kind: TokenKind, text: string, line: number, column: number, value = 0n): void {
    this.#tokens.push({ kind, text, value, line, column, error: this.#error });
    this.#error = null;
  }

  /** The token ends the query, because of `error`. */
  #stop(error: string, line: number, column: number): false {
    this.#error ??= { reason: error, line, column };
    this.#push('$end', '', line, column);
    return false;
  }

  /** Notes what is wrong with the token; the first one counts. */
  #wrong(reason: string): void {
    this.#error ??= { reason, ...this.#from };
  }

  #character(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  /** Steps over one character. */
  #step(): string {
    const character = this.#character();
    this.#at += character.length;
    if (character === '\n') {
      this.#line++;
      this.#column = 1;
    } else this.#column++;
    if (character === '\0') this.#wrong('invalid character NUL');
    return character;
  }

  /** Steps over `text`, which stands here. */
  #stepOver(text: string): void {
    const end = this.#at + text.length;
    while (this.#at < end) this.#step();
  }

  #skipSpace(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === ' ' || character === '\t' || character === '\r' || character === '\n') this.#step();
      else if (character === '#' || this.#text.startsWith('//', this.#at)) while (this.#at < this.#text.length && this.#step() !== '\n');
      else if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#text.indexOf('*/', this.#at + 2);
        this.#from = { line: this.#line, column: this.#column };
        if (end < 0) this.#wrong('comment not terminated');
        this.#stepOver(end < 0 ? this.#text.slice(this.#at) : this.#text.slice(this.#at, end + 2));
      } else return;
    }
  }

  #next(): boolean {
    const before = this.#at;
    this.#skipSpace();
    this.#spaced = this.#at > before;
    const [line, column, start] = [this.#line, this.#column, this.#at];
    this.#from = { line, column };
    const character = this.#character();
    if (character === '') {
      this.#push('$end', '', line, column);
      return false;
    }
    if (letter.test(character)) {
      while (this.#at < this.#text.length && letterOrDigit.test(this.#character())) this.#step();
      return this.#word(this.#text.slice(start, this.#at), line, column);
    }
    if (/[0-9]/.test(character) || (character === '.' && /[0-9]/.test(this.#text[this.#at + 1] ?? ''))) return this.#number(line, column);
    if (character === '"' || character === '`') return this.#string(character, line, column);
    if (character === "'") return this.#characterLiteral(line, column);
    if (character === '[') return this.#range(column);
    if (character === '-' && this.#flagOrDuration(column)) return true;
    return this.#sign(character, line, column);
  }

  #word(text: string, line: number, column: number): boolean {
    const lower = text.toLowerCase();
    const call = functionTokens.get(lower);
    if (call !== undefined) this.#push(this.#callFollows() ? call : 'IDENTIFIER', text, line, column);
    else this.#push(wordTokens.get(lower) ?? 'IDENTIFIER', text, line, column);
    return true;
  }

  /** Whether `(` follows, or `by` or `without` and `(`. */
  #callFollows(): boolean {
    let at = this.#afterSpace(this.#at);
    if (this.#text[at] === '(') return true;
    const head = this.#text.slice(at, at + 7).toLowerCase();
    if (head.startsWith('by')) at = this.#afterSpace(at + 2);
    else if (head === 'without') at = this.#afterSpace(at + 7);
    else return false;
    return this.#text[at] === '(';
  }

  #afterSpace(from: number): number {
    let at = from;
    while (at < this.#text.length && space.test(this.#text[at] as string)) at++;
    return at;
  }

  #number(line: number, column: number): boolean {
    const number = this.#scanNumber();
    const duration = this.#rest(durationRest);
    if (duration !== '') {
      const value = readDuration(number + duration);
      if (value !== undefined) {
        this.#stepOver(duration);
        this.#push('DURATION', number + duration, 0, column, value);
        return true;
      }
    }
    const bytes = this.#rest(bytesRest);
    if (bytes !== '') {
      const { value, error } = parseBytesGo(number + bytes);
      if (error === null) {
        this.#stepOver(bytes);
        this.#push('BYTES', number + bytes, 0, column, BigInt(value));
        return true;
      }
    }
    this.#push('NUMBER', number, line, column);
    return true;
  }

  /** The characters from here on that may belong to a unit; no unit is long. */
  #rest(pattern: RegExp): string {
    const window = this.#text.slice(this.#at, this.#at + 64);
    pattern.lastIndex = 0;
    return pattern.exec(window)?.[0] ?? '';
  }

  #scanNumber(): string {
    const start = this.#at;
    const rest = this.#text.slice(start, start + 4096);
    if (this.#spaced && /^0[bB]/.test(rest)) {
      // Loki's scanner looks at the wrong character behind the prefix.
      this.#wrong('decimal literal has no digits');
      this.#stepOver('0');
      return '0';
    }
    const based = /^0(?:[xX][0-9a-fA-F_]*|[oO][0-9_]*|[bB][0-9_]*)/.exec(rest)?.[0];
    const hex = based !== undefined && /^0[xX]/.test(based);
    let text = based ?? /^[0-9_]*/.exec(rest)?.[0] ?? '';
    const octal = based === undefined && /^0[0-9_]+$/.test(text);
    let float = false;
    if (rest[text.length] === '.') {
      float = true;
      if (based !== undefined && !hex) this.#wrong(`invalid radix point in ${/^0[oO]/.test(based) ? 'octal' : 'binary'} literal`);
      text += (hex ? /^\.[0-9a-fA-F_]*/ : /^\.[0-9_]*/).exec(rest.slice(text.length))?.[0] ?? '';
    }
    if (based !== undefined && !/[0-9a-fA-F]/.test(text.slice(2))) this.#wrong(`${hex ? 'hexadecimal' : /^0[oO]/.test(based) ? 'octal' : 'binary'} literal has no digits`);
    const exponent = (hex ? /^[pP][+-]?[0-9_]*/ : /^[eE][+-]?[0-9_]*/).exec(rest.slice(text.length))?.[0];
    if (exponent !== undefined) {
      float = true;
      text += exponent;
      if (based !== undefined && !hex) this.#wrong(`'${exponent[0]}' exponent requires decimal mantissa`);
      if (!/[0-9]/.test(exponent)) this.#wrong('exponent has no digits');
    } else if (hex && float) this.#wrong("hexadecimal mantissa requires a 'p' exponent");
    if (!float) {
      const wrong = octal ? /[89]/.exec(text) : based === undefined || hex ? null : (/^0[oO]/.test(based) ? /[89]/ : /[2-9]/).exec(text.slice(2));
      if (wrong !== null) this.#wrong(`invalid digit '${wrong[0]}' in ${based !== undefined && /^0[bB]/.test(based) ? 'binary' : 'octal'} literal`);
    }
    if (text.includes('_') && !separatorsFit(text)) this.#wrong("'_' must separate successive digits");
    this.#stepOver(text);
    return text;
  }

  #flagOrDuration(column: number): boolean {
    if (this.#text[this.#at + 1] === '-') {
      const flag = /^--[\p{L}-]*/u.exec(this.#text.slice(this.#at, this.#at + 64))?.[0] ?? '';
      if (flag === '--strict' || flag === '--keep-empty') {
        this.#stepOver(flag);
        this.#push('FUNCTION_FLAG', flag, 0, column);
        return true;
      }
    }
    durationRest.lastIndex = 0;
    const rest = durationRest.exec(this.#text.slice(this.#at + 1, this.#at + 65))?.[0] ?? '';
    const value = rest === '' ? undefined : readDuration(`-${rest}`);
    if (value === undefined) return false;
    this.#stepOver(`-${rest}`);
    this.#push('DURATION', `-${rest}`, 0, column, value);
    return true;
  }

  #string(quote: string, line: number, column: number): boolean {
    const start = this.#at;
    this.#step();
    for (;;) {
      const character = this.#character();
      if (character === '' || (quote === '"' && character === '\n')) {
        this.#wrong('literal not terminated');
        break;
      }
      this.#step();
      if (character === quote) break;
      if (character === '\\' && quote === '"' && !this.#escape('"')) this.#wrong('invalid char escape');
    }
    const literal = this.#text.slice(start, this.#at);
    const value = unquote(literal);
    if (value === undefined) return this.#stop('invalid syntax', line, column);
    this.#push('STRING', value, line, column);
    return true;
  }

  /** Steps over the escape after a backslash; false if there is none. */
  #escape(quote: string): boolean {
    const escape = /^(?:[abfnrtv\\]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(this.#text.slice(this.#at, this.#at + 9))?.[0];
    if (escape !== undefined) this.#stepOver(escape);
    else if (this.#text[this.#at] === quote) this.#step();
    else return false;
    return true;
  }

  /** Go's 'x': no token of LogQL, it only decides which error is shown. */
  #characterLiteral(line: number, column: number): boolean {
    const start = this.#at;
    this.#step();
    let characters = 0;
    for (;;) {
      const character = this.#character();
      if (character === '' || character === '\n') {
        this.#wrong('literal not terminated');
        break;
      }
      this.#step();
      if (character === "'") break;
      if (character === '\\' && !this.#escape("'")) this.#wrong('invalid char escape');
      characters++;
    }
    if (characters !== 1) this.#wrong('invalid char literal');
    this.#push('IDENTIFIER', this.#text.slice(start, this.#at), line, column);
    return true;
  }

  #range(column: number): boolean {
    const end = this.#text.indexOf(']', this.#at);
    if (end < 0) {
      this.#stepOver(this.#text.slice(this.#at));
      return this.#stop("missing closing ']' in duration", 0, column);
    }
    const text = this.#text.slice(this.#at + 1, end);
    this.#stepOver(this.#text.slice(this.#at, end + 1));
    const value = readRange(text);
    if (typeof value !== 'bigint') return this.#stop(value.error, 0, column);
    this.#push('RANGE', text, 0, column, value);
    return true;
  }

  #sign(character: string, line: number, column: number): boolean {
    this.#step();
    const pair = character + this.#character();
    const two = wordTokens.get(pair);
    if (two !== undefined && pair.length === 2) {
      this.#step();
      this.#push(two, pair, 0, column);
      return true;
    }
    if (character === '(' && ++this.#depth > nestingMax) return this.#stop(`more than ${nestingMax} parentheses inside one another`, line, column);
    if (character === ')') this.#depth--;
    this.#push(wordTokens.get(character) ?? 'IDENTIFIER', character, line, column);
    return true;
  }
}

/** Whether each `_` stands between digits, as Go wants it; a base prefix counts as a digit. */
function separatorsFit(text: string): boolean {
  const hex = /^0[xX]/.test(text);
  const digits = text.replace(/^0[xXoObB]/, '0');
  for (let i = 0; i < digits.length; i++) {
    if (digits[i] !== '_') continue;
    const digit = hex ? /[0-9a-fA-F]/ : /[0-9]/;
    if (!digit.test(digits[i - 1] ?? '') || !digit.test(digits[i + 1] ?? '')) return false;
  }
  return true;
}
