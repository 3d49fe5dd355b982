import { unescapeJson } from './json-escapes.ts';
import { parseJsonPath } from './json-path.ts';
import { blockEnd, hasBackslash, is, JsonValueReader, nextToken, stringEnd } from './json-scan.ts';

/** A step of a path as bytes: the key, or the index, which is -1 for keys. */
export interface Step {
  readonly key: Buffer;
  readonly index: number;
}

/** The steps of `a.b[0]["c d"]`. Throws ExpressionError. */
export function jsonSteps(expression: string): readonly Step[] {
  return parseJsonPath(expression).map((step) => (step.kind === 'key' ? { key: Buffer.from(step.key), index: -1 } : { key: Buffer.from(`[${step.index}]`), index: step.index }));
}

/** Looks for one path in JSON lines, as github.com/grafana/jsonparser's Get does: nothing but the way there is checked. */
export class JsonPathReader {
  readonly #steps: readonly Step[];
  readonly #value = new JsonValueReader();
  /** The value that was found last: bytes[start … end), a string without its quotes and with its escapes. */
  start = 0;
  end = 0;

  /** Throws ExpressionError. */
  constructor(expression: string) {
    this.#steps = jsonSteps(expression);
  }

  /** Whether bytes[start … end) have a value there. */
  find(bytes: Buffer, start: number, end: number): boolean {
    const at = searchKeys(bytes, start, end, this.#steps);
    if (at < 0 || this.#value.read(bytes, at, end) !== null) return false;
    this.start = this.#value.start;
    this.end = this.#value.end;
    return true;
  }
}

/** Calls `each` with the index of every element, which `value` holds then. Answers where it stopped: at the closing bracket, or at what is wrong. */
export function eachElement(bytes: Buffer, at: number, end: number, value: JsonValueReader, each: (index: number) => void): number {
  let i = at + 1;
  const first = nextToken(bytes, i, end);
  if (first < 0) return i;
  i = first;
  if (bytes[i] === 0x5d) return i;
  for (let index = 0; ; index++) {
    if (value.read(bytes, i, end) !== null) return i;
    const { after } = value;
    each(index);
    i = after;
    const next = nextToken(bytes, i, end);
    if (next < 0) return i;
    i = next;
    if (bytes[i] !== 0x2c) return i;
    i++;
  }
}

/** The index behind the key (or of the element) that the steps lead to inside bytes[start … end); -1 where there is none. */
export function searchKeys(bytes: Buffer, start: number, end: number, steps: readonly Step[]): number {
  if (steps.length === 0) return start;
  let found = 0;
  let level = 0;
  let lastMatched = true;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) {
      const keyStart = i + 1;
      const quote = stringEnd(bytes, keyStart, end);
      if (quote < 0) return -1;
      const next = nextToken(bytes, quote + 1, end);
      if (next < 0) return -1;
      if (bytes[next] !== 0x3a) {
        i = next - 1;
        continue;
      }
      if (level < 1 || level > steps.length) return -1;
      const key = hasBackslash(bytes, keyStart, quote) ? unescapeJson(bytes, keyStart, quote) : null;
      if (key === null && hasBackslash(bytes, keyStart, quote)) return -1;
      const wanted = steps[level - 1]!.key;
      lastMatched = key === null ? is(bytes, keyStart, quote, wanted) : wanted.equals(Buffer.from(key));
      if (lastMatched && found === level - 1) {
        found++;
        if (found === steps.length) return next + 1;
      }
      i = next;
    } else if (byte === 0x7b) {
      if (lastMatched) level++;
      else {
        i = blockEnd(bytes, i, end, 0x7b, 0x7d) - 1;
        if (i < 0) return -1;
      }
    } else if (byte === 0x7d) {
      level--;
      if (level === found) found--;
    } else if (byte === 0x5b) {
      const step = found === level ? steps[level] : undefined;
      if (step !== undefined && step.key[0] === 0x5b) {
        if (step.index < 0) return -1;
        return searchElement(bytes, i, end, step.index, steps.slice(level + 1));
      }
      i = blockEnd(bytes, i, end, 0x5b, 0x5d) - 1;
      if (i < 0) return -1;
    } else if (byte === 0x3a) return -1;
  }
  return -1;
}

function searchElement(bytes: Buffer, at: number, end: number, wanted: number, steps: readonly Step[]): number {
  const value = new JsonValueReader();
  let place = -1;
  eachElement(bytes, at, end, value, (index) => {
    if (index !== wanted) return;
    // The quotes of a string belong to it here.
    const quotes = value.type === 'string' ? 1 : 0;
    place = searchKeys(bytes, value.start - quotes, value.end + quotes, steps);
  });
  return place;
}
