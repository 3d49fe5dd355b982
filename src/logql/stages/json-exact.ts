import { jsonErrors, JsonValueReader, nextToken, stringEnd, hasBackslash } from './json-scan.ts';
import type { JsonKeys, JsonObject } from './json-keys.ts';
import type { LabelsBuilder } from './labels-builder.ts';

const depthMax = 1000;
/** Objects are searched for their ends before they are read, so that nested ones are read often; this bounds it to so many times the line's length. */
const readsMax = 128;

/** What ends the parsing before the line's end; an error's text otherwise. */
const found = Symbol('all wanted labels were found');
const refused = Symbol('a label filter refuses the row');
type Outcome = string | typeof found | typeof refused | null;

/**
 * Parses a line of JSON in Loki's order: a value is read to its end before its label is made, and the first fault ends it. Sets the error. False where a
 * label filter refuses the row.
 */
export function parseExactly(bytes: Buffer, start: number, end: number, keys: JsonKeys, labels: LabelsBuilder): boolean {
  const parser = new ExactParser(bytes, keys, labels, (end - start) * readsMax);
  const outcome = parser.object(start, end, keys.root, 0);
  if (outcome === refused) return false;
  if (typeof outcome === 'string') labels.setParserError('JSONParserErr', outcome);
  return true;
}

class ExactParser {
  readonly #bytes: Buffer;
  readonly #keys: JsonKeys;
  readonly #labels: LabelsBuilder;
  #budget: number;

  constructor(bytes: Buffer, keys: JsonKeys, labels: LabelsBuilder, budget: number) {
    this.#bytes = bytes;
    this.#keys = keys;
    this.#labels = labels;
    this.#budget = budget;
  }

  object(start: number, end: number, object: JsonObject, depth: number): Outcome {
    const bytes = this.#bytes;
    const value = new JsonValueReader();
    let at = nextToken(bytes, start, end);
    if (at < 0 || bytes[at] !== 0x7b) return jsonErrors.object;
    at = nextToken(bytes, at + 1, end);
    if (at < 0) return jsonErrors.json;
    for (;;) {
      if (bytes[at] === 0x7d) return null;
      if (bytes[at] !== 0x22) return jsonErrors.object;
      const quote = stringEnd(bytes, at + 1, end);
      if (quote < 0) return jsonErrors.json;
      const key = this.#keys.find(object, bytes, at + 1, quote);
      if (key === null) return jsonErrors.escape;
      at = nextToken(bytes, quote + 1, end);
      if (at < 0 || bytes[at] !== 0x3a) return jsonErrors.json;
      const error = value.read(bytes, at + 1, end);
      if (error !== null) return error;
      at = value.after;
      if (value.type === 'object') {
        this.#budget -= value.end - value.start;
        if (this.#budget < 0 || depth >= depthMax) return `objects are nested more than ${depthMax} deep`;
        if (key.prefixWanted) {
          const outcome = this.object(value.start, value.end, this.#keys.objectOf(key), depth + 1);
          if (outcome !== null) return outcome;
        }
      } else {
        const slot = value.type === 'array' || value.type === 'null' || key.slot === null ? null : this.#labels.claim(key.slot);
        let passes = true;
        if (slot !== null) {
          const form = value.type !== 'string' ? 'plain' : hasBackslash(bytes, value.start, value.end) ? 'json' : 'clean';
          this.#labels.setBytes(slot, bytes, value.start, value.end, form);
          passes = slot.filter === null || slot.filter();
        }
        if (this.#labels.allFound) return found;
        if (!passes) return refused;
      }
      at = nextToken(bytes, at, end);
      if (at < 0) return jsonErrors.array;
      if (bytes[at] === 0x7d) return null;
      if (bytes[at] !== 0x2c) return jsonErrors.object;
      at = nextToken(bytes, at + 1, end);
      if (at < 0) return jsonErrors.array;
    }
  }
}
