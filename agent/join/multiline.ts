import type { MultilineOptions } from '../config/multiline.ts';
import type { Stage } from '../pipeline/stage.ts';
import { unparsedStream, type StreamIndex } from '../parse/record.ts';
import type { LineSink, LineView } from './line.ts';
import { GroupEmitter, LineGroup } from './group.ts';
import { startPattern } from './start-pattern.ts';
import { enterTrace, followTrace, joins, maybe, newTraceState, traceKindOf, type TraceState } from './traces/mod.ts';

export { multilineCutMetadataName } from './group.ts';

/** What all multiline stages of an agent share: the memory that held lines may take in all. */
export interface MultilineBudget {
  readonly bytesMax: number;
  /** Bytes held now. */
  bytes: number;
}

/** What the stages did; one object for all of them. */
export interface MultilineCounts {
  /** Entries of more than one line. */
  joined: number;
  /** Lines in them. */
  joinedLines: number;
  /** Entries that a limit cut. */
  cut: number;
  /** Of those, cut because held lines of all streams took too much memory. */
  cutForMemory: number;
}

/** A budget of `bytesMax` bytes. */
export function multilineBudget(bytesMax = 8 * 2 ** 20): MultilineBudget {
  return { bytesMax, bytes: 0 };
}

export function newMultilineCounts(): MultilineCounts {
  return { joined: 0, joinedLines: 0, cut: 0, cutForMemory: 0 };
}

/**
 * A stage that joins lines of one container (or file) to entries, each stream by itself. It stands first in the pipeline. Lines that begin nothing pass at once and untouched; a line that may begin
 * something is held until the next line of its stream, or nothing for `waitMs`, decides. What belongs together follows from the lines and their times alone, so that lines that are read
 * again become the same entries. An entry has the time, labels and position of its first line.
 *
 * Quiet time lets go only where the files are read to their ends, because lines that wait to be read may belong to what is held.
 */
export function multilineStage(options: MultilineOptions, budget: MultilineBudget = multilineBudget(), counts: MultilineCounts = newMultilineCounts()): Stage {
  if (options.mode === 'off') return { take: (line, next) => next(line) };
  return new MultilineStage(options, budget, counts);
}

/** A line that was written in time is in the file this much after its time, at most: what is let go of by quiet would not have been joined by its time either. */
const graceMs = 500;

interface StreamState {
  readonly group: LineGroup;
  readonly trace: TraceState;
  /** What `tick` saw last: lines taken, and when that was first seen. */
  seen: number;
  sinceMs: number;
}

class MultilineStage implements Stage {
  readonly #options: MultilineOptions;
  readonly #emitter: GroupEmitter;
  readonly #budget: MultilineBudget;
  readonly #starts: ((bytes: Buffer, start: number, end: number) => boolean) | null;
  readonly #states: [StreamState | null, StreamState | null] = [null, null];

  constructor(options: MultilineOptions, budget: MultilineBudget, counts: MultilineCounts) {
    this.#options = options;
    this.#budget = budget;
    this.#emitter = new GroupEmitter(counts);
    this.#starts = options.mode === 'pattern' ? startPattern(options.start ?? '') : null;
  }

  take(line: LineView, next: LineSink): void {
    if (line.stream === unparsedStream) {
      next(line);
      return;
    }
    const state = this.#states[line.stream];
    if (state !== null && state.group.lines > 0) this.#follow(state, line, next);
    else this.#begin(line, next);
  }

  tick(nowMs: number, next: LineSink, caughtUp: boolean): void {
    for (const state of this.#states) {
      if (state === null || state.group.lines === 0) continue;
      if (!caughtUp || state.seen !== state.group.taken) {
        state.seen = state.group.taken;
        state.sinceMs = nowMs;
      } else if (nowMs - state.sinceMs >= this.#options.waitMs + graceMs) {
        this.#emitter.end(state.group, next);
      }
    }
  }

  flush(next: LineSink): void {
    for (const state of this.#states) if (state !== null && state.group.lines > 0) this.#emitter.end(state.group, next);
  }

  heldFrom(file: number, stream: StreamIndex): number | null {
    return stream === unparsedStream ? null : (this.#states[stream]?.group.heldFrom(file) ?? null);
  }

  #begin(line: LineView, next: LineSink): void {
    const { bytes, start, end } = line;
    if (this.#starts === null) {
      const last = textEnd(bytes, start, end);
      const kind = traceKindOf(bytes, start, last);
      if (kind === 0) {
        next(line);
        return;
      }
      const state = this.#state(line.stream as 0 | 1);
      enterTrace(state.trace, kind, bytes, start, last);
      this.#add(state, line, state.trace.confirmed, next);
    } else {
      // Also a line that does not match: what begins an entry may not depend on lines before it, which a restart does not read again.
      this.#add(this.#state(line.stream as 0 | 1), line, true, next);
    }
  }

  #follow(state: StreamState, line: LineView, next: LineSink): void {
    const { group } = state;
    const { bytes, start, end } = line;
    if (group.msBefore(line) > this.#options.waitMs) {
      this.#emitter.end(group, next);
      this.#begin(line, next);
      return;
    }
    if (this.#starts !== null) {
      if (this.#starts(bytes, start, end)) this.#emitter.end(group, next);
      this.#add(state, line, true, next);
      return;
    }
    const verdict = followTrace(state.trace, bytes, start, textEnd(bytes, start, end));
    if (verdict === joins || (verdict === maybe && group.lines < this.#options.maxLines)) {
      this.#add(state, line, verdict === joins, next);
    } else {
      this.#emitter.end(group, next);
      this.#begin(line, next);
    }
  }

  #add(state: StreamState, line: LineView, confirmed: boolean, next: LineSink): void {
    const { group } = state;
    const { maxLines, maxBytes } = this.#options;
    const length = line.end - line.start;
    const over = group.lines === 0 ? null : group.lines >= maxLines ? 'lines' : group.length + 1 + length > maxBytes ? 'bytes' : null;
    if (over !== null) {
      // What follows stands by itself, as it would after a restart.
      this.#emitter.cut(group, over, next);
      this.#begin(line, next);
      return;
    }
    if (!group.add(line, confirmed)) {
      // Nothing is held beyond the budget of all: what this stream has goes as it is, and the line with it.
      this.#emitter.cut(group, 'memory', next);
      if (!group.add(line, confirmed)) next(line);
    }
  }

  #state(stream: 0 | 1): StreamState {
    const existing = this.#states[stream];
    if (existing !== null) return existing;
    const state: StreamState = { group: new LineGroup(stream, this.#budget), trace: newTraceState(), seen: -1, sinceMs: 0 };
    this.#states[stream] = state;
    return state;
  }
}

/** The line's end without the carriage return of Windows. */
function textEnd(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === 0x0d ? end - 1 : end;
}
