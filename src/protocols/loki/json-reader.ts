import { SpoorError } from '../../model/mod.ts';
import { escapes, stringClass } from '../json-bytes.ts';

/** Value of a hexadecimal digit, 255 for other bytes. */
const hexDigits = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  hexDigits[i.toString(16).charCodeAt(0)] = i;
  hexDigits[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** A walk over JSON bytes, value by value, that makes no object per value. Strict JSON; every error is a `push_json` with its place. */
export class JsonReader {
  /** The document: what was handed in, or a copy of it once a string had to be unescaped. Positions are the same in both. */
  bytes: Buffer;
  /** Position of the next byte. */
  at = 0;
  /** Place and length in `bytes` of the string that was read last, without quotes and escapes. */
  start = 0;
  length = 0;
  #owned = false;
  readonly #end: number;
  readonly #depthMax: number;
  readonly #stack: Uint8Array;

  constructor(bytes: Buffer, depthMax: number) {
    this.bytes = bytes;
    this.#end = bytes.length;
    this.#depthMax = depthMax;
    this.#stack = new Uint8Array(depthMax + 1);
  }

  /** Skips blanks; the byte that follows, or -1 at the end. */
  peek(): number {
    const bytes = this.bytes;
    let at = this.at;
    while (at < this.#end) {
      const byte = bytes[at]!;
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  /** Enters the object at the position and reads its first key; false where it is empty. */
  firstKey(): boolean {
    this.at++;
    if (this.peek() !== closeBrace) return this.#key();
    this.at++;
    return false;
  }

  /** After a value of an object: reads the next key; false at the object's end. */
  nextKey(): boolean {
    const byte = this.peek();
    this.at++;
    if (byte === closeBrace) return false;
    if (byte === comma) return this.#key();
    this.at--;
    throw this.unexpected('expect , or } after a value of an object');
  }

  #key(): boolean {
    if (this.peek() !== quote) throw this.unexpected('expect a string as key of an object');
    this.string();
    if (this.peek() !== colon) throw this.unexpected('expect : after a key');
    this.at++;
    return true;
  }

  /** Enters the array at the position; false where it is empty. */
  firstElement(): boolean {
    this.at++;
    if (this.peek() !== closeBracket) return true;
    this.at++;
    return false;
  }

  /** After an element of an array: whether there is another one, to which the position then has moved. */
  nextElement(): boolean {
    const byte = this.peek();
    this.at++;
    if (byte === closeBracket) return false;
    if (byte === comma) return true;
    this.at--;
    throw this.unexpected('expect , or ] after an element of an array');
  }

  /** Whether the string that was read last is `text` (lower-case letters) in any case. */
  keyIsFolded(text: string): boolean {
    if (this.length !== text.length) return false;
    const bytes = this.bytes;
    for (let i = 0; i < text.length; i++) if ((bytes[this.start + i]! | 0x20) !== text.charCodeAt(i)) return false;
    return true;
  }

  /** Reads the string at the position into `start` and `length`, and unescapes it where it stands. */
  string(): void {
    const bytes = this.bytes;
    const end = this.#end;
    const start = this.at + 1;
    let at = start;
    while (at < end && stringClass[bytes[at]!] === 0) at++;
    if (at < end && bytes[at] === quote) {
      this.start = start;
      this.length = at - start;
      this.at = at + 1;
    } else this.#unescape(start, at);
  }

  /** Reads a number of decimal digits, perhaps with a `-` before them, into `start` and `length`; false where anything else stands there, or stands behind it. */
  integer(): boolean {
    const bytes = this.bytes;
    const start = this.at;
    let at = bytes[start] === 0x2d ? start + 1 : start;
    while (at < this.#end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
    const next = at < this.#end ? bytes[at]! : 0;
    if (at === start || (next !== comma && next !== closeBracket && next > 0x20)) return false;
    this.start = start;
    this.length = at - start;
    this.at = at;
    return true;
  }

  /** Goes on with a string from its first byte that is not plain. */
  #unescape(start: number, from: number): void {
    if (!this.#owned && this.bytes[from] === backslash) {
      this.bytes = Buffer.from(this.bytes);
      this.#owned = true;
    }
    const bytes = this.bytes;
    const end = this.#end;
    let read = from;
    let write = from;
    while (read < end) {
      const byte = bytes[read]!;
      const kind = stringClass[byte]!;
      if (kind === 0) {
        bytes[write++] = byte;
        read++;
      } else if (kind === 1) {
        this.start = start;
        this.length = write - start;
        this.at = read + 1;
        return;
      } else if (kind === 3) throw this.errorAt(read, `invalid control character found: ${byte}`);
      else {
        const plain = read + 1 < end ? escapes[bytes[read + 1]!]! : 0;
        if (plain !== 0) {
          bytes[write++] = plain;
          read += 2;
        } else {
          const code = this.#unicodeEscape(read);
          read += code > 0xffff ? 12 : 6;
          write = writeCodePoint(bytes, write, code);
        }
      }
    }
    throw this.errorAt(end, 'unexpected EOF in a string');
  }

  /** The code point of the `\u` escape (or pair of them) at `at`. */
  #unicodeEscape(at: number): number {
    const first = this.#hex4(at);
    if (first < 0xd800 || first > 0xdfff) return first;
    const second = first < 0xdc00 && this.bytes[at + 6] === backslash ? this.#hex4(at + 6) : 0;
    if (second < 0xdc00 || second > 0xdfff) throw this.errorAt(at, 'invalid escape: half of a surrogate pair');
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  #hex4(at: number): number {
    const bytes = this.bytes;
    if (at + 1 < this.#end && bytes[at + 1] !== 0x75) throw this.errorAt(at, 'invalid escape char after \\');
    if (at + 6 > this.#end) throw this.errorAt(this.#end, 'unexpected EOF in a string');
    const digits = [hexDigits[bytes[at + 2]!]!, hexDigits[bytes[at + 3]!]!, hexDigits[bytes[at + 4]!]!, hexDigits[bytes[at + 5]!]!] as const;
    if (digits[0] + digits[1] + digits[2] + digits[3] >= 255) throw this.errorAt(at, 'invalid escape: \\u wants four hexadecimal digits');
    return (digits[0] << 12) | (digits[1] << 8) | (digits[2] << 4) | digits[3];
  }

  /** Passes over `null`, `true` or `false`. */
  literal(word: string): void {
    if (this.bytes.toString('latin1', this.at, this.at + word.length) !== word) throw this.error(`expect ${word}`);
    this.at += word.length;
  }

  /** Passes over any value; the position then stands right behind it, so that its text is known. Checks it as JSON; changes nothing. */
  skip(): void {
    const stack = this.#stack;
    let depth = 0;
    for (;;) {
      const byte = this.peek();
      if (byte === openBrace || byte === openBracket) {
        if (depth >= this.#depthMax) throw this.error(`nested deeper than ${this.#depthMax} (push.json_depth_max)`);
        stack[depth++] = byte;
        this.at++;
        if (this.peek() === (byte === openBrace ? closeBrace : closeBracket)) {
          this.at++;
          depth--;
        } else {
          if (byte === openBrace) this.#skipKey();
          continue;
        }
      } else this.#skipScalar(byte);
      // After a value: close what ends here, then go to the next one.
      for (;;) {
        if (depth === 0) return;
        const isObject = stack[depth - 1] === openBrace;
        const next = this.peek();
        if (next !== comma && next !== (isObject ? closeBrace : closeBracket)) {
          throw this.unexpected(isObject ? 'expect , or } after a value of an object' : 'expect , or ] after an element of an array');
        }
        this.at++;
        if (next === comma) {
          if (isObject) this.#skipKey();
          break;
        }
        depth--;
      }
    }
  }

  #skipKey(): void {
    if (this.peek() !== quote) throw this.unexpected('expect a string as key of an object');
    this.#skipString();
    if (this.peek() !== colon) throw this.unexpected('expect : after a key');
    this.at++;
  }

  #skipScalar(byte: number): void {
    if (byte === quote) this.#skipString();
    else if (byte === 0x74) this.literal('true');
    else if (byte === 0x66) this.literal('false');
    else if (byte === 0x6e) this.literal('null');
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.#skipNumber();
    else throw this.unexpected(`expect a value, but found ${this.shown()}`);
  }

  #skipNumber(): void {
    let end = this.at;
    while (end < this.#end && /[-+.0-9eE]/.test(String.fromCharCode(this.bytes[end]!))) end++;
    const text = this.bytes.toString('latin1', this.at, Math.min(end, this.at + 4096));
    if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(text)) throw this.error('not a number');
    this.at = end;
  }

  #skipString(): void {
    const bytes = this.bytes;
    const end = this.#end;
    let at = this.at + 1;
    for (;;) {
      while (at < end && stringClass[bytes[at]!] === 0) at++;
      if (at >= end) throw this.errorAt(end, 'unexpected EOF in a string');
      const byte = bytes[at]!;
      if (byte === quote) break;
      if (byte !== backslash) throw this.errorAt(at, `invalid control character found: ${byte}`);
      if (at + 1 < end && escapes[bytes[at + 1]!]! !== 0) at += 2;
      else at += this.#unicodeEscape(at) > 0xffff ? 12 : 6;
    }
    this.at = at + 1;
  }

  /** The byte at the position as text for an error. */
  shown(): string {
    return this.at < this.#end ? this.bytes.toString('utf8', this.at, this.at + 4).slice(0, 1) : 'the end';
  }

  /** The error for what stands at the position, or for the end of the body there. */
  unexpected(reason: string): SpoorError {
    return this.errorAt(this.at, this.at < this.#end ? reason : 'unexpected EOF');
  }

  /** The error that something is wrong at the position. */
  error(reason: string): SpoorError {
    return this.errorAt(this.at, reason);
  }

  errorAt(offset: number, reason: string): SpoorError {
    const near = this.bytes.toString('utf8', Math.max(0, offset - 10), Math.min(this.#end, offset + 10));
    return new SpoorError('push_json', { reason, offset, near });
  }
}

/** Writes a code point as UTF-8; the position behind it. */
function writeCodePoint(bytes: Buffer, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    bytes[at] = 0xc0 | (code >> 6);
    bytes[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    bytes[at] = 0xe0 | (code >> 12);
    bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    bytes[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  bytes[at] = 0xf0 | (code >> 18);
  bytes[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  bytes[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  bytes[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}
