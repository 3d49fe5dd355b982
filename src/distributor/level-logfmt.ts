import type { LevelFields } from './level-fields.ts';
import { knownLevel, knownLevelOf } from './level-names.ts';

const quote = 0x22;
const equals = 0x3d;
const backslash = 0x5c;

/**
 * The level in a line of logfmt: of the field whose name (in any case) stands first in the list of `fields`, wherever it stands in the line; of a repeated name the
 * first. Undefined where there is none before the syntax breaks, or where its value is no known level.
 */
export function levelOfLogfmt(bytes: Buffer, start: number, end: number, fields: LevelFields): string | undefined {
  let best = fields.names.length;
  let level: string | undefined;
  let at = start;
  for (;;) {
    while (at < end && bytes[at]! <= 0x20) at++;
    if (at >= end) return level;
    const keyStart = at;
    let byte = 0;
    while (at < end) {
      byte = bytes[at]!;
      if (byte === equals || byte === quote || byte <= 0x20) break;
      at++;
    }
    const keyEnd = at;
    // A quote inside a key, or a value without one, ends the record; a key without `=` has no value.
    if (at < end && (byte === quote || (byte === equals && at === keyStart))) return level;
    const place = fields.placeFolded(bytes, keyStart, keyEnd);
    const wanted = place >= 0 && place < best;
    let found: string | undefined;
    if (at < end && byte === equals) {
      at++;
      if (at < end && bytes[at] === quote) {
        const valueStart = at + 1;
        let escaped = false;
        at = valueStart;
        while (at < end && bytes[at] !== quote) {
          if (bytes[at] === backslash) {
            escaped = true;
            at++;
          }
          at++;
        }
        if (at >= end) return level;
        at++;
        if (wanted) found = escaped ? escapedLevel(bytes, valueStart, at - 1) : knownLevelOf(bytes, valueStart, at - 1);
      } else {
        const valueStart = at;
        while (at < end && bytes[at]! > 0x20) {
          if (bytes[at] === equals || bytes[at] === quote) return level;
          at++;
        }
        if (wanted) found = knownLevelOf(bytes, valueStart, at);
      }
    }
    if (wanted) {
      best = place;
      level = found;
      if (place === 0) return level;
    }
  }
}

function escapedLevel(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start > 256) return undefined;
  try {
    return knownLevel(JSON.parse(`"${bytes.toString('utf8', start, end)}"`) as string);
  } catch {
    return undefined;
  }
}
