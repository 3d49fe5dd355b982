import { ascii, colon, isBlank, isDigit, skipBlanks, space, standsAt } from './bytes.ts';
import { beginError, enterError } from './error.ts';
import { ends, errorTrace, joins, maybe, type TraceState, type Verdict } from './state.ts';

const caret = 0x5e;
const places = ['/', 'file:///', 'node:', 'C:\\', 'D:\\', '[eval]', 'internal/', 'evalmachine.'].map(ascii);

const source = 0;
const carets = 1;
const error = 2;

/** `/app/index.js:3`: a place and nothing else. */
export function isNodeSource(bytes: Buffer, start: number, end: number): boolean {
  let at = end;
  while (at > start && isDigit(bytes[at - 1] as number)) at--;
  if (at === end || at - 1 <= start || bytes[at - 1] !== colon) return false;
  if (!places.some((place) => standsAt(bytes, start, end, place))) return false;
  return !bytes.subarray(start, end).includes(space);
}

export function enterNodeSource(state: TraceState): void {
  state.phase = source;
  state.confirmed = false;
}

/** The line of source, the carets under it, an empty line, the error: only then is it certain. From there on it is an error like any other. */
export function followNodeSource(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  if (state.phase === source) {
    state.phase = carets;
    return maybe;
  }
  if (state.phase === carets) {
    state.phase = error;
    return isCarets(bytes, start, end) ? maybe : ends;
  }
  if (isBlank(bytes, start, end)) return maybe;
  const named = beginError(bytes, start, end) || standsAt(bytes, start, end, ascii('Uncaught')) || standsAt(bytes, start, end, ascii('[UnhandledPromiseRejection'));
  if (!named) return ends;
  state.kind = errorTrace;
  enterError(state, bytes, start, end);
  return joins;
}

function isCarets(bytes: Buffer, start: number, end: number): boolean {
  let at = skipBlanks(bytes, start, end);
  const from = at;
  while (at < end && bytes[at] === caret) at++;
  return at > from && isBlank(bytes, at, end);
}
