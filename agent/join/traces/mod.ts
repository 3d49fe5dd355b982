import { colon, isLetter, space, tab } from './bytes.ts';
import { enterDotnetConsole, followDotnetConsole, isDotnetConsole } from './dotnet-logger.ts';
import { beginError, enterError, followError } from './error.ts';
import { isFrame } from './frames.ts';
import { beginGo, enterGo, followGo } from './go.ts';
import { enterNodeSource, followNodeSource, isNodeSource } from './node-source.ts';
import { beginPython, enterPython, followPython } from './python.ts';
import { enterRuby, followRuby, isRubyFrame } from './ruby.ts';
import { beginRust, enterRust, followRust } from './rust.ts';
import {
  dotnetConsoleTrace, ends, errorTrace, goTrace, nodeSourceTrace, pythonTrace, rubyTrace, rustTrace, type TraceKind, type TraceState, type Verdict,
} from './state.ts';

export { ends, joins, maybe, type TraceKind, type TraceState, type Verdict } from './state.ts';

/** Where a stream begins: in no trace. */
export function newTraceState(): TraceState {
  return { kind: 0, phase: 0, confirmed: false, trials: 0 };
}

/**
 * The kind of trace that a line begins or may begin; 0 for any other line, which is nearly all of them: for those it costs a look at the first byte (JSON), or at a fifth of the
 * bytes. A carriage return at the end of the line is not to be among the bytes.
 */
export function traceKindOf(bytes: Buffer, start: number, end: number): TraceKind {
  const byte = bytes[start] as number;
  // JSON, and an empty line.
  if (byte === 0x7b || start >= end) return 0;
  if (bytes[end - 1] === colon && beginPython(bytes, start, end)) return pythonTrace;
  if (byte === space || byte === tab) return isFrame(bytes, start, end) || beginError(bytes, start, end) ? errorTrace : 0;
  switch (byte) {
    case 0x2f: // /
      if (isNodeSource(bytes, start, end)) return nodeSourceTrace;
      break;
    case 0x32: // 2
    case 0x53: // S
    case 0x67: // g
    case 0x70: // p
    case 0x72: // r
    case 0x75: // u
      if (beginGo(bytes, start, end)) return goTrace;
      break;
    case 0x63: // c
    case 0x66: // f
    case 0x77: // w
      if (isDotnetConsole(bytes, start, end)) return dotnetConsoleTrace;
      if (beginGo(bytes, start, end)) return goTrace;
      if (isNodeSource(bytes, start, end)) return nodeSourceTrace;
      break;
    case 0x43: // C
    case 0x44: // D
    case 0x5b: // [
    case 0x65: // e
    case 0x69: // i
    case 0x6e: // n
      if (isNodeSource(bytes, start, end)) return nodeSourceTrace;
      break;
    case 0x74: // t
      if (beginRust(bytes, start, end)) return rustTrace;
      break;
    default:
  }
  if ((isLetter(byte) || byte === 0x2f || byte === 0x2e || byte === 0x3c || byte === 0x2d) && isRubyFrame(bytes, start, end)) return rubyTrace;
  return beginError(bytes, start, end) ? errorTrace : 0;
}

/** Sets the state behind the line that traceKindOf was asked about. */
export function enterTrace(state: TraceState, kind: TraceKind, bytes: Buffer, start: number, end: number): void {
  state.kind = kind;
  enters[kind](state, bytes, start, end);
}

/** What the next line of the stream is to the trace that the state stands in. */
export function followTrace(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  return follows[state.kind](state, bytes, start, end);
}

type Enter = (state: TraceState, bytes: Buffer, start: number, end: number) => void;
type Follow = (state: TraceState, bytes: Buffer, start: number, end: number) => Verdict;

const enters: Readonly<Record<TraceKind, Enter>> = {
  0: () => undefined, [errorTrace]: enterError, [pythonTrace]: enterPython, [goTrace]: enterGo, [rubyTrace]: enterRuby, [rustTrace]: enterRust,
  [nodeSourceTrace]: enterNodeSource, [dotnetConsoleTrace]: enterDotnetConsole,
};
const follows: Readonly<Record<TraceKind, Follow>> = {
  0: () => ends, [errorTrace]: followError, [pythonTrace]: followPython, [goTrace]: followGo, [rubyTrace]: followRuby, [rustTrace]: followRust,
  [nodeSourceTrace]: followNodeSource, [dotnetConsoleTrace]: followDotnetConsole,
};
