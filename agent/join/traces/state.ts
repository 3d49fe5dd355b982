/** What a line is to the trace before it. */
export type Verdict = 0 | 1 | 2;
/** No part of it. */
export const ends = 0;
/** A part of it, as are those before it. */
export const joins = 1;
/** A part of it if a later line is. */
export const maybe = 2;

/** The kinds of traces, by what they begin with. 0 is none. */
export type TraceKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
/** An error's name and message: Java, JavaScript, .NET, PHP, Rails. */
export const errorTrace = 1;
/** `Traceback (most recent call last):` */
export const pythonTrace = 2;
/** `panic: `, `fatal error: `, `goroutine 1 [running]:` */
export const goTrace = 3;
/** `app.rb:3:in 'run': message (RuntimeError)` */
export const rubyTrace = 4;
/** `thread 'main' panicked at` */
export const rustTrace = 5;
/** `/app/index.js:3`, then the line of source, then a caret: what Node prints of an error that ends it. */
export const nodeSourceTrace = 6;
/** `fail: Category[0]`, then indented lines: .NET's console logger. */
export const dotnetConsoleTrace = 7;

/** Lines of a message that may stand between an error's name and its first frame. */
export const messageLinesMax = 10;

/** Where in a trace the lines of a stream are. */
export interface TraceState {
  kind: TraceKind;
  /** What comes next; each kind has its own. */
  phase: number;
  /** Whether the first line says enough by itself. */
  confirmed: boolean;
  /** Lines that may still be taken on trial. */
  trials: number;
}
