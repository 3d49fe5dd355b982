import { unescapeJson } from './json-escapes.ts';
import { hasBackslash, jsonErrors, JsonValueReader, nextToken, stringEnd } from './json-scan.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import type { LabelSlot } from './label-slot.ts';
import { labelName } from './names.ts';
import { decodeText } from '../regex/mod.ts';
import type { CompiledStage, Row } from './stage.ts';

const errorKind = 'JSONParserErr';

/** Compiles `| unpack`: what promtail's pack stage packed becomes labels, and `_entry` the line. Other values than strings are not looked at. */
export function compileUnpack(labels: LabelsBuilder): CompiledStage {
  const unpacker = new Unpacker(labels);
  return { process: (row) => unpacker.process(row), usesLine: true, usesLabels: true };
}

class Unpacker {
  readonly #labels: LabelsBuilder;
  readonly #value = new JsonValueReader();
  readonly #slots: LabelSlot[] = [];
  readonly #places: number[] = [];

  constructor(labels: LabelsBuilder) {
    this.#labels = labels;
  }

  process(row: Row): boolean {
    const labels = this.#labels;
    const { bytes, start, end } = row;
    if (start >= end || labels.skipsParsers) return true;
    if (bytes[start] !== 0x7b) {
      labels.setParserError(errorKind, 'expecting json object(6), but it is not');
      return true;
    }
    const slots = this.#slots;
    const places = this.#places;
    slots.length = 0;
    places.length = 0;
    let entryStart = -1;
    let entryEnd = 0;
    const value = this.#value;
    let error: string | null = null;
    let at = nextToken(bytes, start + 1, end);
    if (at < 0) error = jsonErrors.json;
    while (error === null && bytes[at] !== 0x7d) {
      if (bytes[at] !== 0x22) {
        error = jsonErrors.object;
        break;
      }
      const keyStart = at + 1;
      const quote = stringEnd(bytes, keyStart, end);
      const escaped = quote >= 0 && hasBackslash(bytes, keyStart, quote);
      const key = quote < 0 ? null : escaped ? unescapeJson(bytes, keyStart, quote) : decodeText(bytes, keyStart, quote);
      if (key === null) {
        error = quote < 0 ? jsonErrors.json : jsonErrors.escape;
        break;
      }
      at = nextToken(bytes, quote + 1, end);
      if (at < 0 || bytes[at] !== 0x3a) {
        error = jsonErrors.json;
        break;
      }
      error = value.read(bytes, at + 1, end);
      if (error !== null) break;
      if (value.type === 'string') {
        if (key === '_entry') {
          if (hasBackslash(bytes, value.start, value.end) && unescapeJson(bytes, value.start, value.end) === null) {
            error = jsonErrors.escape;
            break;
          }
          entryStart = value.start;
          entryEnd = value.end;
        } else this.#keep(key, value.start, value.end);
      }
      at = nextToken(bytes, value.after, end);
      if (at < 0) error = jsonErrors.array;
      else if (bytes[at] === 0x2c) {
        at = nextToken(bytes, at + 1, end);
        if (at < 0) error = jsonErrors.array;
      } else if (bytes[at] !== 0x7d) error = jsonErrors.object;
    }
    if (error !== null) {
      labels.setParserError(errorKind, error);
      return true;
    }
    if (entryStart < 0) return true;
    for (const [i, slot] of slots.entries()) {
      const from = places[2 * i]!;
      const to = places[2 * i + 1]!;
      labels.setBytes(slot, bytes, from, to, hasBackslash(bytes, from, to) ? 'json' : 'clean');
      if (slot.filter !== null && !slot.filter()) return false;
    }
    if (hasBackslash(bytes, entryStart, entryEnd)) row.replaceLine(unescapeBytes(bytes, entryStart, entryEnd));
    else row.replaceLine(bytes, entryStart, entryEnd);
    return true;
  }

  #keep(key: string, start: number, end: number): void {
    const labels = this.#labels;
    // The raw key decides about clashes; the label has the sanitised name.
    const claimed = labels.claim(labels.slot(key));
    if (claimed === null) return;
    this.#slots.push(labels.slot(labelName(claimed.name)));
    this.#places.push(start, end);
  }
}

/** The inside of a JSON string with its escapes resolved; bytes that are no UTF-8 stay. */
function unescapeBytes(bytes: Buffer, start: number, end: number): Buffer {
  const parts: Buffer[] = [];
  let plainFrom = start;
  let i = start;
  while (i < end) {
    if (bytes[i] !== 0x5c) {
      i++;
      continue;
    }
    parts.push(bytes.subarray(plainFrom, i));
    let to = i;
    while (to < end && bytes[to] === 0x5c) to += bytes[to + 1] === 0x75 ? 6 : 2;
    parts.push(Buffer.from(unescapeJson(bytes, i, to) ?? '', 'utf8'));
    i = to;
    plainFrom = to;
  }
  parts.push(bytes.subarray(plainFrom, end));
  return Buffer.concat(parts);
}
