import type { JsonParser } from '../syntax/mod.ts';
import { extractJson } from './json-extract.ts';
import { JsonKeys, type JsonKey, type JsonObject } from './json-keys.ts';
import { parseExactly } from './json-exact.ts';
import { blockEnd } from './json-scan.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage, Row } from './stage.ts';

/** Compiles `| json`: every key becomes a label; `| json a="x.y"`: the listed ones. */
export function compileJson(stage: JsonParser, labels: LabelsBuilder): CompiledStage {
  if (stage.extractions.length > 0) return extractJson(stage, labels);
  const parser = new JsonStage(labels);
  return { process: (row) => parser.process(row), usesLine: true, usesLabels: true };
}

// What #object answers besides an index.
/** Something is not as it should be: parse the line again, exactly as Loki does. */
const irregular = -1;
/** All wanted labels were found. */
const found = -2;
/** A label filter refuses the row. */
const refused = -3;

const depthMax = 64;

/**
 * `| json` in one pass for lines that are regular JSON. Loki looks for the end of a nested object before it looks into it, and tells one fault of a line;
 * lines with any fault are therefore parsed again in its order.
 */
class JsonStage {
  readonly #labels: LabelsBuilder;
  readonly #keys: JsonKeys;
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  /** Where #object stopped before its end, and how deep. */
  #stoppedAt = 0;
  #stoppedDepth = 0;

  constructor(labels: LabelsBuilder) {
    this.#labels = labels;
    this.#keys = new JsonKeys(labels);
  }

  process(row: Row): boolean {
    const labels = this.#labels;
    if (labels.skipsParsers) return true;
    const { bytes, end } = row;
    this.#keys.begin();
    labels.mark();
    this.#bytes = bytes;
    this.#end = end;
    let at = row.start;
    while (at < end && isSpace(bytes[at]!)) at++;
    let result = irregular;
    if (at < end && bytes[at] === 0x7b) result = this.#object(at + 1, this.#keys.root, 0);
    if (result >= 0) return true;
    // Loki would not have looked into objects that do not end.
    if (result !== irregular && this.#closes()) return result === found;
    labels.rollback();
    return parseExactly(bytes, row.start, end, this.#keys, labels);
  }

  /** Parses an object whose inside begins at `at`; answers the index behind it. */
  #object(at: number, object: JsonObject, depth: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let i = at;
    let expected = object.first;
    let previous: JsonKey | null = null;
    for (;;) {
      while (i < end && isSpace(bytes[i]!)) i++;
      if (i >= end) return irregular;
      const quote = bytes[i]!;
      if (quote === 0x7d) return i + 1;
      if (quote !== 0x22) return irregular;
      i++;

      // The key, which mostly is the one that came here in the line before.
      let key: JsonKey | null = null;
      if (expected !== null) {
        const known = expected.bytes;
        const { length } = known;
        if (i + length < end && bytes[i + length] === 0x22) {
          let k = 0;
          while (k < length && known[k] === bytes[i + k]) k++;
          if (k === length) {
            key = expected;
            i += length + 1;
          }
        }
      }
      if (key === null) {
        const start = i;
        while (i < end && bytes[i] !== 0x22) i += bytes[i] === 0x5c ? 2 : 1;
        if (i >= end) return irregular;
        key = this.#keys.find(object, bytes, start, i);
        if (key === null) return irregular;
        if (previous === null) object.first = key;
        else previous.next = key;
        i++;
      }
      previous = key;
      expected = key.next;

      while (i < end && isSpace(bytes[i]!)) i++;
      if (i >= end || bytes[i] !== 0x3a) return irregular;
      i++;
      while (i < end && isSpace(bytes[i]!)) i++;
      if (i >= end) return irregular;

      const first = bytes[i]!;
      const start = i;
      if (first === 0x22) {
        i++;
        let escaped = false;
        while (i < end) {
          const byte = bytes[i]!;
          if (byte === 0x22) break;
          if (byte === 0x5c) {
            escaped = true;
            i++;
          }
          i++;
        }
        if (i >= end) return irregular;
        if (key.slot !== null && key.slot.wanted) {
          const stop = this.#set(key, start + 1, i, escaped ? 'json' : 'clean');
          if (stop !== 0) return this.#stop(stop, i + 1, depth);
        }
        i++;
      } else if (first === 0x7b) {
        if (depth >= depthMax) return irregular;
        if (key.prefixWanted) i = this.#object(i + 1, this.#keys.objectOf(key), depth + 1);
        else i = blockEnd(bytes, i, end, 0x7b, 0x7d);
        if (i < 0) return i;
      } else if (first === 0x5b) {
        i = this.#arrayEnd(i);
        if (i < 0) return irregular;
      } else {
        let plain = true;
        while (i < end) {
          const byte = bytes[i]!;
          const kind = tokenBytes[byte]!;
          if (kind === 2) break;
          if (kind === 0) plain = false;
          i++;
        }
        const isNumber = first === 0x2d || (first >= 0x30 && first <= 0x39);
        if (isNumber ? !plain : !isWord(bytes, start, i)) return irregular;
        if (first !== 0x6e && key.slot !== null && key.slot.wanted) {
          const stop = this.#set(key, start, i, 'plain');
          if (stop !== 0) return this.#stop(stop, i, depth);
        }
      }

      while (i < end && isSpace(bytes[i]!)) i++;
      if (i >= end) return irregular;
      const after = bytes[i]!;
      if (after === 0x7d) return i + 1;
      if (after !== 0x2c) return irregular;
      i++;
    }
  }

  /** Makes the label; answers what to stop for, else 0. */
  #set(key: JsonKey, start: number, end: number, form: 'plain' | 'clean' | 'json'): number {
    const labels = this.#labels;
    const slot = labels.claim(key.slot!);
    if (slot === null) return 0;
    labels.setBytes(slot, this.#bytes, start, end, form);
    const passes = slot.filter === null || slot.filter();
    if (labels.allFound) return found;
    return passes ? 0 : refused;
  }

  #stop(reason: number, at: number, depth: number): number {
    this.#stoppedAt = at;
    this.#stoppedDepth = depth;
    return reason;
  }

  /** Whether the objects that were open where #object stopped have ends. */
  #closes(): boolean {
    const bytes = this.#bytes;
    let level = this.#stoppedDepth;
    for (let i = this.#stoppedAt; level > 0; i++) {
      if (i >= this.#end) return false;
      const byte = bytes[i]!;
      if (byte === 0x22) {
        i++;
        while (i < this.#end && bytes[i] !== 0x22) i += bytes[i] === 0x5c ? 2 : 1;
      } else if (byte === 0x7b) level++;
      else if (byte === 0x7d) level--;
    }
    return true;
  }

  /** The index behind the array at `at`; -1 where it does not end or where braces in it do not match, which the enclosing objects would notice. */
  #arrayEnd(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let level = 0;
    let braces = 0;
    for (let i = at; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === 0x22) {
        i++;
        while (i < end && bytes[i] !== 0x22) i += bytes[i] === 0x5c ? 2 : 1;
      } else if (byte === 0x5b) level++;
      else if (byte === 0x7b) braces++;
      else if (byte === 0x7d) {
        if (--braces < 0) return -1;
      } else if (byte === 0x5d && --level === 0) return braces === 0 ? i + 1 : -1;
    }
    return -1;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** 1: stands in numbers and words; 2: ends them; 0: neither. */
const tokenBytes = new Uint8Array(256);
for (const character of '0123456789+-.eEtrufalsn') tokenBytes[character.charCodeAt(0)] = 1;
for (const character of ' \n\r\t,}]') tokenBytes[character.charCodeAt(0)] = 2;

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

function isWord(bytes: Uint8Array, start: number, end: number): boolean {
  for (const word of words) {
    if (word.length !== end - start || word[0] !== bytes[start]) continue;
    let i = 1;
    while (i < word.length && word[i] === bytes[start + i]) i++;
    return i === word.length;
  }
  return false;
}
