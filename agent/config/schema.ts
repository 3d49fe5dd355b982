import { z } from 'zod';
import { batchSection, bufferSection, checkDestinations, destinationsSection, retrySection } from './destinations.ts';
import { filesSchema, stdinSchema } from './files.ts';
import { kubernetesSection } from './kubernetes.ts';
import { multilineSchema } from './multiline.ts';
import { parseSettings } from './parse.ts';
import { durationMs, size } from './quantities.ts';
import { rateLimitSchema, redactSchema, relabelSchema, rulesSchema, samplingSchema } from './shape.ts';

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'label names are letters, digits and underscores, and do not begin with a digit');
/** Labels that the agent sets itself. */
const ownLabels = new Set(['namespace', 'pod', 'container', 'stream']);
const configurableLabel = labelName.refine((name) => !ownLabels.has(name), 'namespace, pod, container and stream come from the path and cannot be set');
const path = z.string().min(1);

/** The configuration file of the agent; docs/operate/agent.md describes each key. */
export const agentConfigSchema = z.strictObject({
  pods_dir: z.union([path, z.literal(false)]).default('/var/log/pods'),
  files: filesSchema,
  stdin: stdinSchema.optional(),
  multiline: multilineSchema.prefault({}),
  state_dir: path,
  to: z.url({ protocol: /^https?$/, error: 'a URL such as http://spoor:3100 is needed' }).optional(),
  tenant: z.string().min(1).max(150).optional(),
  username: z.string().optional(),
  password_file: path.optional(),
  bearer_token_file: path.optional(),
  tls: z.strictObject({
    ca_file: path.optional(), cert_file: path.optional(), key_file: path.optional(), insecure_skip_verify: z.boolean().default(false),
  }).default({ insecure_skip_verify: false }),
  cluster: z.string().min(1).optional(),
  node_name: z.string().min(1).optional(),
  labels: z.record(configurableLabel, z.string()).default({}),
  pod_labels: z.record(configurableLabel, z.string().min(1)).default({}),
  pod_annotations: z.record(configurableLabel, z.string().min(1)).default({}),
  listen: z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):\d{1,5}$/, 'host:port is needed, such as 127.0.0.1:3101 or :3101').optional(),
  log_level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  read: z.strictObject({
    start_at: z.enum(['beginning', 'end']).default('beginning'),
    line_size_max: size(1024, 16 * 2 ** 20, '256KB'),
    interval: durationMs(1, '200ms'),
    poll_interval: durationMs(10, '1s'),
    scan_interval: durationMs(10, '10s'),
    rotate_wait: durationMs(1, '1s'),
    watch: z.boolean().default(true),
    deleted_size_max: size(0, 2 ** 40, '1GB'),
  }).prefault({}),
  batch: batchSection,
  retry: retrySection,
  buffer: bufferSection,
  routing: z.enum(['all', 'first']).default('all'),
  destinations: destinationsSection,
  checkpoint_interval: durationMs(10, '1s'),
  canary: z.strictObject({
    enabled: z.boolean().default(false),
    interval: durationMs(10, '5s'),
  }).prefault({}),
  shutdown_timeout: durationMs(0, '10s'),
  kubernetes: kubernetesSection,
  redact: redactSchema.prefault({}),
  ...parseSettings,
  rules: rulesSchema.default([]),
  relabel: relabelSchema.default([]),
  rate_limit: rateLimitSchema.optional(),
  sampling: samplingSchema.optional(),
}).superRefine((config, context) => {
  if (config.kubernetes.enabled === true && config.node_name === undefined) {
    context.addIssue({ code: 'custom', path: ['node_name'], message: "is needed with kubernetes.enabled: the agent watches its own node's pods only" });
  }
  checkDestinations(config, context);
});

/** A checked configuration, with the defaults filled in: durations in milliseconds, sizes in bytes. */
export type AgentOptions = z.output<typeof agentConfigSchema>;
