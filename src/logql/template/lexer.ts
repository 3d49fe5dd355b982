import { TemplateSyntaxError } from './ast.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'word'
  | 'field'
  | 'variable'
  | 'string'
  | 'character'
  | 'number'
  | '.'
  | '('
  | ')'
  | '|'
  | ','
  | ':='
  | '='
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

/** Cuts a template into tokens; trims as `{{-` and `-}}` ask. Throws TemplateSyntaxError. */
export function tokenize(name: string, source: string): Token[] {
  return new Lexer(name, source).run();
}

const spaceAfterDash = /^[ \t\r\n]/;

class Lexer {
  readonly #name: string;
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(name: string, source: string) {
    this.#name = name;
    this.#source = source;
  }

  run(): Token[] {
    let trimNext = false;
    while (this.#at < this.#source.length) {
      const open = this.#source.indexOf('{{', this.#at);
      const end = open < 0 ? this.#source.length : open;
      let text = this.#source.slice(this.#at, end);
      if (trimNext) text = text.replace(/^[ \t\r\n]+/, '');
      const trimBefore = open >= 0 && this.#source[open + 2] === '-' && spaceAfterDash.test(this.#source.slice(open + 3));
      if (trimBefore) text = text.replace(/[ \t\r\n]+$/, '');
      if (text !== '') this.#tokens.push({ kind: 'text', text, at: this.#at });
      this.#at = end;
      if (open < 0) break;
      trimNext = this.#action(open, trimBefore);
    }
    this.#tokens.push({ kind: 'end', text: '', at: this.#source.length });
    return this.#tokens;
  }

  /** Reads one action; whether it trims what follows. */
  #action(open: number, trimmed: boolean): boolean {
    const source = this.#source;
    this.#at = open + 2 + (trimmed ? 2 : 0);
    if (source.startsWith('/*', this.#at)) return this.#comment();
    this.#tokens.push({ kind: 'open', text: '{{', at: open });
    let depth = 0;
    for (;;) {
      const trims = source[this.#at] === '-' ? source.startsWith('-}}', this.#at) && /[ \t\r\n]/.test(source[this.#at - 1] ?? '') : false;
      if (trims || source.startsWith('}}', this.#at)) {
        if (depth > 0) throw this.#error('unclosed left paren');
        this.#tokens.push({ kind: 'close', text: '}}', at: this.#at });
        this.#at += trims ? 3 : 2;
        return trims;
      }
      const character = source[this.#at];
      if (character === undefined) throw this.#error('unclosed action');
      if (character === '(') depth++;
      if (character === ')') {
        depth--;
        if (depth < 0) throw this.#error('unexpected right paren');
      }
      this.#inside(character);
    }
  }

  #comment(): boolean {
    const close = this.#source.indexOf('*/', this.#at);
    if (close < 0) throw this.#error('unclosed comment');
    const after = close + 2;
    const trims = /^[ \t\r\n]-\}\}/.test(this.#source.slice(after, after + 4));
    if (!trims && !this.#source.startsWith('}}', after)) throw this.#error('comment ends before closing delimiter');
    this.#at = after + (trims ? 4 : 2);
    return trims;
  }

  #push(kind: TokenKind, length: number): void {
    this.#tokens.push({ kind, text: this.#source.slice(this.#at, this.#at + length), at: this.#at });
    this.#at += length;
  }

  #inside(character: string): void {
    const rest = this.#source.slice(this.#at, this.#at + 4096);
    const space = /^[ \t\r\n]+/.exec(rest);
    if (space !== null) {
      // A dash that closes belongs to the closing delimiter, as does the space before it.
      this.#push('space', space[0].length);
      return;
    }
    if (character === '(' || character === ')' || character === '|' || character === ',' || character === '=') this.#push(character, 1);
    else if (character === ':') {
      if (rest[1] !== '=') throw this.#error('expected :=');
      this.#push(':=', 2);
    } else if (character === '"') this.#quoted();
    else if (character === '`') {
      const end = this.#source.indexOf('`', this.#at + 1);
      if (end < 0) throw this.#error('unterminated raw quoted string');
      this.#push('string', end + 1 - this.#at);
    } else if (character === "'") this.#character();
    else if (character === '.' && !/^\.\d/.test(rest)) this.#word('field', '.');
    else if (character === '$') this.#word('variable', 'variable');
    else if (/^(?:[+-]|\.?\d)/.test(rest)) this.#number(rest);
    else if (/^[\p{L}\p{Nd}_]/u.test(rest)) this.#word('word', 'word');
    else throw this.#error(`unrecognized character in action: ${unicodeName(rest)}`);
  }

  #word(kind: 'field' | 'variable' | 'word', alone: TokenKind): void {
    const first = kind === 'word' ? 0 : 1;
    const letters = /^[\p{L}\p{Nd}_]*/u.exec(this.#source.slice(this.#at + first));
    const length = first + (letters?.[0].length ?? 0);
    const next = this.#source.slice(this.#at + length);
    if (!(next === '' || /^[ \t\r\n.,|:()=]/.test(next) || next.startsWith('}}'))) throw this.#error(`bad character ${unicodeName(next)}`);
    this.#push(length === first ? alone : kind, length);
  }

  #quoted(): void {
    const match = /^"(?:[^"\\\n]|\\[^\n])*"/.exec(this.#source.slice(this.#at));
    if (match === null) throw this.#error('unterminated quoted string');
    this.#push('string', match[0].length);
  }

  #character(): void {
    const match = /^'(?:[^'\\\n]|\\[^\n])*'/.exec(this.#source.slice(this.#at));
    if (match === null) throw this.#error('unterminated character constant');
    this.#push('character', match[0].length);
  }

  #number(rest: string): void {
    const match = /^[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[bB][01_]*|0[oO][0-7_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/.exec(rest);
    const text = match?.[0] ?? '';
    const after = rest.slice(text.length);
    if (/^[\p{L}\p{Nd}_]/u.test(after)) throw this.#error(`bad number syntax: ${JSON.stringify(text + (after[0] ?? ''))}`);
    if (text === '+' || text === '-') throw this.#error(`bad number syntax: ${JSON.stringify(text)}`);
    this.#push('number', text.length);
  }

  #error(reason: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.#name, lineAt(this.#source, this.#at), reason);
  }
}

/** The line, from 1, of an offset. */
export function lineAt(source: string, at: number): number {
  let line = 1;
  for (let i = source.indexOf('\n'); i >= 0 && i < at; i = source.indexOf('\n', i + 1)) line++;
  return line;
}

function unicodeName(text: string): string {
  const rune = text.codePointAt(0) ?? 0;
  const number = `U+${rune.toString(16).toUpperCase().padStart(4, '0')}`;
  return rune < 0x20 ? number : `${number} '${String.fromCodePoint(rune)}'`;
}
