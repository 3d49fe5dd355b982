import type { FieldTable } from '../../fields/table.ts';
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
  // Nodes by table: a line has few of the names, and asking by node costs nothing.
  const nodes = new WeakMap<FieldTable, Int32Array>();
  const isSlow = (table: FieldTable): boolean => {
    let known = nodes.get(table);
    if (known === undefined) {
      known = Int32Array.from(fields, ({ name }) => table.node(name));
      nodes.set(table, known);
    }
    for (let i = 0; i < known.length; i++) {
      const node = known[i]!;
      if (node >= 0 && table.has(node) && parseDurationMs(table.text(node) ?? '', fields[i]!.unitMs) >= slowMs) return true;
    }
    return false;
  };
  const matchers: readonly LineMatcher[] = keep.map((options) => compileMatch(options));
  return (line) => {
    if (line.level !== null && errors.has(line.level)) return errorMark;
    if (line.fields !== null && fields.length > 0 && isSlow(line.fields)) return slowMark;
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
