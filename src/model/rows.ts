import type { LabelSet } from './labels.ts';

/**
 * Rows as columns: what head and segments hand to the LogQL engine. Plain typed arrays over shared byte buffers, so that a block
 * crosses to a worker thread without a copy and no object per line exists.
 *
 * All rows lie in one UTC day, so a time is an exact double. Rows of one stream stand together, in total order
 * (time, position, index, partition), with equal rows (stream, time, line, metadata) already dropped.
 * A column that was not asked for is null.
 */
export interface RowBlock {
  /** Number of rows; every column has at least this many elements. */
  readonly rows: number;
  /** UTC day number (see dayOf); times count from its first nanosecond. */
  readonly day: number;
  /** Label sets that `stream` points into. */
  readonly streams: readonly LabelSet[];
  /** Per row: index into `streams`. */
  readonly stream: Uint32Array;
  /** Per row: nanoseconds since the start of the day, 0 ≤ t < 86 400 × 10⁹. */
  readonly time: Float64Array;
  /** Per row: where it stands in the journal. Null where nothing depends on order. */
  readonly order: RowOrder | null;
  /** Per row: length of the line in bytes. */
  readonly lineLength: Uint32Array | null;
  readonly lines: BytesColumn | null;
  /** Structured metadata as encodeMetadata writes it (bytes/metadata.ts); length 0 is none. */
  readonly metadata: BytesColumn | null;
}

/** The part of a row's total order that follows its time. */
export interface RowOrder {
  /** Journal position of the record that brought the row. */
  readonly position: Float64Array;
  /** Index of the row in that record. */
  readonly index: Uint32Array;
  readonly partition: Uint32Array;
}

/** Byte strings of rows inside one buffer: row i is bytes[start[i] … start[i] + length[i]). They need not stand in row order nor touch. */
export interface BytesColumn {
  readonly bytes: Uint8Array;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
}

/** Which columns a reader of rows wants besides stream and time, which are always there. */
export interface ColumnNeeds {
  readonly order: boolean;
  readonly lineLength: boolean;
  readonly lines: boolean;
  readonly metadata: boolean;
}
