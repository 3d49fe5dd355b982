import type { StreamLabels } from '../buffer/batch.ts';
import type { Stage } from './stage.ts';

/** The head of every pipeline: gives a line the labels of its stream, and clears what an earlier line left behind. */
export function headStage(streams: readonly [StreamLabels, StreamLabels, StreamLabels]): Stage {
  return {
    take: (line, next) => {
      line.labels = streams[line.stream];
      line.fields = null;
      line.level = null;
      line.trace = null;
      next(line);
    },
  };
}
