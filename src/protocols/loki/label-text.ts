import { SpoorError, type Label } from '../../model/mod.ts';
import { LabelCache } from './label-cache.ts';

const cache = new LabelCache();

/**
 * Reads the label string of a stream, bytes[start … end): a metric in Prometheus' notation, as `{app="a", env='b',}`. Sorted by name, without empty
 * values; repeated names stay, since the distributor refuses them by name. Answers for one text are one array.
 * Throws `push_labels` with the place, or `push_too_many` over `bytesMax`.
 */
export function parseLabelText(bytes: Buffer, start: number, end: number, bytesMax: number): readonly Label[] {
  if (end - start > bytesMax) throw new SpoorError('push_too_many', { limit: bytesMax, what: 'bytes of labels in one stream', name: 'push.labels_bytes_max' });
  const key = bytes.toString('latin1', start, end);
  let labels = cache.get(key);
  if (labels === undefined) {
    labels = parseLabels(bytes.toString('utf8', start, end));
    cache.set(key, labels);
  }
  return labels;
}

/** {@link parseLabelText} of a string. */
export function parseLabels(text: string): readonly Label[] {
  return new LabelTextParser(text).parse();
}

const identifierPattern = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const metricPattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const blankPattern = /(?:[ \t\n\r]+|#[^\n\r]*)*/y;
const plainStringPattern = /[^"'\\\n\uFFFD]*/y;
const simpleEscapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };

class LabelTextParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): readonly Label[] {
    const labels: Label[] = [];
    this.#blank();
    const metric = this.#match(metricPattern);
    this.#blank();
    if (this.#text[this.#at] === '{') {
      this.#at++;
      this.#pairs(labels);
      this.#blank();
    }
    if (this.#at < this.#text.length) throw this.#unexpected('');
    if (metric !== '') {
      // A name before the braces wins over one within.
      const kept = labels.filter((label) => label.name !== '__name__');
      return sorted([...kept, { name: '__name__', value: metric }]);
    }
    return sorted(labels);
  }

  /** What stands inside the braces, and the closing one. */
  #pairs(labels: Label[]): void {
    for (let first = true; ; first = false) {
      this.#blank();
      if (this.#text[this.#at] === '}') break;
      if (!first) {
        if (this.#text[this.#at] !== ',') throw this.#unexpected(' in label set, expected "," or "}"');
        this.#at++;
        this.#blank();
        if (this.#text[this.#at] === '}') break;
      }
      labels.push(this.#pair());
    }
    this.#at++;
  }

  #pair(): Label {
    let name = this.#match(identifierPattern);
    const quoted = name === '';
    if (quoted) {
      if (!this.#atQuote()) throw this.#unexpected(' in label set, expected identifier or "}"');
      const start = this.#at;
      name = this.#string();
      if (name === '') throw this.#error(start, 'invalid label name ""');
    }
    this.#blank();
    if (this.#text[this.#at] !== '=' || this.#text[this.#at + 1] === '~') {
      // A string alone is the metric's name.
      const next = this.#text[this.#at];
      if (quoted && (next === ',' || next === '}')) return { name: '__name__', value: name };
      throw this.#unexpected(quoted ? ' in label set, expected "," or "}"' : ' in label set, expected "="');
    }
    this.#at++;
    this.#blank();
    if (!this.#atQuote()) throw this.#unexpected(' in label set, expected string');
    return { name, value: this.#string() };
  }

  #atQuote(): boolean {
    const character = this.#text[this.#at];
    return character === '"' || character === "'" || character === '`';
  }

  /** A quoted string; the position stands at its quote. */
  #string(): string {
    const text = this.#text;
    const start = this.#at;
    const quote = text[start];
    if (quote === '`') {
      const end = text.indexOf('`', start + 1);
      const raw = text.slice(start + 1, end < 0 ? text.length : end);
      if (raw.includes('\uFFFD')) throw this.#error(start, 'invalid UTF-8 rune');
      if (end < 0) throw this.#error(start, 'unterminated raw string');
      this.#at = end + 1;
      return raw;
    }
    let value = '';
    // Bytes written as \x.. or octal may only together be UTF-8.
    let bytes: number[] | null = null;
    this.#at++;
    for (;;) {
      const plain = this.#match(plainStringPattern);
      const character = text[this.#at];
      if (plain !== '' || character === quote) {
        if (bytes !== null) value += Buffer.from(bytes).toString('utf8');
        bytes = null;
        value += plain;
      }
      if (character === quote) break;
      if (character === undefined || character === '\n') throw this.#error(start, 'unterminated quoted string');
      if (character === '\uFFFD') throw this.#error(start, 'invalid UTF-8 rune');
      if (character !== '\\') {
        value += character;
        this.#at++;
        continue;
      }
      const escaped = this.#escape(start, quote ?? '"');
      if (typeof escaped === 'number') (bytes ??= []).push(escaped);
      else {
        if (bytes !== null) value += Buffer.from(bytes).toString('utf8');
        bytes = null;
        value += escaped;
      }
    }
    this.#at++;
    return value;
  }

  /** An escape sequence: text, or the number of a byte. */
  #escape(start: number, quote: string): string | number {
    const text = this.#text;
    const character = text[this.#at + 1];
    if (character === undefined) throw this.#error(start, 'escape sequence not terminated');
    const simple = simpleEscapes[character] ?? (character === quote ? quote : undefined);
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const octal = character >= '0' && character <= '7';
    const digits = octal ? 3 : character === 'x' ? 2 : character === 'u' ? 4 : character === 'U' ? 8 : 0;
    if (digits === 0) throw this.#error(start, `unknown escape sequence ${describeCodePoint(text.codePointAt(this.#at + 1) ?? 0)}`);
    const from = this.#at + (octal ? 1 : 2);
    const digitsText = text.slice(from, from + digits);
    const good = octal ? /^[0-7]*/.exec(digitsText) : /^[0-9a-fA-F]*/.exec(digitsText);
    const goodCount = good?.[0].length ?? 0;
    if (goodCount < digits) {
      if (from + goodCount >= text.length) throw this.#error(start, 'escape sequence not terminated');
      throw this.#error(start, `illegal character ${describeCodePoint(text.codePointAt(from + goodCount) ?? 0)} in escape sequence`);
    }
    const code = Number.parseInt(digitsText, octal ? 8 : 16);
    const isByte = octal || character === 'x';
    if (isByte ? code > 0xff : code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.#error(start, 'escape sequence is an invalid Unicode code point');
    this.#at = from + digits;
    return isByte ? code : String.fromCodePoint(code);
  }

  #blank(): void {
    this.#match(blankPattern);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  /** The error for what stands at the position; `expected` says where and what else could. */
  #unexpected(expected: string): SpoorError {
    const text = this.#text;
    const at = this.#at;
    const inside = expected !== '';
    const character = text[at];
    if (character === undefined) return this.#error(at, inside ? 'unexpected end of input inside braces' : `unexpected end of input`);
    const operator = /^(?:=~|!~|!=)/.exec(text.slice(at, at + 2))?.[0];
    if (operator !== undefined && inside) return this.#error(at, `unexpected <op:${operator}>${expected}`);
    if (character === '=' || character === ',') return this.#error(at, `unexpected "${character}"${expected}`);
    identifierPattern.lastIndex = at;
    const word = identifierPattern.exec(text)?.[0];
    if (word !== undefined) return this.#error(at, `unexpected identifier "${word}"${expected}`);
    if (this.#atQuote()) {
      this.#string();
      return this.#error(at, `unexpected string ${JSON.stringify(text.slice(at, this.#at))}${expected}`);
    }
    if (character === '{' && inside) return this.#error(at, "unexpected left brace '{'");
    const shown = `'${String.fromCodePoint(text.codePointAt(at) ?? 0)}'`;
    return this.#error(at, inside ? `unexpected character inside braces: ${shown}` : `unexpected character: ${shown}`);
  }

  /** An error at a place in the text: line, and column in bytes from 1, as Prometheus counts. */
  #error(at: number, reason: string): SpoorError {
    const lines = this.#text.slice(0, at).split('\n');
    const column = Buffer.byteLength(lines.at(-1) ?? '') + 1;
    return new SpoorError('push_labels', { line: lines.length, column, reason });
  }
}

function describeCodePoint(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}

/** Sorted by name, empty values left out. The sort is stable: of a repeated name the first stays first. */
export function sorted(labels: readonly Label[]): readonly Label[] {
  return labels.filter((label) => label.value !== '').sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
