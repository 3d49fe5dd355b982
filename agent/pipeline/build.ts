import type { StreamLabels } from '../buffer/batch.ts';
import type { LabelledSink } from '../buffer/outlet.ts';
import type { PodPath } from '../discover/paths.ts';
import { headStage } from './head.ts';
import { composeStages, type Pipeline } from './pipeline.ts';
import type { Stage } from './stage.ts';

/** What a pipeline is built for: one run of one container. */
export interface PipelineContainer {
  readonly pod: PodPath;
  readonly container: string;
  /** Name of the chain of files, `<namespace>_<pod>_<uid>/<container>/<n>.log`. */
  readonly chain: string;
  /** What its streams are sent with before any stage changes it. */
  readonly streams: readonly [StreamLabels, StreamLabels, StreamLabels];
}

/** The stages of a container in which settings had a say; null where a stage has nothing to do. */
export interface PipelineStages {
  readonly multiline: Stage | null;
  readonly redact: Stage | null;
  readonly parse: Stage | null;
  readonly rules: Stage | null;
  readonly relabel: Stage | null;
  readonly rateLimit: Stage | null;
  readonly sampling: Stage | null;
  readonly tailSampling: Stage | null;
}

/** No stage has anything to do. */
export const noStages: PipelineStages = { multiline: null, redact: null, parse: null, rules: null, relabel: null, rateLimit: null, sampling: null, tailSampling: null };

/**
 * The pipeline of a container, in the order in which docs/operate/agent.md describes it:
 *
 * 1. head: labels of the stream
 * 2. multiline: stack traces become one line
 * 3. redact: before anything is taken out of the line, so that no field, label or metadata holds a secret
 * 4. parse: fields, level, trace ID, time; labels and metadata made of them
 * 5. rules: drop and keep
 * 6. relabel
 * 7. rate limit
 * 8. sampling: by level, at random, by trace ID
 * 9. tail sampling: holds lines of a trace until it is decided
 */
export function buildPipeline(container: PipelineContainer, stages: PipelineStages, sink: LabelledSink): Pipeline {
  const { multiline, redact, parse, rules, relabel, rateLimit, sampling, tailSampling } = stages;
  const present = [headStage(container.streams), multiline, redact, parse, rules, relabel, rateLimit, sampling, tailSampling].filter((stage) => stage !== null);
  return composeStages(present, (line) => sink(line.labels, line));
}
