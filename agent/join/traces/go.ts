import { ascii, colon, endsIn, find, isBlank, isDigit, skipBlanks, skipDigits, space, standsAt, tab } from './bytes.ts';
import { looksLikeRecord } from './record.ts';
import { ends, joins, maybe, messageLinesMax, type TraceState, type Verdict } from './state.ts';

const starts = ['panic: ', 'fatal error: ', 'goroutine ', 'SIGQUIT: quit', 'SIGABRT: abort', 'runtime: goroutine stack exceeds', 'unexpected fault address '].map(ascii);
const goroutine = ascii('goroutine ');
const served = ascii('http: panic serving ');
const createdBy = ascii('created by ');
const exitStatus = ascii('exit status ');
const runtimeStack = ascii('runtime stack:');
const elided = ascii('...');

/** The message; a goroutine must come. */
const message = 0;
const frames = 1;
/** The function of a frame came; its file must come. */
const inFrame = 2;

/** `panic: …`, `fatal error: …`, `goroutine 7 [running]:`, and what net/http says before a goroutine. */
export function beginGo(bytes: Buffer, start: number, end: number): boolean {
  const byte = bytes[start];
  // `2026/01/02 03:04:05 http: panic serving …`
  if (byte === 0x32) return standsAt(bytes, start + 20, end, served);
  for (const text of starts) {
    if (byte === text[0] && standsAt(bytes, start, end, text)) return text !== goroutine || isGoroutine(bytes, start, end);
  }
  return false;
}

export function enterGo(state: TraceState, bytes: Buffer, start: number, end: number): void {
  state.phase = isGoroutine(bytes, start, end) ? frames : message;
  state.confirmed = false;
  state.trials = messageLinesMax;
}

export function followGo(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  if (isGoroutine(bytes, start, end) || standsAt(bytes, start, end, runtimeStack)) return joined(state, frames);
  if (state.phase === message) {
    if (state.trials === 0 || (looksLikeRecord(bytes, start, end) && !standsAt(bytes, start, end, ascii('[signal ')))) return ends;
    state.trials--;
    return maybe;
  }
  if (bytes[start] === tab) return isFileLine(bytes, start, end) || standsAt(bytes, start + 1, end, ascii('panic: ')) ? joined(state, frames) : ends;
  if (state.phase === inFrame) return ends;
  if (isBlank(bytes, start, end)) return maybe;
  if (standsAt(bytes, start, end, exitStatus)) return joins;
  if (standsAt(bytes, start, end, elided) && endsIn(bytes, start, end, ascii('elided...'))) return joins;
  if (isRegister(bytes, start, end)) return joins;
  if (standsAt(bytes, start, end, createdBy) || isCall(bytes, start, end)) {
    state.phase = inFrame;
    return maybe;
  }
  return standsAt(bytes, start, end, ascii('[originating from goroutine ')) || standsAt(bytes, start, end, ascii('goroutine running on other thread')) ? joins : ends;
}

function joined(state: TraceState, phase: number): Verdict {
  state.phase = phase;
  return joins;
}

/** `goroutine 7 [running]:`, `goroutine 1 gp=0xc0 m=0 mp=0x5 [select, 3 minutes]:` */
function isGoroutine(bytes: Buffer, start: number, end: number): boolean {
  if (!standsAt(bytes, start, end, goroutine)) return false;
  const digits = skipDigits(bytes, start + goroutine.length, end);
  return digits > start + goroutine.length && bytes[digits] === space && endsIn(bytes, start, end, ascii(']:'));
}

/** `main.run(0x1, {0x2, 0x3})`, `main.(*Server).Close(...)`: a name with a dot and no space, then brackets to the end. */
function isCall(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[end - 1] !== 0x29 || bytes[start] === space || bytes[start] === tab) return false;
  const open = find(bytes, start, end, 0x28);
  if (open <= start) return false;
  const blank = find(bytes, start, open, space);
  // `panic({0x1, 0x2})` has no package.
  return blank < 0;
}

/** `\t/app/main.go:12 +0x1d`, `\t/usr/lib/go/asm_amd64.s:1700` */
function isFileLine(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) if (bytes[at] === colon && isDigit(bytes[at + 1] ?? 0)) return true;
  return false;
}

/** `rax    0x0`, `rip    0x46d7a1` */
function isRegister(bytes: Buffer, start: number, end: number): boolean {
  const blank = find(bytes, start, Math.min(end, start + 8), space);
  return blank > start + 1 && standsAt(bytes, skipBlanks(bytes, blank, end), end, ascii('0x')) && find(bytes, skipBlanks(bytes, blank, end), end, space) < 0;
}
