import type { LevelFields } from './level-fields.ts';
import { knownLevelOf } from './level-names.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** Objects inside one another that are searched even where the limit allows any number. */
const nestingMax = 64;

/**
 * The level in a line that is a JSON object: of the first string in document order whose key is one of `fields`, objects inside searched too, down
 * to `depthMax` levels (0: any). Undefined where there is none, where its value is no known level, or where the text breaks before it.
 */
export function levelOfJson(bytes: Buffer, start: number, end: number, fields: LevelFields, depthMax: number): string | undefined {
  return new JsonLevelSearch(bytes, end, fields, depthMax > 0 ? Math.min(depthMax, nestingMax) : nestingMax).run(start);
}

const unclosed = -1;

/** Ends a scan of a number or word: blanks, comma, closing brackets. */
const scalarEnd = new Uint8Array(256);
for (const character of ' \t\n\r,}]') scalarEnd[character.charCodeAt(0)] = 1;

class JsonLevelSearch {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #fields: LevelFields;
  readonly #depthMax: number;
  #level: string | undefined;
  /** Whether the string that was passed over last holds a backslash. */
  #escaped = false;

  constructor(bytes: Buffer, end: number, fields: LevelFields, depthMax: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.#fields = fields;
    this.#depthMax = depthMax;
  }

  run(start: number): string | undefined {
    this.#object(this.#blank(start), 0);
    return this.#level;
  }

  /** Searches the object at `at`. Its end, or `unclosed` where the search is over: found, or the text breaks. */
  #object(at: number, depth: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let next = this.#blank(at + 1);
    if (next < end && bytes[next] === closeBrace) return next + 1;
    for (;;) {
      if (next >= end || bytes[next] !== quote) return unclosed;
      const keyEnd = this.#stringEnd(next);
      if (keyEnd === unclosed) return unclosed;
      const isField = this.#isField(next + 1, keyEnd - 1);
      next = this.#blank(keyEnd);
      if (next >= end || bytes[next] !== 0x3a) return unclosed;
      next = this.#blank(next + 1);
      if (next >= end) return unclosed;
      const first = bytes[next]!;
      if (first === quote) {
        const valueEnd = this.#stringEnd(next);
        if (valueEnd === unclosed) return unclosed;
        if (isField) {
          this.#level = knownLevelOf(bytes, next + 1, valueEnd - 1);
          return unclosed;
        }
        next = valueEnd;
      } else if (first === openBrace) next = depth + 1 < this.#depthMax ? this.#object(next, depth + 1) : this.#blockEnd(next, openBrace, closeBrace);
      else if (first === 0x5b) next = this.#blockEnd(next, 0x5b, 0x5d);
      else next = this.#scalarEnd(next);
      if (next === unclosed) return unclosed;
      next = this.#blank(next);
      if (next >= end) return unclosed;
      if (bytes[next] === closeBrace) return next + 1;
      if (bytes[next] !== 0x2c) return unclosed;
      next = this.#blank(next + 1);
      // A comma before the brace is let through.
      if (next < end && bytes[next] === closeBrace) return next + 1;
    }
  }

  #isField(start: number, end: number): boolean {
    if (this.#fields.has(this.#bytes, start, end)) return true;
    // Names are short, and an escape is at most six characters for one.
    if (!this.#escaped || end - start > 256) return false;
    try {
      return this.#fields.hasText(JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) as string);
    } catch {
      return false;
    }
  }

  /** Behind the closing quote of the string at `at`, or `unclosed`. */
  #stringEnd(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    this.#escaped = false;
    for (let next = at + 1; next < end; next++) {
      const byte = bytes[next]!;
      if (byte === quote) return next + 1;
      if (byte === backslash) {
        this.#escaped = true;
        next++;
      }
    }
    return unclosed;
  }

  /** Behind the bracket that closes the one at `at`; only brackets of its own kind are counted. */
  #blockEnd(at: number, open: number, close: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let depth = 0;
    for (let next = at; next < end; next++) {
      const byte = bytes[next]!;
      if (byte === quote) {
        next = this.#stringEnd(next) - 1;
        if (next < 0) return unclosed;
      } else if (byte === open) depth++;
      else if (byte === close && --depth === 0) return next + 1;
    }
    return unclosed;
  }

  #scalarEnd(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let next = at;
    while (next < end && scalarEnd[bytes[next]!] === 0) next++;
    const first = bytes[at]!;
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return next;
    const word = next - at <= 5 ? bytes.toString('latin1', at, next) : '';
    return word === 'true' || word === 'false' || word === 'null' ? next : unclosed;
  }

  #blank(at: number): number {
    const bytes = this.#bytes;
    let next = at;
    while (next < this.#end) {
      const byte = bytes[next]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      next++;
    }
    return next;
  }
}
