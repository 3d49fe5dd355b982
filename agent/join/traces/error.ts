import { ascii, endsIn, isBlank, isDigit, skipBlanks, skipDigits, space, standsAt } from './bytes.ts';
import { beginsWithQualifiedName, hasErrorName } from './error-name.ts';
import { isFrame, isOmission, opensFields } from './frames.ts';
import { looksLikeRecord } from './record.ts';
import { isRubyFrame } from './ruby.ts';
import { ends, joins, maybe, messageLinesMax, type TraceState, type Verdict } from './state.ts';

/** The error is named; frames, or more of its message, come. */
const named = 0;
const frames = 1;
/** Fields of a JavaScript error, up to a line `}`. */
const fields = 2;
const phpFrames = 3;
/** The list under `Caused by:` of Rust's anyhow and eyre. */
const causes = 4;
/** An empty line after JavaScript's frames; `Node.js v24.1.0` may come. */
const afterFrames = 5;
const railsFrames = 6;

const causedBy = ascii('Caused by: ');
const causedByList = ascii('Caused by:');
const stackBacktrace = ascii('Stack backtrace:');
const nodeVersion = ascii('Node.js v');
/** What stands in traces of Java and .NET besides frames, after blanks or none. */
const inFrames = [
  'Caused by: ', 'Suppressed: ', 'Wrapped by: ', '--- End of ', '---> ', '- locked ', '- waiting ', '- parking ', '*__', '|_', '[CIRCULAR REFERENCE',
  'Error has been observed at the following site(s):', 'Original Stack Trace:',
].map(ascii);
const phpStackTraces = ['Stack trace:', '[stacktrace]', 'PHP Stack trace:'].map(ascii);
const phpLines = ['thrown in ', '"}', 'Stack trace:'].map(ascii);
const phpNext = ascii('Next ');

/** Whether a line names an error; what kinds of traces begin with. */
export function beginError(bytes: Buffer, start: number, end: number): boolean {
  return hasErrorName(bytes, start, end) || beginsWithQualifiedName(bytes, start, end);
}

/** Sets the state behind a line that beginError accepted, or behind a frame. */
export function enterError(state: TraceState, bytes: Buffer, start: number, end: number): void {
  const frame = isFrame(bytes, start, end);
  state.confirmed = frame;
  state.phase = frame ? afterFrame(bytes, start, end) : named;
  state.trials = looksLikeRecord(bytes, start, end) ? 0 : messageLinesMax;
}

export function followError(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  const first = skipBlanks(bytes, start, end);
  if (state.phase === fields) return followFields(state, bytes, start, end);
  if (first > start && isFrame(bytes, start, end)) return joined(state, afterFrame(bytes, start, end));
  if (state.phase === phpFrames) return followPhp(state, bytes, start, first, end);
  if (state.phase === causes) return followCauses(bytes, start, first, end);
  if (state.phase === railsFrames) return isRubyFrame(bytes, start, end) ? joins : isBlank(bytes, start, end) ? maybe : ends;
  if (state.phase === afterFrames) return standsAt(bytes, start, end, nodeVersion) ? joins : ends;
  if (state.phase === frames) {
    if (isOmission(bytes, first, end)) return joins;
    if (isInFrames(bytes, start, first, end)) return joined(state, standsAt(bytes, first, end, causedBy) ? cause(state) : frames);
    if (isBlank(bytes, start, end)) {
      state.phase = afterFrames;
      return maybe;
    }
    return ends;
  }
  return followName(state, bytes, start, first, end);
}

/** After the line with the error's name (or a cause's): frames, a cause, or more of the message. */
function followName(state: TraceState, bytes: Buffer, start: number, first: number, end: number): Verdict {
  for (const text of phpStackTraces) if (standsAt(bytes, start, end, text)) return joined(state, phpFrames);
  if (isPhpFrame(bytes, start, end)) return joined(state, phpFrames);
  if (isInFrames(bytes, start, first, end)) return joined(state, named);
  if (isOmission(bytes, first, end)) return joined(state, frames);
  if (end - start === causedByList.length && standsAt(bytes, start, end, causedByList)) return joined(state, causes);
  if (isRubyFrame(bytes, start, end)) return joined(state, railsFrames);
  if (state.trials === 0 || looksLikeRecord(bytes, start, end) || beginError(bytes, start, end)) return ends;
  state.trials--;
  return maybe;
}

function cause(state: TraceState): number {
  state.trials = messageLinesMax;
  return named;
}

function joined(state: TraceState, phase: number): Verdict {
  state.phase = phase;
  return joins;
}

function afterFrame(bytes: Buffer, start: number, end: number): number {
  return opensFields(bytes, start, end) ? fields : frames;
}

function isInFrames(bytes: Buffer, start: number, first: number, end: number): boolean {
  for (const text of inFrames) {
    if (bytes[first] !== text[0] || !standsAt(bytes, first, end, text)) continue;
    // Java writes these with a tab before them; at the beginning of a line they may be anything.
    const indented = text[0] === 0x53 || text[0] === 0x2a || text[0] === 0x7c || (text[0] === 0x2d && text[1] === space);
    return !indented || first > start;
  }
  return false;
}

function followFields(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  if (standsAt(bytes, start, end, ascii('}'))) {
    state.phase = frames;
    return joins;
  }
  return standsAt(bytes, start, end, ascii('  ')) ? joins : ends;
}

function followPhp(state: TraceState, bytes: Buffer, start: number, first: number, end: number): Verdict {
  if (isPhpFrame(bytes, start, end)) return joins;
  for (const text of phpLines) if (standsAt(bytes, first, end, text)) return joins;
  if (isBlank(bytes, start, end)) return maybe;
  if (standsAt(bytes, start, end, phpNext) && hasErrorName(bytes, start, end)) {
    state.trials = messageLinesMax;
    state.phase = named;
    return maybe;
  }
  return ends;
}

/** `#0 /app/index.php(3): run()`, `#1 {main}`, `PHP   1. {main}() /app/index.php:0` */
function isPhpFrame(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] === 0x23) {
    const digits = skipDigits(bytes, start + 1, end);
    return digits > start + 1 && bytes[digits] === space && (bytes[end - 1] === 0x29 || bytes[end - 1] === 0x7d);
  }
  if (!standsAt(bytes, start, end, ascii('PHP  '))) return false;
  const number = skipBlanks(bytes, start + 3, end);
  const digits = skipDigits(bytes, number, end);
  return digits > number && bytes[digits] === 0x2e;
}

function followCauses(bytes: Buffer, start: number, first: number, end: number): Verdict {
  if (isBlank(bytes, start, end)) return maybe;
  if (standsAt(bytes, start, end, stackBacktrace)) return joins;
  if (first - start >= 4) return joins;
  return first - start >= 2 && isDigit(bytes[first] as number) && endsInColon(bytes, first, end) ? joins : ends;
}

/** `3: `: the number of a frame. */
function endsInColon(bytes: Buffer, first: number, end: number): boolean {
  const digits = skipDigits(bytes, first, end);
  return standsAt(bytes, digits, end, ascii(': ')) || endsIn(bytes, first, end, ascii(':'));
}
