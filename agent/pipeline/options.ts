import type { AgentOptions } from '../config/schema.ts';
import { staticLabelsOf } from '../enrich/options.ts';
import type { PipelinesOptions } from './pipelines.ts';

/** What the settings say of pipelines. */
export function pipelinesOptionsOf(options: AgentOptions): PipelinesOptions {
  const { parse, fields, multiline, rules, relabel, redact, rate_limit: rateLimit, sampling, kubernetes } = options;
  return { parse, fields, multiline, shape: { rules, relabel, redact, rateLimit, sampling }, annotations: kubernetes.annotations, staticLabels: staticLabelsOf(options) };
}
