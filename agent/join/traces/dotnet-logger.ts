import { ascii, endsIn, skipBlanks, standsAt } from './bytes.ts';
import { isFrame } from './frames.ts';
import { ends, joins, maybe, type TraceState, type Verdict } from './state.ts';

const levels = ['fail: ', 'crit: ', 'warn: '].map(ascii);
/** .NET's console logger indents what follows the first line by so much. */
const indent = 6;
const linesMax = 20;

/** `fail: Example.Service[13]` */
export function isDotnetConsole(bytes: Buffer, start: number, end: number): boolean {
  return levels.some((level) => standsAt(bytes, start, end, level)) && endsIn(bytes, start, end, ascii(']'));
}

export function enterDotnetConsole(state: TraceState): void {
  state.phase = 0;
  state.confirmed = false;
  state.trials = linesMax;
}

/** Indented lines are one record if a frame is among them; what has none stays lines. */
export function followDotnetConsole(state: TraceState, bytes: Buffer, start: number, end: number): Verdict {
  if (skipBlanks(bytes, start, end) - start < indent) return ends;
  if (isFrame(bytes, start, end)) {
    state.phase = 1;
    return joins;
  }
  if (state.phase === 1) return joins;
  if (state.trials === 0) return ends;
  state.trials--;
  return maybe;
}
