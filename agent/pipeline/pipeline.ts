import type { LineSink } from '../join/line.ts';
import type { StreamIndex } from '../parse/record.ts';
import type { Stage } from './stage.ts';

/** What the lines of one container run pass through on their way to the destinations. */
export interface Pipeline {
  /** Takes a line from the joiner. */
  readonly take: LineSink;
  /** Lets go of what was held long enough; called from the tailer's loop, at least every 250 ms while nothing blocks. `nowMs` is the monotonic clock; `caughtUp`: see Stage.tick. */
  tick(nowMs: number, caughtUp?: boolean): void;
  /** Hands on all that is held: the container is gone and its files are read to their ends. Not called when the agent stops. */
  flush(): void;
  /** Offset of the first line that a stage holds of a file and stream; null where none is held. */
  heldFrom(file: number, stream: StreamIndex): number | null;
}

/** Chains stages, first to last, in front of a sink. */
export function composeStages(stages: readonly Stage[], sink: LineSink): Pipeline {
  const sinks: LineSink[] = [sink];
  for (const stage of stages.toReversed()) {
    const next = sinks[0] as LineSink;
    sinks.unshift((line) => {
      stage.take(line, next);
    });
  }
  const holding = stages.flatMap((stage) => (stage.heldFrom === undefined ? [] : [stage]));
  return {
    take: sinks[0] as LineSink,
    tick: (nowMs, caughtUp = true) => {
      for (const [i, stage] of stages.entries()) stage.tick?.(nowMs, sinks[i + 1] as LineSink, caughtUp);
    },
    // In order: what an early stage lets go of passes through the later ones before they are flushed.
    flush: () => {
      for (const [i, stage] of stages.entries()) stage.flush?.(sinks[i + 1] as LineSink);
    },
    heldFrom: (file, stream) => {
      let first: number | null = null;
      for (const stage of holding) {
        const held = stage.heldFrom?.(file, stream) ?? null;
        if (held !== null && (first === null || held < first)) first = held;
      }
      return first;
    },
  };
}
