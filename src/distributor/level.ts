import type { LevelFields } from './level-fields.ts';
import { levelOfJson } from './level-json.ts';
import { levelOfLogfmt } from './level-logfmt.ts';
import { levelOfText } from './level-text.ts';

const equals = 0x3d;

/**
 * The level of a line, as Loki finds it: a line that begins with `{` and ends with `}` is searched as JSON, one with a `=` as logfmt; where that names
 * no known level, and for all other lines, the earliest level word in the text counts. `unknown` where there is none.
 */
export function levelOfLine(bytes: Buffer, start: number, end: number, fields: LevelFields, jsonDepthMax: number): string {
  let level: string | undefined;
  if (isJsonLine(bytes, start, end)) level = levelOfJson(bytes, start, end, fields, jsonDepthMax);
  else if (isLogfmtLine(bytes, start, end)) level = levelOfLogfmt(bytes, start, end, fields);
  return level ?? levelOfText(bytes, start, end);
}

/** Whether a line begins with `{` and ends with `}`, white space aside. */
export function isJsonLine(bytes: Buffer, start: number, end: number): boolean {
  let first = start;
  while (first < end && isSpace(bytes[first]!)) first++;
  return first < end && bytes[first] === 0x7b && endsWithBrace(bytes, first, end);
}

function endsWithBrace(bytes: Buffer, start: number, end: number): boolean {
  let last = end - 1;
  while (last > start && (isSpace(bytes[last]!) || bytes[last] === 0x85 || bytes[last] === 0xa0)) last--;
  return bytes[last] === 0x7d;
}

/** Whether a line may be logfmt: it has a `=`. */
export function isLogfmtLine(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === equals) return true;
  return false;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
