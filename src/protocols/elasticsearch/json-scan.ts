import type { Arena } from '../arena.ts';
import { escapes, stringClass } from '../json-bytes.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const replacement = 0xfffd;

/**
 * Reads JSON values out of an arena, without an exception or an object per value: each method gives the position behind what it read, or -1, where `fault` says why and
 * `faultAt` where. A string without escapes is pointed at where it stands; others are unescaped behind the bytes in use. A byte that no string can hold (such as a line end)
 * must stand at `end`.
 */
export class JsonScan {
  readonly arena: Arena;
  /** Where the value at hand must be over. */
  end = 0;
  /** Place and length in the arena of the string that was read last, without quotes and escapes. */
  start = 0;
  length = 0;
  fault = '';
  faultAt = 0;
  readonly #depthMax: number;
  readonly #stack: Uint8Array;

  constructor(arena: Arena, depthMax: number) {
    this.arena = arena;
    this.#depthMax = depthMax;
    this.#stack = new Uint8Array(depthMax + 1);
  }

  /** Sets what is wrong at a place; -1. */
  fail(at: number, fault: string): -1 {
    this.fault = at >= this.end ? 'unexpected end of input' : fault;
    this.faultAt = Math.min(at, this.end);
    return -1;
  }

  /** The first position from `at` on that holds no blank; it may be the end. */
  blank(from: number): number {
    const { bytes } = this.arena;
    let at = from;
    while (at < this.end) {
      const byte = bytes[at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    return at;
  }

  /** Reads the key at `at` into start and length, and passes over the colon and the blanks behind it. */
  key(at: number): number {
    if (this.arena.bytes[at] !== quote || at >= this.end) return this.fail(at, 'a field name in quotes is expected');
    let next = this.string(at);
    if (next < 0) return -1;
    if (this.arena.bytes[next] !== colon) {
      next = this.blank(next);
      if (next >= this.end || this.arena.bytes[next] !== colon) return this.fail(next, 'a colon is expected after a field name');
    }
    next++;
    return this.arena.bytes[next]! > 0x20 ? next : this.blank(next);
  }

  /** Reads the string whose opening quote stands at `at` into start and length. */
  string(at: number): number {
    const { bytes } = this.arena;
    const start = at + 1;
    let next = start;
    while (stringClass[bytes[next]!] === 0) next++;
    if (bytes[next] === quote && next < this.end) {
      this.start = start;
      this.length = next - start;
      return next + 1;
    }
    return this.#escaped(start, next);
  }

  /** Goes on with a string from its first byte that is not plain. */
  #escaped(start: number, from: number): number {
    const { arena, end } = this;
    // No string is longer than what is left of the value, and none grows by being unescaped.
    arena.reserve(end - start);
    const { bytes } = arena;
    const to = arena.used;
    let write = to + from - start;
    bytes.copyWithin(to, start, from);
    let read = from;
    for (;;) {
      const byte = bytes[read]!;
      const kind = stringClass[byte]!;
      if (kind === 0) {
        bytes[write++] = byte;
        read++;
      } else if (kind === 2) {
        const plain = escapes[bytes[read + 1]!]!;
        if (plain === 0) {
          const code = hex4(bytes, read);
          if (code < 0) return this.fail(read, 'an escape that JSON does not have');
          read += 6;
          // Half a pair stands for no character.
          let point = code >= 0xd800 && code < 0xe000 ? replacement : code;
          if (code >= 0xd800 && code < 0xdc00) {
            const second = hex4(bytes, read);
            if (second >= 0xdc00 && second < 0xe000) {
              point = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
              read += 6;
            }
          }
          write = writeCodePoint(bytes, write, point);
        } else {
          bytes[write++] = plain;
          read += 2;
        }
        // The last of an escape may lie behind the end.
        if (read > end) return this.fail(end, '');
      } else if (kind === 1 && read < end) break;
      else return this.fail(read, 'a control character inside a string');
    }
    this.start = to;
    this.length = write - to;
    arena.used = write;
    return read + 1;
  }

  /** Passes over a number, `true`, `false` or `null`. */
  scalar(at: number): number {
    const { bytes } = this.arena;
    const byte = bytes[at]!;
    if (at >= this.end) return this.fail(at, '');
    if (byte === 0x74) return this.#literal(at, 'true');
    if (byte === 0x66) return this.#literal(at, 'false');
    if (byte === 0x6e) return this.#literal(at, 'null');
    return this.#number(at);
  }

  #literal(at: number, word: string): number {
    const { bytes } = this.arena;
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return this.fail(at, 'a value is expected');
    return at + word.length <= this.end ? at + word.length : this.fail(this.end, '');
  }

  #number(start: number): number {
    const { bytes } = this.arena;
    let at = bytes[start] === 0x2d ? start + 1 : start;
    const whole = this.#digits(at);
    if (whole === at) return this.fail(start, 'a value is expected');
    if (bytes[at] === 0x30 && whole > at + 1) return this.fail(start, 'a number must not begin with 0');
    at = whole;
    if (bytes[at] === 0x2e) {
      const fraction = this.#digits(at + 1);
      if (fraction === at + 1) return this.fail(fraction, 'digits are expected');
      at = fraction;
    }
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      const sign = bytes[at + 1];
      const from = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1;
      at = this.#digits(from);
      if (at === from) return this.fail(at, 'digits are expected');
    }
    return at <= this.end ? at : this.fail(this.end, '');
  }

  #digits(from: number): number {
    const { bytes } = this.arena;
    let at = from;
    while (at < this.end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
    return at;
  }

  /** Passes over any value. Its strings are checked, not unescaped. */
  skip(from: number): number {
    const { bytes } = this.arena;
    const stack = this.#stack;
    let depth = 0;
    let at = from;
    for (;;) {
      at = this.blank(at);
      const byte = bytes[at]!;
      if (at < this.end && (byte === openBrace || byte === openBracket)) {
        if (depth >= this.#depthMax) return this.fail(at, `nested deeper than ${this.#depthMax} (push.json_depth_max)`);
        stack[depth++] = byte;
        at = this.blank(at + 1);
        if (at < this.end && bytes[at] === (byte === openBrace ? closeBrace : closeBracket)) {
          at++;
          depth--;
        } else {
          if (byte === openBrace && (at = this.#skipKey(at)) < 0) return -1;
          continue;
        }
      } else if ((at = byte === quote ? this.#skipString(at) : this.scalar(at)) < 0) return -1;
      // After a value: close what ends here, then go to the next one.
      for (;;) {
        if (depth === 0) return at;
        at = this.blank(at);
        const isObject = stack[depth - 1] === openBrace;
        const next = at < this.end ? bytes[at] : -1;
        if (next !== comma && next !== (isObject ? closeBrace : closeBracket)) return this.fail(at, isObject ? 'a comma or } is expected' : 'a comma or ] is expected');
        at++;
        if (next === comma) {
          if (isObject && (at = this.#skipKey(this.blank(at))) < 0) return -1;
          break;
        }
        depth--;
      }
    }
  }

  #skipKey(at: number): number {
    if (at >= this.end || this.arena.bytes[at] !== quote) return this.fail(at, 'a field name in quotes is expected');
    const close = this.#skipString(at);
    if (close < 0) return -1;
    const next = this.blank(close);
    return next < this.end && this.arena.bytes[next] === colon ? next + 1 : this.fail(next, 'a colon is expected after a field name');
  }

  #skipString(from: number): number {
    const { bytes } = this.arena;
    let at = from + 1;
    for (;;) {
      while (stringClass[bytes[at]!] === 0) at++;
      if (at >= this.end) return this.fail(this.end, '');
      if (bytes[at] === quote) return at + 1;
      if (bytes[at] !== backslash) return this.fail(at, 'a control character inside a string');
      if (escapes[bytes[at + 1]!] !== 0) at += 2;
      else if (hex4(bytes, at) >= 0) at += 6;
      else return this.fail(at, 'an escape that JSON does not have');
    }
  }
}

/** The four hexadecimal digits of the `\u` escape at `at`, or -1 where there is none. */
function hex4(bytes: Buffer, at: number): number {
  if (bytes[at] !== backslash || bytes[at + 1] !== 0x75) return -1;
  let code = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = bytes[i]!;
    const lower = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
    if (digit < 0) return -1;
    code = (code << 4) | digit;
  }
  return code;
}

/** Writes a code point as UTF-8; the position behind it. */
function writeCodePoint(bytes: Buffer, at: number, code: number): number {
  let next = at;
  if (code < 0x80) bytes[next++] = code;
  else {
    if (code < 0x800) bytes[next++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[next++] = 0xe0 | (code >> 12);
      else {
        bytes[next++] = 0xf0 | (code >> 18);
        bytes[next++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[next++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[next++] = 0x80 | (code & 0x3f);
  }
  return next;
}
