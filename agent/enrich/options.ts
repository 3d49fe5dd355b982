import type { AgentOptions } from '../config/schema.ts';
import { annotationPrefix } from './annotation-names.ts';
import type { PodsOptions } from './kubernetes/pods.ts';
import type { PodLabelsOptions } from './pod-labels.ts';

/** Labels of every stream. */
export function staticLabelsOf(options: AgentOptions): Record<string, string> {
  return { ...options.labels, ...(options.cluster === undefined ? {} : { cluster: options.cluster }) };
}

/** What the settings say of pods' labels and metadata. */
export function podLabelsOptionsOf(options: AgentOptions): PodLabelsOptions {
  const { kubernetes } = options;
  return {
    staticLabels: staticLabelsOf(options), podLabels: options.pod_labels, podAnnotations: options.pod_annotations, nodeName: options.node_name, metadataWaitMs: kubernetes.metadata_wait,
    factLabels: kubernetes.labels, factMetadata: kubernetes.metadata, labelValuesMax: options.fields.label_values_max,
  };
}

/** What is kept of the API's answers. */
export function podsOptionsOf(options: AgentOptions): PodsOptions {
  const sources = Object.values(options.kubernetes.metadata);
  const keys = new Set([...Object.values(options.pod_annotations), ...sources.filter((source) => source.startsWith('annotation:')).map((source) => source.slice('annotation:'.length))]);
  return { annotation: (key) => key.startsWith(annotationPrefix) || keys.has(key), images: sources.includes('image') };
}
