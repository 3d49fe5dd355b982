import type { SpoorError } from '../model/mod.ts';
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

/** Entries of a push that are refused, by their place in the RawBatch: `rows` of them from `firstRow` on. */
export interface RefusedRows {
  readonly firstRow: number;
  readonly rows: number;
  readonly reason: RefusalReason;
  /** The error that names the entry and the limit; made when it is asked for. */
  readonly error: () => SpoorError;
}

/** What a push may come with. */
export interface PushOptions {
  /** The way it came in, for the metrics; `loki` unless it is given. */
  readonly protocol?: IngestProtocol;
  /** The policy of all its streams (header X-Loki-Ingestion-Policy), instead of those that policy_stream_mapping gives. */
  readonly policy?: string;
  /** Stops the work up to the first append, and the waiting. */
  readonly signal?: AbortSignal;
  /** Told of what is refused, for protocols that answer entry by entry. A row may come twice: the first time counts. */
  readonly onRefused?: (refused: RefusedRows) => void;
}

/** Decides whether pushes are taken at all. */
export interface PushGate {
  /** Throws a SpoorError: `ingester_memory_full` (429), `shutting_down` (503). */
  check(): void;
}

/** The ways in, by the names that metrics give them (label `protocol`). */
export const ingestProtocols = ['loki', 'otlp', 'elasticsearch', 'syslog', 'grpc'] as const;

export type IngestProtocol = (typeof ingestProtocols)[number];

/** Counters of the distributor. Bytes are those of lines and structured metadata, without `detected_level`. */
export interface PushMetrics {
  /** Entries that were decoded, before any check. */
  received(tenant: string, protocol: IngestProtocol, entries: number, bytes: number): void;
  /** Entries that were refused. */
  counted(tenant: string, protocol: IngestProtocol, reason: RefusalReason, entries: number, bytes: number): void;
  /** Entries that were changed: `line_too_long` were cut by `bytes`. */
  mutated(tenant: string, reason: 'line_too_long', entries: number, bytes: number): void;
}

/** Counts nothing. */
export const noPushMetrics: PushMetrics = {
  received: () => undefined,
  counted: () => undefined,
  mutated: () => undefined,
};
