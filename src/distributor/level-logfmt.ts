import type { LevelFields } from './level-fields.ts';
import { knownLevel, knownLevelOf } from './level-names.ts';

const quote = 0x22;
const equals = 0x3d;
const backslash = 0x5c;

/** Where a field's value stands, without its quotes; `escaped` where it has backslashes. */
export interface FoundField {
  start: number;
  end: number;
  escaped: boolean;
}

/**
 * Finds in a line of logfmt the field whose name (in any case) stands first in the list of `fields`, wherever it stands in the line; of a repeated name the first. False where
 * there is none before the syntax breaks.
 */
export function findLogfmtField(bytes: Buffer, start: number, end: number, fields: LevelFields, found: FoundField): boolean {
  const none = fields.names.length;
  let best = none;
  let at = start;
  for (;;) {
    while (at < end && bytes[at]! <= 0x20) at++;
    if (at >= end) return best < none;
    const keyStart = at;
    let byte = 0;
    while (at < end) {
      byte = bytes[at]!;
      if (byte === equals || byte === quote || byte <= 0x20) break;
      at++;
    }
    const keyEnd = at;
    // A quote inside a key, or a value without one, ends the record; a key without `=` has no value.
    if (at < end && (byte === quote || (byte === equals && at === keyStart))) return best < none;
    let valueStart = at;
    let valueEnd = at;
    let escaped = false;
    if (at < end && byte === equals) {
      at++;
      valueStart = at;
      if (at < end && bytes[at] === quote) {
        at++;
        valueStart = at;
        while (at < end && bytes[at] !== quote) {
          if (bytes[at] === backslash) {
            escaped = true;
            at++;
          }
          at++;
        }
        if (at >= end) return best < none;
        valueEnd = at;
        at++;
      } else {
        while (at < end && bytes[at]! > 0x20) {
          if (bytes[at] === equals || bytes[at] === quote) return best < none;
          at++;
        }
        valueEnd = at;
      }
    }
    const place = fields.placeFolded(bytes, keyStart, keyEnd);
    if (place < 0 || place >= best) continue;
    best = place;
    found.start = valueStart;
    found.end = valueEnd;
    found.escaped = escaped;
    if (place === 0) return true;
  }
}

const field: FoundField = { start: 0, end: 0, escaped: false };

/** The level in a line of logfmt: what findLogfmtField finds of the level's fields. Undefined where there is none, or where its value is no known level. */
export function levelOfLogfmt(bytes: Buffer, start: number, end: number, fields: LevelFields): string | undefined {
  if (!findLogfmtField(bytes, start, end, fields, field)) return undefined;
  return field.escaped ? escapedLevel(bytes, field.start, field.end) : knownLevelOf(bytes, field.start, field.end);
}

function escapedLevel(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start > 256) return undefined;
  try {
    return knownLevel(JSON.parse(`"${bytes.toString('utf8', start, end)}"`) as string);
  } catch {
    return undefined;
  }
}
