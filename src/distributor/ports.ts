import type { RefusalReason } from './reasons.ts';

/** Says when a record can be queried; the ingesters know. */
export interface AppliedTracker {
  /** Resolves when everything up to `position` of the partition is in a head. Rejects with a retryable SpoorError where that will not happen here. */
  applied(partition: number, position: bigint): Promise<void>;
}

/** The streams that the ingesters hold. `streamKey` is formatLabels of its labels. */
export interface StreamRegistry {
  has(tenant: string, streamKey: string): boolean;
  /** Active streams of the tenant. */
  count(tenant: string): number;
}

/** Decides whether pushes are taken at all. */
export interface PushGate {
  /** Throws a SpoorError: `ingester_memory_full` (429), `shutting_down` (503). */
  check(): void;
}

/** Counters of the distributor. Bytes are those of lines and structured metadata, without `detected_level`. */
export interface PushMetrics {
  /** Entries that were decoded, before any check. */
  received(tenant: string, entries: number, bytes: number): void;
  /** Entries that were refused. */
  counted(tenant: string, reason: RefusalReason, entries: number, bytes: number): void;
  /** Entries that were changed: `line_too_long` were cut by `bytes`. */
  mutated(tenant: string, reason: 'line_too_long', entries: number, bytes: number): void;
}

/** Counts nothing. */
export const noPushMetrics: PushMetrics = {
  received: () => undefined,
  counted: () => undefined,
  mutated: () => undefined,
};
