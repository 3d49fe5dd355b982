import { z } from 'zod';
import { mapMatchers, parseSelector } from '../route/selector.ts';
import { reasonOf } from '../../src/model/mod.ts';
import { durationMs, size } from './quantities.ts';

const path = z.string().min(1);
const httpUrl = z.url({ protocol: /^https?$/, error: 'a URL such as http://spoor:3100 is needed' });

/** Kinds of destinations. */
export const destinationTypes = ['loki', 'otlp', 'elasticsearch', 'file', 's3', 'stdout'] as const;
export type DestinationType = (typeof destinationTypes)[number];

const selector = z.string().transform((text, context) => {
  try {
    return parseSelector(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `no selector: ${reasonOf(error)}` });
    return z.NEVER;
  }
});
const matchMap = z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)])).transform(mapMatchers);
const oneMatch = z.union([selector, matchMap]);
/** A selector `{app="web"}`, a map label: value (or values), or a list of these of which one must hold. */
const match = z.union([oneMatch.transform((one) => [one]), z.array(oneMatch).min(1)]).optional();

const tls = z.strictObject({
  ca_file: path.optional(), cert_file: path.optional(), key_file: path.optional(), insecure_skip_verify: z.boolean().default(false),
});
const auth = z.strictObject({ username: z.string().optional(), password_file: path.optional(), bearer_token_file: path.optional(), api_key_file: path.optional() });

const batchSize = size(1024, 16 * 2 ** 20, '1MB');
const optionalDuration = (minMs: number) => z.union([z.string(), z.number()]).optional().pipe(z.union([z.undefined(), durationMs(minMs, '1s')]));
const optionalSize = (min: number, max: number) => z.union([z.string(), z.number()]).optional().pipe(z.union([z.undefined(), size(min, max, '1MB')]));

/** When a batch is full, what may wait, how many requests at a time. */
export const batchSection = z.strictObject({
  size_max: batchSize,
  wait_max: durationMs(1, '1s'),
  queue_size_max: size(1024, 2 ** 30, '4MB'),
  requests_max: z.number().int().min(1).max(16).default(2),
}).prefault({});

/** How a failed request is repeated. */
export const retrySection = z.strictObject({
  wait_min: durationMs(1, '250ms'),
  wait_max: durationMs(1, '10s'),
  timeout: durationMs(10, '30s'),
}).prefault({});

/** The disk buffer; see docs/operate/agent.md. */
export const bufferSection = z.strictObject({
  when: z.enum(['risk', 'always', 'never']).default('risk'),
  dir: path.optional(),
  size_max: size(1024 * 1024, 2 ** 44, '2GB'),
  after: durationMs(1, '2s'),
}).prefault({});

const fileSettings = z.strictObject({
  path,
  format: z.enum(['json', 'line']).default('json'),
  rotate_size: size(1024, 2 ** 40, '100MB'),
  rotate_after: durationMs(100, '1h'),
  keep: z.number().int().min(0).max(1_000_000).default(0),
  gzip: z.boolean().default(true),
});

const s3Settings = z.strictObject({
  bucket: z.string().min(1),
  prefix: z.string().regex(/^[^/](?:.*[^/])?$|^$/, 'no slash at either end').default(''),
  labels: z.array(z.string().min(1)).max(8).default(['namespace', 'app']),
  endpoint: httpUrl.optional(),
  region: z.string().min(1).optional(),
  force_path_style: z.boolean().optional(),
  access_key_id: z.string().min(1).optional(),
  secret_access_key_file: path.optional(),
});

/** One destination. */
export const destinationSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9._-]{0,62})$/, 'a name is lower-case letters, digits, . _ -'),
  type: z.enum(destinationTypes).default('loki'),
  url: httpUrl.optional(),
  tenant: z.string().min(1).max(150).optional(),
  auth: auth.prefault({}),
  tls: tls.prefault({}),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).default({}),
  match,
  required: z.boolean().default(true),
  batch: z.strictObject({
    size_max: optionalSize(1024, 16 * 2 ** 20), wait_max: optionalDuration(1), queue_size_max: optionalSize(1024, 2 ** 30), requests_max: z.number().int().min(1).max(16).optional(),
  }).prefault({}),
  retry: z.strictObject({ wait_min: optionalDuration(1), wait_max: optionalDuration(1), timeout: optionalDuration(10) }).prefault({}),
  buffer: bufferSection,
  rejected_size_max: size(0, 2 ** 40, '64MB'),
  index: z.string().min(1).max(255).default('logs-spoor-default'),
  file: fileSettings.optional(),
  s3: s3Settings.optional(),
}).superRefine((destination, context) => {
  const { type } = destination;
  const needed = type === 'file' ? 'file' : type === 's3' ? 's3' : type === 'stdout' ? undefined : 'url';
  if (needed !== undefined && destination[needed] === undefined) context.addIssue({ code: 'custom', path: [needed], message: `is needed for a destination of type ${type}` });
});

export type DestinationSettings = z.output<typeof destinationSchema>;

/** The list of destinations and how lines are spread over them. */
export const destinationsSection = z.array(destinationSchema).min(1).max(16).superRefine((destinations, context) => {
  const seen = new Set<string>();
  for (const [i, { name }] of destinations.entries()) {
    if (seen.has(name)) context.addIssue({ code: 'custom', path: [i, 'name'], message: `${name} is the name of another destination` });
    seen.add(name);
  }
}).optional();

/** What destinations and the settings that they take over must fulfil together. */
export function checkDestinations(config: DestinationDefaults, context: z.core.$RefinementCtx): void {
  const problem = (path: (string | number)[], message: string): void => {
    context.addIssue({ code: 'custom', path, message, input: config });
  };
  if (config.to === undefined && config.destinations === undefined) problem(['to'], 'is missing: the URL of a server, or destinations');
  if (config.to !== undefined && config.destinations !== undefined) problem(['destinations'], 'are given beside to, which is short for one; leave one of them out');
  if (config.retry.wait_min > config.retry.wait_max) problem(['retry', 'wait_min'], 'is longer than retry.wait_max');
  for (const [i, { retry }] of (config.destinations ?? []).entries()) {
    const { wait_min: waitMin, wait_max: waitMax } = overlay(config.retry, retry);
    if (waitMin > waitMax) problem(['destinations', i, 'retry', 'wait_min'], 'is longer than retry.wait_max');
  }
}

/** The settings of one destination with what it takes over from the top of the file. */
export interface Destination {
  readonly settings: DestinationSettings;
  readonly batch: z.output<typeof batchSection>;
  readonly retry: z.output<typeof retrySection>;
}

/** The top-level settings that destinations are made from. */
export interface DestinationDefaults {
  readonly to?: string | undefined;
  readonly tenant?: string | undefined;
  readonly username?: string | undefined;
  readonly password_file?: string | undefined;
  readonly bearer_token_file?: string | undefined;
  readonly tls: z.output<typeof tls>;
  readonly batch: z.output<typeof batchSection>;
  readonly retry: z.output<typeof retrySection>;
  readonly buffer: z.output<typeof bufferSection>;
  readonly destinations?: readonly DestinationSettings[] | undefined;
}

/** The destinations of a configuration: the list, or the one Loki that `to` is short for. */
export function destinationsOf(options: DestinationDefaults): Destination[] {
  const { to, tenant, username, password_file: passwordFile, bearer_token_file: bearerTokenFile } = options;
  const list = options.destinations ?? [
    destinationSchema.parse({
      name: 'default', type: 'loki', url: to, tls: options.tls,
      ...(tenant === undefined ? {} : { tenant }),
      auth: { username, password_file: passwordFile, bearer_token_file: bearerTokenFile },
    }),
  ].map((settings) => ({ ...settings, buffer: options.buffer }));
  return list.map((settings) => ({ settings, batch: overlay(batchDefaults(settings.type, options.batch), settings.batch), retry: overlay(options.retry, settings.retry) }));
}

/** Archives want large objects and files, and have the time. */
function batchDefaults(type: DestinationType, batch: Destination['batch']): Destination['batch'] {
  return type === 's3' ? { ...batch, size_max: 4 * 2 ** 20, queue_size_max: 8 * 2 ** 20, wait_max: 60_000 } : batch;
}

function overlay<T extends object>(base: T, over: { readonly [K in keyof T]?: T[K] | undefined }): T {
  return { ...base, ...(Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) as Partial<T>) };
}
