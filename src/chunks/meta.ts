import type { LabelSet } from '../model/mod.ts';

/** One page as the directory knows it. Plain data: it crosses to worker threads. */
export interface PageMeta {
  /** Of columnIds, or one that this build does not know and may skip. */
  readonly column: number;
  /** Of encodingIds. */
  readonly encoding: number;
  /** Of codecIds. */
  readonly codec: number;
  /** Values in the page: rows, or runs for the run columns, or entries of a dictionary. */
  readonly values: number;
  /** First byte of the page in the segment. */
  readonly offset: number;
  /** Bytes in the segment. */
  readonly storedBytes: number;
  /** Bytes after decompression. */
  readonly rawBytes: number;
  /** CRC-32C of the stored bytes. */
  readonly crc: number;
  /** Smallest and largest value, for columns of numbers. */
  readonly range: { readonly min: number; readonly max: number } | null;
}

/** A row group: rows of one tenant and one UTC day. Plain data: it crosses to worker threads. */
export interface RowGroupMeta {
  /** Index into SegmentFooter.tenants. */
  readonly tenant: number;
  /** UTC day (dayOf). */
  readonly day: number;
  readonly rows: number;
  /** Runs of rows of one stream, that is chunks. */
  readonly runs: number;
  /** First and last time, nanoseconds since the start of the day. */
  readonly minTime: number;
  readonly maxTime: number;
  /** Bytes of all lines. */
  readonly lineBytes: number;
  /** Bytes of all structured metadata. */
  readonly metadataBytes: number;
  /** First byte of the row group in the segment, and how many. */
  readonly offset: number;
  readonly storedBytes: number;
  /** In file order. Pages of one column follow one another and hold consecutive rows. */
  readonly pages: readonly PageMeta[];
  /** Where templates and columns stand, if lines and metadata were taken apart; their pages follow `pages`. */
  readonly shapes: PageMeta | null;
}

/** A tenant's part of a segment. */
export interface TenantMeta {
  readonly tenant: string;
  /** Label sets in the section `labels`. */
  readonly streams: number;
  /** Where the label sets stand (decodeLabels). */
  readonly labels: PageMeta;
  /** Indexes into SegmentFooter.rowGroups. */
  readonly rowGroups: readonly number[];
}

/** What decodeFooter returns. Plain data, structured-cloneable. */
export interface SegmentFooter {
  readonly version: number;
  readonly segmentBytes: number;
  readonly footerBytes: number;
  readonly tenants: readonly TenantMeta[];
  /** In file order; SegmentChunk.rowGroup is an index into this. */
  readonly rowGroups: readonly RowGroupMeta[];
  /** Values that columns of its row groups share. */
  readonly pool: PageMeta | null;
}

/** One stream's run of rows in one row group: what the index points at. */
export interface SegmentChunk {
  readonly tenant: string;
  readonly labels: LabelSet;
  /** UTC day (dayOf). */
  readonly day: number;
  /** Index into SegmentFooter.rowGroups. */
  readonly rowGroup: number;
  /** First row in the row group. */
  readonly rowStart: number;
  readonly rows: number;
  /** First and last time, nanoseconds since the epoch. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
  /** Bytes of its lines and structured metadata. */
  readonly bytes: number;
}

/** Rows of a row group that stand together. */
export interface RowRange {
  readonly rowStart: number;
  readonly rows: number;
}

/** A chunk to decode; labels come from the index. */
export interface ChunkSelection extends RowRange {
  readonly labels: LabelSet;
}

/** Bytes of a segment. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}
