import type { ErrorCode } from '../model/mod.ts';

/** Why entries are refused one by one, stream by stream, or a push as a whole: label `reason` of the metrics (Loki's names), each also an error code. */
export const refusalReasons = [
  'missing_labels',
  'max_label_names_per_series',
  'label_name_too_long',
  'label_value_too_long',
  'duplicate_label_names',
  'missing_enforced_labels',
  'greater_than_max_sample_age',
  'too_far_in_future',
  'line_too_long',
  'disallowed_structured_metadata',
  'structured_metadata_too_large',
  'structured_metadata_too_many',
  'metadata_name',
  'push_backfill',
  'blocked_ingestion',
  'blocked_ingestion_policy',
  'rate_limited',
  'stream_limit',
  'per_stream_rate_limit',
] as const satisfies readonly ErrorCode[];

export type RefusalReason = (typeof refusalReasons)[number];
