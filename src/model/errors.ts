/**
 * The one error table of spoor: every failure that a user or another process can see has a code here, and nowhere else a status.
 * `message` is a template: `{name}` is replaced by the detail of that name. Where Loki has the same failure the wording is Loki's,
 * because Grafana, logcli and people's scripts match on it. `docs/errors.md` documents each code; a test compares the two both ways.
 * Codes are never reused for another meaning.
 */
export const errorCodes = {
  // Requests in general.
  bad_request: { status: 400, retryable: false, message: '{reason}' },
  not_found: { status: 404, retryable: false, message: '404 page not found' },
  method_not_allowed: { status: 405, retryable: false, message: '405 method not allowed' },
  no_org_id: { status: 401, retryable: false, message: 'no org id' },
  bad_org_id: { status: 400, retryable: false, message: "tenant ID '{tenant}' {reason}" },
  several_tenants: { status: 400, retryable: false, message: 'multiple org IDs present' },
  internal: { status: 500, retryable: true, message: 'internal error: {reason}' },
  not_implemented: { status: 501, retryable: false, message: '{what} is not implemented' },
  body_too_large: { status: 413, retryable: false, message: 'request body too large: over the limit of {limit} bytes ({name})' },
  pushes_under_way: { status: 503, retryable: true, message: 'pushes under way hold {bytes} bytes of at most {limit} (server.push_bytes_max); retry' },
  calls_arriving: { status: 503, retryable: true, message: '{limit} gRPC calls are sending their messages, the most that may at the same time or for longer than a second (server.push_bytes_max, grpc.message_bytes_max); retry' },
  shutting_down: { status: 503, retryable: true, message: 'spoor is shutting down and takes no more pushes; retry' },

  // Reading a push.
  push_media_type: { status: 400, retryable: false, message: 'mime: {reason}' },
  otlp_media_type: { status: 400, retryable: false, message: 'content type: {type} is not supported' },
  push_encoding: { status: 400, retryable: false, message: 'Content-Encoding "{encoding}" not supported' },
  push_compression: { status: 400, retryable: false, message: '{encoding}: {reason}' },
  push_snappy: { status: 400, retryable: false, message: 'snappy: corrupt input' },
  push_protobuf: { status: 400, retryable: false, message: '{reason} (protobuf, byte {offset})' },
  push_json: { status: 400, retryable: false, message: '{reason}, error found at byte {offset} of ...|{near}|...' },
  push_labels: { status: 400, retryable: false, message: "couldn't parse labels: {line}:{column}: parse error: {reason}" },
  push_too_many: { status: 413, retryable: false, message: 'the push holds more than {limit} {what} ({name}); send smaller pushes' },
  push_backfill: { status: 400, retryable: false, message: '{reason}' },
  elastic_bulk: { status: 400, retryable: false, message: '{reason}' },
  elastic_item: { status: 400, retryable: false, message: '{reason}' },
  elastic_media_type: { status: 406, retryable: false, message: 'Content-Type header [{mediaType}] is not supported' },
  no_valid_stream: { status: 422, retryable: false, message: 'error at least one valid stream is required for ingestion' },

  // Refusing what a push holds. Each but the last is the reason for one stream or entry; `push_rejected` is the answer where they differ.
  missing_labels: { status: 400, retryable: false, message: 'error at least one label pair is required per stream' },
  max_label_names_per_series: { status: 400, retryable: false, message: "entry for stream '{stream}' has {count} label names; limit {limit}" },
  label_name_too_long: { status: 400, retryable: false, message: "stream '{stream}' has label name too long: '{name}'" },
  label_value_too_long: { status: 400, retryable: false, message: "stream '{stream}' has label value too long: '{value}'" },
  duplicate_label_names: { status: 400, retryable: false, message: "stream '{stream}' has duplicate label name: '{name}'" },
  missing_enforced_labels: { status: 400, retryable: false, message: "missing required labels '{labels}' for user '{tenant}' for stream '{stream}' (policy: '{policy}')" },
  greater_than_max_sample_age: { status: 400, retryable: false, message: "entry for stream '{stream}' has timestamp too old: {time}, oldest acceptable timestamp is: {oldest}" },
  too_far_in_future: { status: 400, retryable: false, message: "entry for stream '{stream}' has timestamp too new: {time}" },
  line_too_long: { status: 400, retryable: false, message: "max entry size '{limit}' bytes exceeded for stream '{stream}' while adding an entry with length '{length}' bytes" },
  disallowed_structured_metadata: {
    status: 400, retryable: false,
    message: "stream '{stream}' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it",
  },
  structured_metadata_too_large: {
    status: 400, retryable: false,
    message: "stream '{stream}' has structured metadata too large: '{size}' bytes, limit: '{limit}' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
  },
  structured_metadata_too_many: {
    status: 400, retryable: false,
    message: "stream '{stream}' has too many structured metadata labels: '{count}', limit: '{limit}'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
  },
  metadata_name: { status: 400, retryable: false, message: "stream '{stream}' has structured metadata with an unusable name: {reason}" },
  blocked_ingestion: { status: 260, retryable: false, message: "ingestion blocked for user '{tenant}' until '{until}' with status code '{status}'" },
  blocked_ingestion_policy: { status: 260, retryable: false, message: "ingestion blocked for user '{tenant}' (policy: '{policy}') until '{until}' with status code '{status}'" },
  rate_limited: {
    status: 429, retryable: true,
    message: "ingestion rate limit exceeded for user {tenant} (limit: {limit} bytes/sec) while attempting to ingest '{lines}' lines totaling '{bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased",
  },
  stream_limit: {
    status: 429, retryable: true,
    message: "maximum active stream limit exceeded when trying to create stream {stream}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: '{tenant}'",
  },
  per_stream_rate_limit: {
    status: 429, retryable: true,
    message: "Per stream rate limit exceeded (limit: {limit}/sec) while attempting to ingest for stream '{stream}' totaling {bytes}, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased",
  },
  push_rejected: { status: 400, retryable: false, message: '{reason}' },
  ingester_memory_full: { status: 429, retryable: true, message: 'the heads hold {bytes} bytes of at most {limit} (ingester.head_bytes_max); retry after they are flushed' },

  // Data on disk and in object storage.
  corruption: { status: 500, retryable: false, message: 'damaged data in {where} at offset {offset}: {reason}' },
  format_version: { status: 500, retryable: false, message: '{where} has format version {version}; this version of spoor reads {known}' },
  object_not_found: { status: 500, retryable: false, message: 'object {key} does not exist' },
  object_store: { status: 503, retryable: true, message: 'object store: {operation} of {key} failed: {reason}' },
  bad_object_key: { status: 500, retryable: false, message: 'object key {key} {reason}' },
  journal_full: { status: 503, retryable: true, message: 'the journal is full ({bytes} bytes of at most {limit}, journal.bytes_max); retry after the object store takes data again' },
  journal_closed: { status: 503, retryable: true, message: 'the journal is closed' },
  journal_write: { status: 503, retryable: true, message: 'the journal could not be written: {reason}' },
  lease_lost: { status: 503, retryable: true, message: 'partition {partition} is owned by someone else now' },
  data_dir_in_use: { status: 500, retryable: false, message: 'data directory {path} is in use by another process; stop it or choose another --data-dir' },
  bad_config: { status: 500, retryable: false, message: '{where}: {reason}' },
  // Queries.
  parse_error: { status: 400, retryable: false, message: 'parse error {where}: {reason}' },
  matchers_only: { status: 400, retryable: false, message: 'only label matchers are supported' },
  pipeline_error: {
    status: 400,
    retryable: false,
    message: `pipeline error: '{error}' for series: '{series}'.
Use a label filter to intentionally skip this error. (e.g | __error__!="{error}").
To skip all potential errors you can match empty errors.(e.g __error__="")
The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )
`,
  },
  log_query_as_instant: { status: 400, retryable: false, message: 'log queries are not supported as an instant query type, please change your query to a range query type' },
  vector_matching: { status: 400, retryable: false, message: '{reason}' },
  approx_topk_range: { status: 400, retryable: false, message: 'count min sketches are only supported on instant queries' },
  max_query_series: {
    status: 400,
    retryable: false,
    message:
      'maximum number of series ({limit}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()',
  },
  max_query_length: { status: 400, retryable: false, message: 'the query time range exceeds the limit (query length: {length}, limit: {limit})' },
  max_query_range: { status: 400, retryable: false, message: '[interval] value exceeds limit: [{interval}] > [{limit}]' },
  max_entries_limit: { status: 400, retryable: false, message: 'max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {max})' },
  max_streams_matchers: { status: 400, retryable: false, message: 'max streams matchers per query exceeded, matchers-count > limit ({count} > {limit})' },
  max_query_bytes_read: {
    status: 400,
    retryable: false,
    message: 'the query would read too many bytes (query: {bytes}, limit: {limit}); consider adding more specific stream selectors or reduce the time range of the query',
  },
  max_query_memory: {
    status: 400,
    retryable: false,
    message: 'the query would hold more than {limit} bytes of memory (max_query_memory); reduce its time range, limit or number of series, increase the step, or raise the limit',
  },
  required_labels: { status: 400, retryable: false, message: 'stream selector is missing required matchers [{missing}], labels present in the query were [{present}]' },
  minimum_labels_number: {
    status: 400,
    retryable: false,
    message: 'stream selector has less label matchers than required: (present: [{present}], number_present: {count}, required_number_label_matchers: {limit})',
  },
  query_blocked: { status: 400, retryable: false, message: 'query blocked by policy' },
  querying_disabled: { status: 429, retryable: false, message: 'querying is disabled, please contact your Loki operator' },
  too_many_outstanding: { status: 429, retryable: true, message: 'too many outstanding requests ({limit}: {max})' },
  max_resolution: { status: 400, retryable: false, message: 'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter' },
  bad_step: { status: 400, retryable: false, message: 'zero or negative query resolution step widths are not accepted. Try a positive integer' },
  bad_time_range: { status: 400, retryable: false, message: 'end timestamp must not be before or equal to start time' },
  volume_disabled: { status: 404, retryable: false, message: 'not found' },
  volume_max_series: { status: 400, retryable: false, message: 'the query hit the max number of series limit (limit: {limit} series)' },
  deletes_not_implemented: { status: 501, retryable: false, message: 'deleting log entries is not implemented yet: spoor has no retention and takes no delete requests' },
  query_timeout: { status: 504, retryable: false, message: 'request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed' },
  query_cancelled: { status: 499, retryable: false, message: 'the client went away before the query was answered' },
  client_stalled: { status: 499, retryable: true, message: 'the client took nothing of the answer for {seconds} s (query_timeout)' },
  context_not_found: { status: 404, retryable: false, message: 'no such entry: {reason}' },
  context_ambiguous: { status: 400, retryable: false, message: '{count} entries of this time match; name one by `id` (as answers in application/x-ndjson have it), by `line`, or by a selector of its stream' },
  max_unselective_query_bytes_read: {
    status: 400,
    retryable: false,
    message:
      'the selector {selector} matches every stream, and the query would read too many bytes (query: {bytes}, limit: {limit}, max_unselective_query_bytes_read); name a label in the selector, shorten the time range, or raise the limit',
  },
  tail_limit: { status: 400, retryable: false, message: 'max concurrent tail requests limit exceeded, count > limit ({count} > {limit})' },
  query_memory: { status: 400, retryable: false, message: 'the query would hold more than {count} {what} ({limit}); reduce the time range or the number of series, or increase the step' },

  // The agent.
  agent_buffer_damaged: { status: 500, retryable: false, message: 'the disk buffer {path} is damaged at byte {offset}: {reason}; what is damaged is skipped and counted' },
  agent_checkpoint_damaged: { status: 500, retryable: false, message: 'the checkpoint {path} is damaged: {reason}; it is set aside and the one before it is used' },
  agent_checkpoint_write: { status: 500, retryable: true, message: 'the checkpoint {path} could not be written: {reason}' },
  agent_state_dir_in_use: { status: 500, retryable: false, message: 'state directory {path} is in use by another agent; stop it or choose another --state-dir' },
} as const satisfies Record<string, ErrorSpec>;

/** One row of the error table. */
export interface ErrorSpec {
  /** HTTP status that the failure answers with. */
  readonly status: number;
  /** True where the same request may succeed later. */
  readonly retryable: boolean;
  /** Text with `{detail}` placeholders. */
  readonly message: string;
}

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** Values for the placeholders of an error's message. */
export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean>>;

/** A failure with a code of the error table. `message` is the filled-in template. */
export class SpoorError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { readonly cause?: unknown } = {}) {
    super(errorText(code, details), options);
    this.name = 'SpoorError';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

/** The filled-in message of a code, without the cost of an Error. */
export function errorText(code: ErrorCode, details: ErrorDetails = {}): string {
  return errorCodes[code].message.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(details, name) ? String(details[name]) : whole));
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a SpoorError, of the given code if one is given. */
export function isSpoorError(error: unknown, code?: ErrorCode): error is SpoorError {
  return error instanceof SpoorError && (code === undefined || error.code === code);
}
