import { z } from 'zod';
import { durationMs, size } from './quantities.ts';

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'label names are letters, digits and underscores, and do not begin with a digit');
/** Labels that the agent sets itself. */
const ownLabels = new Set(['namespace', 'pod', 'container', 'stream']);
const configurableLabel = labelName.refine((name) => !ownLabels.has(name), 'namespace, pod, container and stream come from the path and cannot be set');
const path = z.string().min(1);

/** The configuration file of the agent; docs/operate/agent.md describes each key. */
export const agentConfigSchema = z.strictObject({
  pods_dir: path.default('/var/log/pods'),
  state_dir: path,
  to: z.url({ protocol: /^https?$/, error: 'a URL such as http://spoor:3100 is needed' }),
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
  batch: z.strictObject({
    size_max: size(1024, 16 * 2 ** 20, '1MB'),
    wait_max: durationMs(1, '1s'),
    queue_size_max: size(1024, 2 ** 30, '4MB'),
    requests_max: z.number().int().min(1).max(16).default(2),
  }).prefault({}),
  retry: z.strictObject({
    wait_min: durationMs(1, '250ms'),
    wait_max: durationMs(1, '10s'),
    timeout: durationMs(10, '30s'),
  }).prefault({}),
  checkpoint_interval: durationMs(10, '1s'),
  canary: z.strictObject({
    enabled: z.boolean().default(false),
    interval: durationMs(10, '5s'),
  }).prefault({}),
  shutdown_timeout: durationMs(0, '10s'),
  kubernetes: z.strictObject({
    enabled: z.union([z.boolean(), z.literal('auto')]).default('auto'),
    url: z.url({ protocol: /^https?$/ }).optional(),
    token: z.string().optional(),
    token_file: path.optional(),
    ca_file: path.optional(),
    insecure_skip_verify: z.boolean().default(false),
    metadata_wait: durationMs(0, '5s'),
  }).prefault({}),
}).superRefine((config, context) => {
  if (config.kubernetes.enabled === true && config.node_name === undefined) {
    context.addIssue({ code: 'custom', path: ['node_name'], message: "is needed with kubernetes.enabled: the agent watches its own node's pods only" });
  }
  if (config.retry.wait_min > config.retry.wait_max) context.addIssue({ code: 'custom', path: ['retry', 'wait_min'], message: 'is longer than retry.wait_max' });
});

/** A checked configuration, with the defaults filled in: durations in milliseconds, sizes in bytes. */
export type AgentOptions = z.output<typeof agentConfigSchema>;
