import type { Stage } from '../pipeline/stage.ts';
import { countDropped, type ShapeCounts } from './counts.ts';
import { hashText, lineRandomness, Threshold, traceRandomness, type Randomness } from './randomness.ts';
import { weighLine } from './weight.ts';

/** How many lines are kept, as fractions from 0 to 1. What says most about a line decides: its level, then that it has a trace ID, then the fraction for all. */
export interface SampleOptions {
  /** Fraction of lines that nothing below speaks for. */
  readonly fraction: number;
  /** Fractions by level. */
  readonly levels: Readonly<Record<string, number>>;
  /** Fraction of lines that have a trace ID. */
  readonly traces?: number | undefined;
  /** `trace`: lines with a trace ID are kept or dropped by it, all of a trace alike on all nodes; `line`: each line for itself. */
  readonly by: 'trace' | 'line';
}

/**
 * Keeps a fraction of lines, by their level, at random, or head-based by trace ID. What is kept follows from the line alone (see randomness.ts), and has the fraction as metadata
 * `spoor_sample_rate`: a line stands for 1 / rate lines.
 * @param source name of the container, so that lines that two containers write at the same time have different fates
 */
export function sampleStage(options: SampleOptions, source: string, counts: ShapeCounts): Stage {
  const all = new Threshold(options.fraction);
  const traces = options.traces === undefined ? null : new Threshold(options.traces);
  const levels = new Map(Object.entries(options.levels).map(([level, fraction]) => [level, new Threshold(fraction)]));
  const randomness: Randomness = { high: 0, low: 0 };
  const seed = hashText(source, 0x3c6ef372);
  const byTrace = options.by === 'trace';
  return {
    take: (line, next) => {
      const threshold = (line.level === null ? undefined : levels.get(line.level)) ?? (line.trace === null ? null : traces) ?? all;
      if (threshold.fraction < 1) {
        if (byTrace && line.trace !== null) traceRandomness(line.trace, randomness);
        else lineRandomness(line.bytes, line.start, line.end, line.seconds, line.nanos, seed + line.stream, randomness);
        if (!threshold.keeps(randomness)) {
          countDropped(counts, 'sample', line.end - line.start);
          return;
        }
        weighLine(line, threshold.fraction);
      }
      counts.sampled++;
      next(line);
    },
  };
}
