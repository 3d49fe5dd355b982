import type { Batch } from '../buffer/batch.ts';

/** A line that a destination refused for good. */
export interface RefusedRow {
  readonly row: number;
  readonly reason: string;
}

/** What became of rows that were sent. */
export type Outcome =
  /** `refused`: the destination says that it refused some of them for good, and that they must not be sent again. */
  | { readonly kind: 'delivered'; readonly refused?: { readonly count: number; readonly reason: string } }
  /** Nothing is known to be stored; send it again. `loud` where only a person can help. */
  | { readonly kind: 'retry'; readonly loud: boolean; readonly reason: string; readonly retryAfterMs: number }
  /** Too much at once: send it in two. */
  | { readonly kind: 'too-large'; readonly reason: string }
  /** Some rows are refused for good, the others may be stored; `refused` is how many, where the answer says so. Which they are is found by sending parts. */
  | { readonly kind: 'poisoned'; readonly reason: string; readonly refused: number | undefined }
  /** The answer says for each row what became of it: those in `again` are sent again, those in `refused` are refused for good, the rest is stored. */
  | { readonly kind: 'mixed'; readonly again: Uint32Array; readonly refused: readonly RefusedRow[]; readonly reason: string; readonly retryAfterMs: number };

/** Sends rows to one destination. One per connection: it may keep buffers between calls, and is never called before the call before is settled. */
export interface Sender {
  /** Where it sends to, without secrets. */
  readonly where: string;
  /**
   * Sends rows, all of one tenant. Rejects where there is no answer, which is the same as a retry.
   * @param tenant undefined for none
   */
  send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome>;
  /** Called at intervals while nothing is sent; for what has to happen by time. */
  tick?(): Promise<void>;
  close(): Promise<void>;
}

/** What requests count. */
export interface RequestCounts {
  requests: number;
  requestBytes: number;
}
