import type { LineView } from '../../join/line.ts';
import type { Stage } from '../../pipeline/stage.ts';
import { parseDurationMs, unitOfName } from '../duration.ts';
import { compileMatch, type LineMatcher, type MatchOptions } from '../match.ts';
import { errorMark, ruleMark, slowMark, type Mark, type TailPort, type TailSampler } from './sampler.ts';

/** What speaks for keeping a trace whole. */
export interface TailMarks {
  /** Levels that make a line an error. */
  readonly errorLevels: readonly string[];
  /** A duration from which a line is slow; Infinity for never. */
  readonly slowMs: number;
  /** Fields that hold durations, with the unit of bare numbers in milliseconds; 0 for what the name ends in, else milliseconds. */
  readonly durationFields: Readonly<Record<string, number>>;
  /** A line that fits one of these is of high value. */
  readonly keep: readonly MatchOptions[];
}

/** Compiled marks: shared by all containers. */
export type Marker = (line: LineView) => Mark;

/** Compiles what marks a line. Throws RegexSyntaxError. */
export function compileMarks({ errorLevels, slowMs, durationFields, keep }: TailMarks): Marker {
  const errors = new Set(errorLevels);
  const fields = Number.isFinite(slowMs) ? Object.entries(durationFields).map(([name, unitMs]) => ({ name, unitMs: unitMs > 0 ? unitMs : (unitOfName(name) ?? 1) })) : [];
  const matchers: readonly LineMatcher[] = keep.map((options) => compileMatch(options));
  return (line) => {
    if (line.level !== null && errors.has(line.level)) return errorMark;
    if (line.fields !== null) {
      for (const { name, unitMs } of fields) {
        const text = line.fields.get(name);
        if (text !== undefined && parseDurationMs(text, unitMs) >= slowMs) return slowMark;
      }
    }
    for (const matches of matchers) if (matches(line)) return ruleMark;
    return 0;
  };
}

/**
 * A container's way into the sampler of the node: lines with a trace ID wait there, others pass. It is the last stage: what it holds comes out when its trace is decided, also after the
 * container is gone, so flush has nothing to do.
 */
export function tailSampleStage(marker: Marker, sampler: TailSampler): Stage {
  let port: TailPort | null = null;
  return {
    take: (line, next) => {
      port ??= sampler.open();
      if (line.trace !== null) {
        sampler.take(port, line, marker(line), next);
        return;
      }
      sampler.saw(port, line);
      next(line);
    },
    tick: (_nowMs, _next, caughtUp) => {
      // One that has not begun to read holds the others up as well; one that has nothing to read is not asked.
      if (port === null && caughtUp) return;
      port ??= sampler.open();
      sampler.tick(port, caughtUp);
    },
    flush: () => {
      if (port !== null) sampler.close(port);
      port = null;
    },
    heldFrom: (file, stream) => sampler.heldFrom(file, stream),
  };
}
