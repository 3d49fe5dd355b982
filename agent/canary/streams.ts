import { labelSet } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import { canaryJob } from './line.ts';

/** What the lines of a node's canary are sent with: one stream per node, `{job="spoor-canary", node=…}`, and `cluster` where one is set. */
export function canaryStreams(node: string, cluster: string | undefined): readonly [StreamLabels, StreamLabels, StreamLabels] {
  const streams: StreamLabels = { labels: labelSet([['job', canaryJob], ['node', node], ...(cluster === undefined ? [] : [['cluster', cluster] as const])]) };
  return [streams, streams, streams];
}
