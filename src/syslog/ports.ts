import type { PushOutcome, PushOptions } from '../distributor/mod.ts';
import type { ErrorCode } from '../model/mod.ts';
import type { RawBatch } from '../protocols/mod.ts';

export type Transport = 'tcp' | 'tls' | 'udp';

/** Where batches go; the distributor. */
export interface PushTarget {
  push(tenant: string, raw: RawBatch, options?: PushOptions): Promise<PushOutcome>;
}

/** Counters of the listeners. */
export interface SyslogMetrics {
  /** A batch was delivered, or given up. */
  batch(status: number): void;
  /** Bytes arrived. */
  received(transport: Transport, bytes: number): void;
  /** Messages were dropped: datagrams while the queue was full, broken frames, and what a stop could not deliver. */
  dropped(transport: Transport, reason: DropReason, messages: number): void;
  /** A message was longer than allowed, and cut. */
  cut(transport: Transport): void;
  /** A connection was one too many. */
  turnedAway(transport: Transport): void;
  /** A batch was refused as a whole. */
  refused(reason: ErrorCode): void;
  /** A connection came or went. */
  connections(transport: Transport, change: 1 | -1): void;
}

/** `queue_full`: datagrams; `frame`: no frame, or one that is too long; `unfinished`: the connection ended inside a frame; `stopped`: the process ended before the store took it. */
export type DropReason = 'queue_full' | 'frame' | 'unfinished' | 'stopped';

/** What is told of trouble. */
export interface SyslogLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}
