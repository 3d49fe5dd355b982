import { ascii, colon, findText, isBlank, isDigit, skipBlanks, skipDigits, standsAt } from './bytes.ts';
import { looksLikeRecord } from './record.ts';
import { ends, joins, maybe, messageLinesMax, type TraceState, type Verdict } from './state.ts';

const thread = ascii("thread '");
const panicked = ascii(' panicked at ');
const note = ascii('note: ');
const backtrace = ascii('stack backtrace:');

/** The place is there and the message must come, on a line of its own (since Rust 1.73). */
const placed = 0;
const message = 1;
const frames = 2;

/** `thread 'main' panicked at src/main.rs:2:5:`, and as it was before, `thread 'main' panicked at 'message', src/main.rs:2:5`. */
export function beginRust(bytes: Buffer, start: number, end: number): boolean {
  return standsAt(bytes, start, end, thread) && findText(bytes, start + thread.length, end, panicked) > 0;
}

export function enterRust(state: TraceState, bytes: Buffer, _start: number, end: number): void {
  state.phase = bytes[end - 1] === colon && isDigit(bytes[end - 2] ?? 0) ? placed : message;
  state.confirmed = false;
  state.trials = messageLinesMax;
}

export function followRust(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  if (standsAt(bytes, start, end, note) || standsAt(bytes, start, end, backtrace)) {
    state.phase = frames;
    return joins;
  }
  if (state.phase === placed) {
    state.phase = message;
    return joins;
  }
  const first = skipBlanks(bytes, start, end);
  if (state.phase === frames) {
    if (first === start) return ends;
    if (standsAt(bytes, first, end, ascii('at ')) || isNumbered(bytes, first, end)) return joins;
    return isBlank(bytes, start, end) ? maybe : ends;
  }
  if (state.trials === 0 || looksLikeRecord(bytes, start, end)) return ends;
  state.trials--;
  return maybe;
}

/** `3: core::panicking::panic_fmt` */
function isNumbered(bytes: Buffer, first: number, end: number): boolean {
  const digits = skipDigits(bytes, first, end);
  return digits > first && standsAt(bytes, digits, end, ascii(': '));
}
