import { ascii, colon, endsIn, isBlank, isLetter, isNameByte, skipBlanks, space, standsAt, tab } from './bytes.ts';
import { isRubyFrame } from './ruby.ts';
import { ends, joins, maybe, type TraceState, type Verdict } from './state.ts';

const traceback = ascii('Traceback (most recent call last):');
const groupTraceback = ascii('  + Exception Group Traceback (most recent call last):');
const chained = ['During handling of the above exception, another exception occurred:', 'The above exception was the direct cause of the following exception:'].map(ascii);
const levels = new Set(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'NOTSET', 'WARN', 'FATAL']);

/** Frames: indented lines, up to the one that names the exception. */
const inFrames = 0;
/** The exception is named; a blank line and the words for a chained one may come. */
const named = 1;
/** The words came; a blank line and the next traceback must come. */
const chain = 2;
/** Frames of an exception group: all lines are indented, the one with the exception, too. */
const inGroup = 3;

/** Whether a line ends in `Traceback (most recent call last):`. */
export function beginPython(bytes: Buffer, start: number, end: number): boolean {
  return endsIn(bytes, start, end, traceback);
}

export function enterPython(state: TraceState, bytes: Buffer, start: number, end: number): void {
  state.confirmed = false;
  state.phase = standsAt(bytes, start, end, groupTraceback) ? inGroup : inFrames;
}

export function followPython(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  const indented = bytes[start] === tab || (bytes[start] === space && bytes[start + 1] === space);
  const blank = isBlank(bytes, start, end);
  if (state.phase === inFrames || state.phase === inGroup) {
    if (indented && !blank) return joins;
    if (state.phase === inGroup) {
      if (!blank) return ends;
      state.phase = named;
      return maybe;
    }
    if (!namesException(bytes, start, end) && !isRubyFrame(bytes, start, end)) return ends;
    state.phase = named;
    return joins;
  }
  if (blank) return maybe;
  if (state.phase === chain) {
    if (!beginPython(bytes, start, end)) return ends;
    enterPython(state, bytes, start, end);
    return joins;
  }
  const first = skipBlanks(bytes, start, end);
  for (const text of chained) {
    if (!standsAt(bytes, first, end, text) && !standsAt(bytes, first + 2, end, text)) continue;
    state.phase = chain;
    return joins;
  }
  return ends;
}

/** `ValueError: message`, `asyncio.exceptions.CancelledError`: a dotted name that ends the line or stands before a colon. Python's own log levels are none. */
function namesException(bytes: Buffer, start: number, end: number): boolean {
  if (start >= end || !(isLetter(bytes[start] as number) || bytes[start] === 0x5f)) return false;
  let at = start;
  while (at < end && isNameByte(bytes[at] as number)) at++;
  if (at < end && bytes[at] !== colon) return false;
  return !levels.has(bytes.toString('latin1', start, at));
}
