/**
 * Walks over JSON without understanding more of it than Loki's parser does (github.com/grafana/jsonparser): what is malformed there is malformed here,
 * with the same words, and what passes there passes here. All positions are indexes into the buffer; the text ends in front of `end`.
 */
export const jsonErrors = {
  json: 'Malformed JSON error',
  string: "Value is string, but can't find closing '\"' symbol",
  array: "Value is array, but can't find closing ']' symbol",
  object: "Value looks like object, but can't find closing '}' symbol",
  type: 'Unknown value type',
  escape: 'Encountered an invalid escape sequence in a string',
} as const;

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';

/** Index of the next byte that is no white space; -1 where there is none. */
export function nextToken(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
  }
  return -1;
}

/** Index of the quote that ends a string whose inside begins at `at`; -1 where there is none. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) return i;
    if (byte === 0x5c) i++;
  }
  return -1;
}

/** Index behind the bracket that closes the one at `at`; -1 where there is none. Brackets of the other kind are not looked at. */
export function blockEnd(bytes: Uint8Array, at: number, end: number, open: number, close: number): number {
  let level = 0;
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) {
      i = stringEnd(bytes, i + 1, end);
      if (i < 0) return -1;
    } else if (byte === open) level++;
    else if (byte === close && --level === 0) return i + 1;
  }
  return -1;
}

/** Reads one value; its place and type, or the error, are in the fields then. */
export class JsonValueReader {
  type: JsonType = 'null';
  /** The value is bytes[start … end), without the quotes of a string; what follows begins at `after`. */
  start = 0;
  end = 0;
  after = 0;

  /** Null, or what is wrong with the value that begins at the next token. */
  read(bytes: Uint8Array, from: number, end: number): string | null {
    const at = nextToken(bytes, from, end);
    if (at < 0) return jsonErrors.json;
    const first = bytes[at]!;
    if (first === 0x22) {
      const quote = stringEnd(bytes, at + 1, end);
      if (quote < 0) return jsonErrors.string;
      return this.#found('string', at + 1, quote, quote + 1);
    }
    if (first === 0x5b || first === 0x7b) {
      const isArray = first === 0x5b;
      const after = blockEnd(bytes, at, end, first, isArray ? 0x5d : 0x7d);
      if (after < 0) return isArray ? jsonErrors.array : jsonErrors.object;
      return this.#found(isArray ? 'array' : 'object', at, after, after);
    }
    const after = tokenEnd(bytes, at, end);
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return this.#found('number', at, after, after);
    if (is(bytes, at, after, trueBytes) || is(bytes, at, after, falseBytes)) return this.#found('boolean', at, after, after);
    return is(bytes, at, after, nullBytes) ? this.#found('null', at, after, after) : jsonErrors.type;
  }

  #found(type: JsonType, start: number, end: number, after: number): null {
    this.type = type;
    this.start = start;
    this.end = end;
    this.after = after;
    return null;
  }
}

const trueBytes = Buffer.from('true');
const falseBytes = Buffer.from('false');
const nullBytes = Buffer.from('null');

/** Index of the byte that ends a number or word. */
export function tokenEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x2c || byte === 0x7d || byte === 0x5d || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return i;
  }
  return end;
}

/** Whether bytes[start … end) are the given ones. */
export function is(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

export function hasBackslash(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 0x5c) return true;
  return false;
}
