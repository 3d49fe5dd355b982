import type { Matcher } from './matchers.ts';

/** A selector of policy_stream_mapping: streams that all matchers fit. */
export interface PolicySelector {
  readonly selector: string;
  readonly matchers: readonly Matcher[];
  /** Of several policies whose selectors fit a stream, the one with the greatest counts. */
  readonly priority: number;
}

/** The policy that stands for all streams (policy_enforced_labels), or for those that no other one fits (block_ingestion_policy_until). */
export const globalPolicy = '*';
