import { encodeStreamLabels } from '../journal/mod.ts';
import { formatLabels, hashLabels, labelValue, SpoorError, type ErrorDetails, type Label, type LabelSet, type Limits } from '../model/mod.ts';
import { levelFieldsOf } from './level-fields.ts';
import { normalLevel } from './level-names.ts';
import { enforcedLabelsOf, policyBlockedUntil, policyOf } from './policies.ts';
import type { RefusalReason } from './reasons.ts';

const backfillLabel = '__backfill__';
const backfillShardLabel = '__backfill_shard__';
/** Streams with one of these are made by Loki's own parts; checks and discovery leave them alone. */
const internalLabels: ReadonlySet<string> = new Set(['__aggregated_metric__', '__pattern__']);
const serviceName = 'service_name';
const unknownService = 'unknown_service';

/** What a stream's labels come to under a tenant's limits. */
export interface ResolvedStream {
  /** Final labels, with service_name. */
  readonly labels: LabelSet;
  /** formatLabels of them. */
  readonly key: string;
  /** hashLabels of them. */
  readonly hash: number;
  /** encodeStreamLabels of them. */
  readonly encoded: Buffer;
  /** The level that they name, in its normal form. */
  readonly level: string | undefined;
  /** Until when pushes of its policy are refused, and that policy. */
  readonly blockedUntilNs: bigint;
  readonly policy: string;
  /** Why the stream is refused; its details lack the tenant. */
  readonly fault: { readonly reason: RefusalReason; readonly details: ErrorDetails } | null;
}

/** Works out label sets and remembers them by identity: decoders hand out one array for one text. */
export class LabelResolver {
  readonly #known = new WeakMap<readonly Label[], { readonly limits: Limits; readonly stream: ResolvedStream }>();

  /**
   * Adds service_name and the labels of a backfill, then checks the set as Loki does. `policy` is that of the header X-Loki-Ingestion-Policy, '' where there is none. Throws `push_backfill` where the client itself sends labels that
   * only the header X-Loki-Backfill-Shard may add; that refuses the whole push.
   */
  resolve(labels: readonly Label[], limits: Limits, backfillShard: string, policy = ''): ResolvedStream {
    if (backfillShard !== '' || policy !== '') return resolveLabels(labels, limits, backfillShard, policy);
    const known = this.#known.get(labels);
    if (known !== undefined && known.limits === limits) return known.stream;
    const stream = resolveLabels(labels, limits, '', '');
    this.#known.set(labels, { limits, stream });
    return stream;
  }
}

function resolveLabels(sent: readonly Label[], limits: Limits, backfillShard: string, givenPolicy: string): ResolvedStream {
  const internal = sent.some((label) => internalLabels.has(label.name));
  const added: Label[] = [];
  if (sent.some((label) => label.name === backfillLabel || label.name === backfillShardLabel)) {
    throw new SpoorError('push_backfill', {
      reason: `streams must not contain the reserved labels ${backfillLabel} or ${backfillShardLabel}; set the X-Loki-Backfill-Shard header to mark a push as backfill data`,
    });
  }
  if (!internal && limits.discover_service_name.length > 0 && labelValue(sent, serviceName) === undefined) {
    added.push({ name: serviceName, value: discoverService(sent, limits.discover_service_name) });
  }
  if (backfillShard !== '') added.push({ name: backfillLabel, value: 'true' }, { name: backfillShardLabel, value: backfillShard });
  const labels = added.length === 0 ? sent : [...sent, ...added].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const key = formatLabels(labels);
  const policy = givenPolicy === '' ? policyOf(labels, limits.policy_stream_mapping) : givenPolicy;
  const fault = internal && labels.length > 0 ? null : findFault(labels, key, limits, policy);
  const level = levelOfLabels(labels, levelFieldsOf(limits).names);
  return { labels, key, hash: hashLabels(labels), encoded: encodeStreamLabels(labels), level, policy, blockedUntilNs: policyBlockedUntil(policy, limits), fault };
}

function discoverService(labels: readonly Label[], candidates: readonly string[]): string {
  for (const name of candidates) {
    const value = labelValue(labels, name);
    if (value !== undefined) return value;
  }
  return unknownService;
}

function levelOfLabels(labels: LabelSet, fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value = labelValue(labels, field);
    if (value !== undefined) return normalLevel(value);
  }
  return undefined;
}

function findFault(labels: LabelSet, key: string, limits: Limits, policy: string): ResolvedStream['fault'] {
  if (labels.length === 0) return { reason: 'missing_labels', details: {} };
  // A service_name is not counted: it may be the server's own.
  const count = labels.length - (labelValue(labels, serviceName) === undefined ? 0 : 1);
  if (count > limits.max_label_names_per_series) {
    return { reason: 'max_label_names_per_series', details: { stream: key, count, limit: limits.max_label_names_per_series } };
  }
  let before = '';
  for (const { name, value } of labels) {
    if (longerThan(name, limits.max_label_name_length)) return { reason: 'label_name_too_long', details: { stream: key, name } };
    if (longerThan(value, limits.max_label_value_length)) return { reason: 'label_value_too_long', details: { stream: key, value } };
    if (name === before) return { reason: 'duplicate_label_names', details: { stream: key, name } };
    before = name;
  }
  const missing = [...new Set(enforcedLabelsOf(policy, limits))].filter((name) => labelValue(labels, name) === undefined);
  return missing.length === 0 ? null : { reason: 'missing_enforced_labels', details: { stream: key, labels: missing.join(','), policy } };
}

/** Whether a text has more bytes than that. */
function longerThan(text: string, bytes: number): boolean {
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);
}
