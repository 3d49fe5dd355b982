import { ascii, colon, isBlank, skipBlanks, skipDigits, space, standsAt } from './bytes.ts';
import { looksLikeRecord } from './record.ts';
import { ends, joins, maybe, messageLinesMax, type TraceState, type Verdict } from './state.ts';

const inMethod = ascii(':in ');
const from = ascii('from ');

/** `app/run.rb:12:in 'Run#call'`, also after blanks: a file without spaces, a line, and a quoted method. */
export function isRubyFrame(bytes: Buffer, start: number, end: number): boolean {
  return placeEnd(bytes, skipBlanks(bytes, start, end), end) >= 0;
}

/** Where the method of a place begins (at its quote); -1 where there is no place. */
function placeEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== space) {
    if (bytes[at] === colon && at > start) {
      const digits = skipDigits(bytes, at + 1, end);
      if (digits > at + 1 && standsAt(bytes, digits, end, inMethod) && (bytes[digits + 4] === 0x60 || bytes[digits + 4] === 0x27)) return digits + 4;
    }
    at++;
  }
  return -1;
}

export function enterRuby(state: TraceState): void {
  state.confirmed = false;
  state.phase = 0;
  state.trials = messageLinesMax;
}

/** `\tfrom app.rb:3:in 'run'`, `\t ... 12 levels...` after the line with place and message; between them may stand the line of source with its carets. */
export function followRuby(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  const first = skipBlanks(bytes, start, end);
  if (first > start && standsAt(bytes, first, end, from) && (placeEnd(bytes, first + 5, end) >= 0 || state.phase === 1)) return joined(state);
  if (state.phase === 1) {
    if (first > start && standsAt(bytes, first, end, ascii('... '))) return joins;
    if (isRubyFrame(bytes, start, end) && !namesError(bytes, end)) return joins;
    return ends;
  }
  if (isRubyFrame(bytes, start, end)) return namesError(bytes, end) ? ends : joined(state);
  if (state.trials === 0 || (!isBlank(bytes, start, end) && first === start) || looksLikeRecord(bytes, start, end)) return ends;
  state.trials--;
  return maybe;
}

/** Whether the line ends in `(NameOfError)`: another error, not a frame. */
function namesError(bytes: Buffer, end: number): boolean {
  return bytes[end - 1] === 0x29;
}

function joined(state: TraceState): Verdict {
  state.phase = 1;
  return joins;
}
