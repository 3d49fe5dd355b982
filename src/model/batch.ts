import type { LabelSet } from './labels.ts';

/**
 * A normalised batch: one tenant's entries after checks and label discovery, the content of a journal record. Columns, no object per entry.
 * Entries of one stream stand together (`streams[i].rows` of them), in the order in which they arrived. Replay decides nothing again.
 */
export interface EntryBatch {
  readonly tenant: string;
  /** Streams in order of first appearance; their entries follow one another in the columns. */
  readonly streams: readonly BatchStream[];
  /** Number of entries. */
  readonly rows: number;
  /** Nanoseconds since the epoch. */
  readonly timeNs: BigInt64Array;
  /** Lines one after another; line i is bytes[lineStart[i] … lineStart[i + 1]). */
  readonly lines: Uint8Array;
  /** rows + 1 offsets into `lines`. */
  readonly lineStart: Uint32Array;
  /** Metadata (encodeMetadata) one after another. */
  readonly metadata: Uint8Array;
  /** rows + 1 offsets into `metadata`. */
  readonly metadataStart: Uint32Array;
}

/** A stream of a batch. */
export interface BatchStream {
  readonly labels: LabelSet;
  /** Entries of this stream in the batch. */
  readonly rows: number;
}
