import type { RequestCounts } from './outcome.ts';

/** What a destination counted; all of them only rise. */
export interface DestinationCounts extends RequestCounts {
  /** Lines that the destination has. */
  sent: number;
  /** Bytes of those lines. */
  sentBytes: number;
  retries: number;
  /** Requests that were sent in two: too large, or to find what was refused. */
  splits: number;
  /** Lines refused for good, by reason. */
  readonly refused: Map<string, number>;
  /** Lines written to the file of refused ones; it holds more than were refused where the search for them was given up. */
  putAside: number;
  /** Lines that a destination which is not required lost to a full queue. */
  dropped: number;
  /** Batches that went through the disk buffer. */
  buffered: number;
  /** Lines of damaged records of the disk buffer, and bytes. */
  bufferDamagedLines: number;
  bufferDamagedBytes: number;
}

export function newDestinationCounts(): DestinationCounts {
  return {
    sent: 0, sentBytes: 0, requests: 0, requestBytes: 0, retries: 0, splits: 0, refused: new Map(), putAside: 0, dropped: 0, buffered: 0, bufferDamagedLines: 0, bufferDamagedBytes: 0,
  };
}

/** A destination as /status shows it. */
export interface DestinationStatus {
  readonly name: string;
  readonly type: string;
  readonly to: string;
  readonly required: boolean;
  readonly sent: number;
  readonly sentBytes: number;
  readonly requests: number;
  readonly requestBytes: number;
  readonly retries: number;
  readonly splits: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly putAside: number;
  readonly dropped: number;
  readonly queueBytes: number;
  readonly queueBatches: number;
  readonly bufferBytes: number;
  readonly bufferBytesMax: number;
  readonly bufferRecords: number;
  readonly bufferedRecords: number;
  readonly bufferDamagedLines: number;
  readonly bufferDamagedBytes: number;
  /** Age of the oldest batch that waits; 0 where none does. */
  readonly oldestAgeMs: number;
  /** Since when it fails; null while it does not. */
  readonly failingSinceMs: number | null;
  readonly lastError: { readonly timeMs: number; readonly reason: string } | null;
}
