import { rootNode, type FieldNames } from './names.ts';
import { blockValue, escapedValue, literalValue, nullValue, textValue, type FieldParser, type FieldTable } from './table.ts';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Objects inside one another that are looked into; deeper ones are passed over. */
const depthMax = 16;
const broken = -1;

/** 1 for the bytes that a number or a word ends at: blanks, comma, closing brackets. */
const scalarEnd = new Uint8Array(256);
for (const character of ' \t\n\r,}]') scalarEnd[character.charCodeAt(0)] = 1;

/**
 * Fields of lines that are JSON objects. It walks over the bytes once: no value is copied and no string made. Objects in which nobody looks for anything are passed
 * over; so are arrays, which have no names. Where the text breaks (a line that was cut), what stood before that counts. It is lenient: control characters in strings and odd words as values pass.
 */
export class JsonFields implements FieldParser {
  readonly names: FieldNames;
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  /** Whether the string that was passed over last holds a backslash. */
  #escaped = false;

  constructor(names: FieldNames) {
    this.names = names;
  }

  parse(table: FieldTable, bytes: Buffer, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#end = end;
    const at = this.#blank(start);
    if (at >= end || bytes[at] !== openBrace) return false;
    const after = this.#object(at, rootNode, 0, table);
    return after !== broken && this.#blank(after) === end;
  }

  /** Reads the object at `at`; where it ends, or `broken`. */
  #object(at: number, parent: number, depth: number, table: FieldTable): number {
    const bytes = this.#bytes;
    const end = this.#end;
    const { names } = this;
    let next = this.#blank(at + 1);
    if (next < end && bytes[next] === closeBrace) return next + 1;
    for (;;) {
      if (next >= end || bytes[next] !== quote) return broken;
      const keyStart = next + 1;
      const keyEnd = this.#stringEnd(keyStart);
      if (keyEnd === broken) return broken;
      const node = this.#escaped ? this.#escapedChild(parent, keyStart, keyEnd) : names.child(parent, bytes, keyStart, keyEnd);
      next = keyEnd + 1;
      if (bytes[next] !== colon || next >= end) {
        next = this.#blank(next);
        if (next >= end || bytes[next] !== colon) return broken;
      }
      next = this.#blank(next + 1);
      if (next >= end) return broken;
      const first = bytes[next] as number;
      const valueStart = next;
      if (first === quote) {
        next = this.#stringEnd(valueStart + 1);
        if (next === broken) return broken;
        if (node >= 0) table.set(node, valueStart + 1, next, this.#escaped ? escapedValue : textValue);
        next++;
      } else if (first === openBrace) {
        next = node >= 0 && depth + 1 < depthMax && names.isParent(node) ? this.#object(valueStart, node, depth + 1, table) : this.#blockEnd(valueStart);
        if (next === broken) return broken;
        if (node >= 0) table.set(node, valueStart, next, blockValue);
      } else if (first === openBracket) {
        next = this.#blockEnd(valueStart);
        if (next === broken) return broken;
        if (node >= 0) table.set(node, valueStart, next, blockValue);
      } else {
        while (next < end && scalarEnd[bytes[next] as number] === 0) next++;
        if (next === valueStart) return broken;
        // A number that the line ends in may be cut.
        if (next >= end) return broken;
        if (node >= 0) table.set(node, valueStart, next, isNull(bytes, valueStart, next) ? nullValue : literalValue);
      }
      if (next >= end) return broken;
      let after = bytes[next] as number;
      if (after !== comma && after !== closeBrace) {
        next = this.#blank(next);
        if (next >= end) return broken;
        after = bytes[next] as number;
      }
      if (after === closeBrace) return next + 1;
      if (after !== comma) return broken;
      next = this.#blank(next + 1);
    }
  }

  #escapedChild(parent: number, start: number, end: number): number {
    const key = Buffer.from(this.#bytes.toString('utf8', start, end).replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, character: string | undefined) =>
      code === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(code, 16))));
    return this.names.child(parent, key, 0, key.length);
  }

  /** The place of the quote that ends the string whose text begins at `start`; `broken` where there is none. */
  #stringEnd(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    this.#escaped = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) return at;
      if (byte === backslash) {
        this.#escaped = true;
        at++;
      }
    }
    return broken;
  }

  /** Where the object or array at `at` ends; `broken` where it does not. */
  #blockEnd(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let depth = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        at = this.#stringEnd(at + 1);
        if (at === broken) return broken;
      } else if (byte === openBrace || byte === openBracket) depth++;
      else if (byte === closeBrace || byte === closeBracket) {
        depth--;
        if (depth === 0) return at + 1;
      }
    }
    return broken;
  }

  #blank(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) break;
      at++;
    }
    return at;
  }
}

function isNull(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 4 && bytes[start] === 0x6e && bytes[start + 1] === 0x75 && bytes[start + 2] === 0x6c && bytes[start + 3] === 0x6c;
}
