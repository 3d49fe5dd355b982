import { ascii, colon, find, findText, isDigit, skipBlanks, skipDigits, space, standsAt } from './bytes.ts';

const at = ascii('at ');
const bracket = ascii('[Source');
const evalAt = ascii('eval at ');
const indexOf = ascii('index ');
const wholes = ['native', '<anonymous>', 'unknown location'].map(ascii);
const open = 0x28;
const close = 0x29;

/**
 * A frame of Java, JavaScript or .NET: blanks, `at `, and then something that only a frame has: `name(…)` without a space before the bracket, a place with a line number, or one of
 * the engine's own words. `    at noon (UTC)` is none.
 */
export function isFrame(bytes: Buffer, start: number, end: number): boolean {
  const word = skipBlanks(bytes, start, end);
  if (word === start || !standsAt(bytes, word, end, at)) return false;
  const from = word + 3;
  const to = trimmedEnd(bytes, from, end);
  let stop = from;
  while (stop < to && bytes[stop] !== space && bytes[stop] !== open) stop++;
  if (stop === from) return false;
  if (bytes[stop] === open && stop < to) return bytes.subarray(stop, to).includes(close);
  if (stop === to) return endsInPlace(bytes, from, to) || wholes.some((whole) => to - from === whole.length && standsAt(bytes, from, to, whole));
  // .NET: `Type.Method[TKey, TValue](TKey key) in …`.
  const types = find(bytes, from, stop, 0x5b);
  const typesEnd = types > from ? find(bytes, types, to, 0x5d) : -1;
  if (typesEnd > stop && bytes[typesEnd + 1] === open) return bytes.subarray(typesEnd, to).includes(close);
  // Jackson says where in the source text it stopped.
  if (standsAt(bytes, from, to, bracket)) return true;
  // JavaScript: `async fn (place)`, `new X (place)`, `X.y [as z] (place)`, `async place`.
  if (bytes[to - 1] !== close) return endsInPlace(bytes, from, to) && findText(bytes, from, to, ascii('async ')) === from;
  const bracketAt = bytes.subarray(from, to).indexOf(open) + from;
  if (bracketAt < from) return false;
  const inside = bracketAt + 1;
  if (standsAt(bytes, inside, to, evalAt) || standsAt(bytes, inside, to, indexOf) || endsInPlace(bytes, inside, to - 1)) return true;
  return wholes.some((whole) => to - 1 - inside === whole.length && standsAt(bytes, inside, to, whole));
}

/** Whether a frame of JavaScript opens the fields of the error: it ends in ` {`. */
export function opensFields(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 2 && bytes[end - 1] === 0x7b && bytes[end - 2] === space;
}

/** `…:12`, `…:12:3` */
function endsInPlace(bytes: Buffer, from: number, to: number): boolean {
  let start = to;
  while (start > from && isDigit(bytes[start - 1] as number)) start--;
  return start < to && start - 1 > from && bytes[start - 1] === colon;
}

function trimmedEnd(bytes: Buffer, from: number, end: number): number {
  let to = end;
  if (opensFields(bytes, from, to)) to -= 2;
  while (to > from && bytes[to - 1] === space) to--;
  return to;
}

/** `... 12 more`, `... 3 common frames omitted`, `... 4 lines matching cause stack trace ...` */
export function isOmission(bytes: Buffer, from: number, end: number): boolean {
  if (!standsAt(bytes, from, end, ascii('... '))) return false;
  const digits = skipDigits(bytes, from + 4, end);
  return digits > from + 4 && digits < end && bytes[digits] === space;
}
