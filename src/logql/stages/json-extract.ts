import type { JsonParser } from '../syntax/mod.ts';
import { unescapeJson } from './json-escapes.ts';
import { blockEnd, hasBackslash, is, jsonErrors, JsonValueReader, nextToken, stringEnd } from './json-scan.ts';
import { eachElement, jsonSteps, searchKeys, type Step } from './json-search.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage, Row } from './stage.ts';

/** Compiles `| json a="x.y", b="z[0]"`. Throws ExpressionError. */
export function extractJson(stage: JsonParser, labels: LabelsBuilder): CompiledStage {
  const parser = new JsonExtractor(stage, labels);
  return { process: (row) => parser.process(row), usesLine: true, usesLabels: true };
}

/**
 * Looks for the listed paths in one pass over the line. As in Loki nothing but the way to them is checked, a path's first occurrence counts, and
 * every listed label is made, empty where its path does not exist.
 */
class JsonExtractor {
  readonly #labels: LabelsBuilder;
  readonly #names: readonly string[];
  readonly #paths: readonly (readonly Step[])[];
  readonly #depth: number;
  /** Paths found in this row. */
  readonly #found: Uint8Array;
  /** For path p and level l, at p × depth + l: whether the key read last at this level is the path's. */
  readonly #onPath: Uint8Array;
  readonly #inArray: Uint8Array;
  readonly #value = new JsonValueReader();
  #left = 0;
  #matches = 0;

  constructor(stage: JsonParser, labels: LabelsBuilder) {
    this.#labels = labels;
    this.#names = stage.extractions.map(({ label }) => label);
    this.#paths = stage.extractions.map(({ expression }) => jsonSteps(expression));
    this.#depth = Math.max(...this.#paths.map((path) => path.length));
    this.#found = new Uint8Array(this.#paths.length);
    this.#onPath = new Uint8Array(this.#paths.length * this.#depth);
    this.#inArray = new Uint8Array(this.#paths.length);
  }

  process(row: Row): boolean {
    const labels = this.#labels;
    const { bytes, start, end } = row;
    if (start >= end || labels.skipsParsers) return true;
    const first = bytes[start]!;
    if (first !== 0x22 && first !== 0x7b && first !== 0x5b) {
      labels.setParserError('JSONParserErr', null);
      return true;
    }
    this.#found.fill(0);
    this.#onPath.fill(0);
    this.#left = this.#paths.length;
    this.#matches = 0;
    this.#walk(bytes, start, end);
    if (this.#matches < this.#names.length) {
      for (const name of this.#names) if (labels.get(name) === undefined) labels.setText(labels.slot(name), '');
    }
    return true;
  }

  #walk(bytes: Buffer, start: number, end: number): void {
    const depth = this.#depth;
    let level = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === 0x22) {
        const quote = stringEnd(bytes, i + 1, end);
        if (quote < 0) return;
        const colon = nextToken(bytes, quote + 1, end);
        if (colon < 0) return;
        if (bytes[colon] !== 0x3a) {
          i = colon - 1;
          continue;
        }
        if (level <= depth) {
          if (level < 1) {
            this.#labels.setParserError('JSONParserErr', jsonErrors.json);
            return;
          }
          if (!this.#key(bytes, i + 1, quote, level)) return;
          if (this.#matchKey(bytes, colon, end, level)) return;
        }
        i = colon;
      } else if (byte === 0x7b) level++;
      else if (byte === 0x7d || byte === 0x5d) level--;
      else if (byte === 0x5b) {
        if (level < 0) {
          this.#labels.setParserError('JSONParserErr', jsonErrors.json);
          return;
        }
        if (this.#wantsElements(level)) {
          level++;
          i = this.#elements(bytes, i, end, level) - 1;
          if (this.#left === 0) return;
        } else {
          i = blockEnd(bytes, i, end, 0x5b, 0x5d) - 1;
          if (i < 0) return;
        }
      }
    }
  }

  /** Notes which paths go on with the key bytes[start … end). False where an escape in it is wrong. */
  #key(bytes: Buffer, start: number, end: number, level: number): boolean {
    let key: Uint8Array = bytes;
    let from = start;
    let to = end;
    if (hasBackslash(bytes, start, end)) {
      const text = unescapeJson(bytes, start, end);
      if (text === null) return false;
      key = Buffer.from(text);
      from = 0;
      to = key.length;
    }
    for (const [p, path] of this.#paths.entries()) {
      if (path.length >= level) this.#onPath[p * this.#depth + level - 1] = is(key, from, to, path[level - 1]!.key) ? 1 : 0;
    }
    return true;
  }

  /** Whether path p leads through the keys read last, down to `level`. */
  #leads(p: number, level: number): boolean {
    const steps = Math.min(level, this.#paths[p]!.length);
    for (let l = 0; l < steps; l++) if (this.#onPath[p * this.#depth + l] === 0) return false;
    return true;
  }

  /** Takes the value behind `colon` for the paths that end with the key before it. True once all paths were found. */
  #matchKey(bytes: Buffer, colon: number, end: number, level: number): boolean {
    for (let p = 0; p < this.#paths.length; p++) {
      if (this.#paths[p]!.length !== level || this.#found[p] === 1 || !this.#leads(p, level)) continue;
      this.#found[p] = 1;
      this.#left--;
      this.#take(p, bytes, colon + 1, end);
      if (this.#left === 0) return true;
    }
    return false;
  }

  #wantsElements(level: number): boolean {
    let any = false;
    for (let p = 0; p < this.#paths.length; p++) {
      const path = this.#paths[p]!;
      const wants = path.length > level && this.#found[p] === 0 && path[level]!.index >= 0 && this.#leads(p, level);
      this.#inArray[p] = wants ? 1 : 0;
      any ||= wants;
    }
    return any;
  }

  /** Goes through the array at `at` for the paths of #inArray; answers where it stopped: at its end, or at what is wrong. */
  #elements(bytes: Buffer, at: number, end: number, level: number): number {
    const wanted = this.#inArray.slice();
    const value = new JsonValueReader();
    return eachElement(bytes, at, end, value, (index) => {
      for (let p = 0; p < wanted.length; p++) {
        if (wanted[p] === 0 || this.#paths[p]![level - 1]!.index !== index) continue;
        this.#left--;
        this.#found[p] = 1;
        const place = searchKeys(bytes, value.start, value.end, this.#paths[p]!.slice(level));
        if (place < 0) continue;
        if (value.type === 'string') this.#set(p, bytes, place, value.end, 'string');
        else this.#take(p, bytes, place, value.end);
      }
    });
  }

  /** The value at the next token becomes the label of path p. */
  #take(p: number, bytes: Buffer, at: number, end: number): void {
    const value = this.#value;
    const error = value.read(bytes, at, end);
    if (error !== null) this.#labels.setParserError('JSONParserErr', error);
    else this.#set(p, bytes, value.start, value.end, value.type);
  }

  #set(p: number, bytes: Buffer, start: number, end: number, type: string): void {
    const labels = this.#labels;
    const slot = labels.parsedSlot(labels.slot(this.#names[p]!));
    this.#matches++;
    if (type === 'null') labels.setText(slot, '');
    else labels.setBytes(slot, bytes, start, end, type === 'object' ? 'plain' : hasBackslash(bytes, start, end) ? 'json' : 'clean');
  }
}
