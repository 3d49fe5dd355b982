import type { PolicySelector } from './ingestion-policies.ts';
import { defaultOtlpConfig, type OtlpConfig } from './otlp-config.ts';

/**
 * Every per-tenant limit: Loki's `limits_config` names and defaults. `kind` says how the value is written in a configuration file and what it is here:
 * count and float are numbers, size is bytes (`256KB`), duration is nanoseconds as bigint (`1h`, `1w`), time is nanoseconds since the epoch (RFC 3339).
 * 0 means "no limit" wherever `zeroMeansNone` is set.
 */
export const limitSpecs = {
  ingestion_rate_mb: float(4, 'ingested megabytes (2^20) per second and tenant'),
  ingestion_burst_size_mb: float(6, 'largest burst in megabytes; should be at least the largest push'),
  max_label_name_length: count(1024, 'bytes of a label name'),
  max_label_value_length: count(2048, 'bytes of a label value'),
  max_label_names_per_series: count(15, 'label names of a stream'),
  reject_old_samples: flag(true, 'refuse entries older than reject_old_samples_max_age'),
  reject_old_samples_max_age: duration(604_800n, 'oldest age of an entry that is accepted'),
  creation_grace_period: duration(600n, 'how far in the future an entry may lie'),
  max_line_size: size(256 * 1024, 'bytes of a line', true),
  max_line_size_truncate: flag(false, 'cut longer lines instead of refusing them'),
  max_line_size_truncate_identifier: text('', 'marks a line that was cut; counted inside max_line_size'),
  max_streams_per_user: count(0, 'active streams of a tenant on one ingester', true),
  max_global_streams_per_user: count(5000, 'active streams of a tenant', true),
  per_stream_rate_limit: size(3 * 2 ** 20, 'bytes per second of one stream', true),
  per_stream_rate_limit_burst: size(15 * 2 ** 20, 'largest burst of one stream in bytes', true),
  unordered_writes: flag(true, 'accept entries in any order; spoor always does'),
  allow_structured_metadata: flag(true, 'accept structured metadata'),
  max_structured_metadata_size: size(64 * 1024, 'bytes of the structured metadata of one entry', true),
  max_structured_metadata_entries_count: count(128, 'pairs of structured metadata of one entry', true),
  increment_duplicate_timestamp: flag(false, 'add 1 ns to an entry with the time of the one before it and another line'),
  discover_service_name: texts(
    ['service', 'app', 'application', 'app_name', 'name', 'app_kubernetes_io_name', 'container', 'container_name', 'k8s_container_name', 'component', 'workload', 'job', 'k8s_job_name'],
    'labels that service_name is taken from; empty switches it off',
  ),
  discover_generic_fields: lists('structured metadata to add: by its name, the labels, metadata, fields of logfmt or paths into JSON that it is taken from (under the key `fields`)'),
  discover_log_levels: flag(true, 'add the structured metadata detected_level'),
  log_level_fields: texts(
    ['level', 'LEVEL', 'Level', 'log.level', 'severity', 'SEVERITY', 'Severity', 'SeverityText', 'lvl', 'LVL', 'Lvl', 'severity_text', 'Severity_Text', 'SEVERITY_TEXT'],
    'labels, metadata and fields that hold a level',
  ),
  log_level_from_json_max_depth: count(2, 'nesting in which a JSON line is searched for a level', true),
  otlp_config: otlp('which attributes of OpenTelemetry become labels, structured metadata or nothing; see [OpenTelemetry](otlp.md)'),
  elasticsearch_label_fields: texts(
    [
      'data_stream.type', 'data_stream.dataset', 'data_stream.namespace', '_index', 'service.name', 'service.environment', 'service', 'app', 'host.name', 'host', 'fromhost=host',
      'kubernetes.namespace', 'kubernetes.namespace_name', 'kubernetes.pod.name', 'kubernetes.pod_name', 'kubernetes.container.name', 'kubernetes.container_name', 'container.name',
    ],
    'fields of Elasticsearch documents that become labels: `field`, or `field=label`; `_index` is their index, without a date at its end, where there is no `data_stream.dataset`; see [Elasticsearch](elasticsearch.md)',
  ),
  elasticsearch_line_fields: texts(['message', 'log', 'msg', 'MESSAGE'], 'fields of Elasticsearch documents that hold the line: the first that has a text; a document without one is its own line'),
  elasticsearch_time_fields: texts(['@timestamp', 'timestamp', 'timereported'], 'fields of Elasticsearch documents that hold the time: the first that has a value; a document without one gets the time at which it arrived'),
  elasticsearch_ignored_fields: texts([], 'fields of Elasticsearch documents that are left out'),
  syslog_label_fields: texts(['host', 'app', 'facility'], 'fields of syslog messages that become labels: host, app, facility, severity, proc_id, msg_id, or a parameter of structured data, `id.name`; the others are structured metadata; see [syslog](syslog.md)'),
  enforced_labels: texts([], 'labels that every stream must have'),
  block_ingestion_until: time('refuse pushes until this time'),
  block_ingestion_status_code: count(260, 'status that blocked pushes are answered with; 200 drops them and says 204'),
  policy_stream_mapping: policies('which streams belong to a policy: lists of `selector` and `priority` by its name. The header X-Loki-Ingestion-Policy names one for a whole push'),
  block_ingestion_policy_until: times('refuse the streams of a policy until this time; `*`: those of no policy'),
  policy_enforced_labels: lists('labels that every stream of a policy must have; `*`: every stream'),
  max_query_series: count(500, 'series of a metric query', true),
  max_query_lookback: duration(0n, 'how far back a query may look', true),
  max_query_length: duration(2_595_600n, 'longest time range of a query', true),
  max_query_range: duration(0n, 'longest range of a range aggregation', true),
  max_entries_limit_per_query: count(5000, 'entries that a log query may ask for', true),
  max_streams_matchers_per_query: count(1000, 'matchers of one query', true),
  max_query_bytes_read: size(0, 'bytes that a query may read', true),
  max_patterns_bytes_scanned: size(8 * 2 ** 30, 'bytes of lines that a question for patterns looks at; of more it takes a sample, and says so', true),
  max_unselective_query_bytes_read: size(10 * 2 ** 30, 'bytes that a query whose selector matches every stream may read; 0 refuses such queries as Loki does, and is the default where auth_enabled is true'),
  query_timeout: duration(60n, 'longest run time of a query'),
  max_query_memory: size(512 * 2 ** 20, 'memory of the rows, points and samples that a query holds, all threads together', true),
  max_outstanding_requests_per_tenant: count(2048, 'queries of a tenant that run or wait for their turn; further ones are answered 429', true),
  required_labels: texts([], 'labels that the selectors of a query must have matchers of'),
  minimum_labels_number: count(0, 'matchers that the selectors of a query must have at least', true),
  tsdb_max_query_parallelism: count(128, '0 switches the queries of a tenant off; how many threads one gets is decided otherwise'),
  blocked_queries: blocked('queries that are refused: a list of pattern, regex, types, hash, tags'),
  max_concurrent_tail_requests: count(10, 'tails at the same time', true),
  volume_enabled: flag(true, 'answer index/volume'),
  volume_max_series: count(1000, 'series of a volume answer', true),
  split_queries_by_interval: duration(3600n, 'range queries are aligned and split as if by this interval', true),
  retention_period: duration(0n, 'age at which entries are deleted', true),
} as const satisfies Record<string, LimitSpec>;

/**
 * Limits of Loki that are about how Loki does its work, or about what spoor does not have (yet). They are accepted, so that its configuration can be used, and do nothing.
 */
export const ignoredLimits: ReadonlySet<string> = new Set([
  'ingestion_rate_strategy', 'use_owned_stream_count', 'simulated_push_latency', 'shard_streams', 'ingestion_partitions_tenant_shard_size',
  'max_query_parallelism', 'tsdb_max_bytes_per_shard', 'tsdb_sharding_strategy', 'tsdb_precompute_chunks', 'cardinality_limit', 'max_chunks_per_query', 'max_querier_bytes_read', 'max_queriers_per_tenant',
  'max_query_capacity', 'query_ready_index_num_days', 'max_cache_freshness_per_query', 'max_metadata_cache_freshness', 'max_stats_cache_freshness', 'split_metadata_queries_by_interval',
  'split_recent_metadata_queries_by_interval', 'recent_metadata_query_window', 'split_instant_metric_queries_by_interval', 'split_ingester_queries_by_interval', 'engine_results_cache_time_bucket_interval',
  'min_sharding_lookback', 'shard_aggregations', 'index_gateway_shard_size', 'index_gateway_max_capacity', 'bloom_gateway_enable_filtering', 'debug_engine_tasks', 'debug_engine_streams',
]);

/** One limit. `docs/operate/limits.md` is the list for people. */
export type LimitSpec =
  | { readonly kind: 'count' | 'float' | 'size'; readonly default: number; readonly zeroMeansNone: boolean; readonly about: string }
  | { readonly kind: 'duration' | 'time'; readonly default: bigint; readonly zeroMeansNone: boolean; readonly about: string }
  | { readonly kind: 'flag'; readonly default: boolean; readonly about: string }
  | { readonly kind: 'text'; readonly default: string; readonly about: string }
  | { readonly kind: 'texts'; readonly default: readonly string[]; readonly about: string }
  | { readonly kind: 'otlp'; readonly default: OtlpConfig; readonly about: string }
  | { readonly kind: 'lists'; readonly default: ReadonlyMap<string, readonly string[]>; readonly about: string }
  | { readonly kind: 'times'; readonly default: ReadonlyMap<string, bigint>; readonly about: string }
  | { readonly kind: 'policies'; readonly default: ReadonlyMap<string, readonly PolicySelector[]>; readonly about: string }
  | { readonly kind: 'blocked'; readonly default: readonly BlockedQuery[]; readonly about: string };

/** Queries that are refused. The first entry whose pattern (or hash) fits decides. */
export interface BlockedQuery {
  /** The text of a query, or with `regex` an RE2 expression that is found in it; empty: every query. */
  readonly pattern: string;
  readonly regex: boolean;
  /** `metric`, `filter` (a log query with a filter), `limited` (one without); none: all. */
  readonly types: readonly string[];
  /** FNV-1 (32 bit) of the text; 0: the pattern decides. */
  readonly hash: number;
  /** What `X-Query-Tags` must hold, regardless of case. */
  readonly tags: readonly (readonly [name: string, value: string])[];
}

export type LimitName = keyof typeof limitSpecs;

/** The limits of one tenant, by Loki's names. */
export type Limits = { readonly [name in LimitName]: (typeof limitSpecs)[name]['default'] };

/** Limits of each tenant. */
export interface LimitsSource {
  forTenant(tenant: string): Limits;
}

/** The defaults. */
export const defaultLimits: Limits = Object.fromEntries(Object.entries(limitSpecs).map(([name, spec]) => [name, spec.default])) as unknown as Limits;

function count(value: number, about: string, zeroMeansNone = false) {
  return { kind: 'count' as const, default: value, zeroMeansNone, about };
}
function float(value: number, about: string) {
  return { kind: 'float' as const, default: value, zeroMeansNone: false, about };
}
function size(value: number, about: string, zeroMeansNone = false) {
  return { kind: 'size' as const, default: value, zeroMeansNone, about };
}
function duration(seconds: bigint, about: string, zeroMeansNone = false) {
  return { kind: 'duration' as const, default: seconds * 1_000_000_000n, zeroMeansNone, about };
}
function time(about: string) {
  return { kind: 'time' as const, default: 0n as bigint, zeroMeansNone: true, about };
}
function flag(value: boolean, about: string) {
  return { kind: 'flag' as const, default: value, about };
}
function text(value: string, about: string) {
  return { kind: 'text' as const, default: value, about };
}
function otlp(about: string) {
  return { kind: 'otlp' as const, default: defaultOtlpConfig, about };
}
function blocked(about: string) {
  return { kind: 'blocked' as const, default: [] as readonly BlockedQuery[], about };
}
function lists(about: string) {
  return { kind: 'lists' as const, default: new Map() as ReadonlyMap<string, readonly string[]>, about };
}
function times(about: string) {
  return { kind: 'times' as const, default: new Map() as ReadonlyMap<string, bigint>, about };
}
function policies(about: string) {
  return { kind: 'policies' as const, default: new Map() as ReadonlyMap<string, readonly PolicySelector[]>, about };
}
function texts(value: readonly string[], about: string) {
  return { kind: 'texts' as const, default: value, about };
}
