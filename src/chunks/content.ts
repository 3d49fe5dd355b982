import type { FullBlock } from './row-group-builder.ts';
import type { Runs } from './integers.ts';
import type { SealedPage } from './page.ts';

/** How the lines and the metadata of a row group are kept while it is filled, and written. */
export interface RowGroupContent {
  /** Bytes held, roughly. */
  readonly heldBytes: number;
  /** Bytes that it will take in the segment, roughly. */
  readonly estimatedBytes: number;
  /** Bytes of all metadata so far. */
  readonly metadataBytes: number;
  append(block: FullBlock, from: number, to: number): void;
  finish(rows: RowsBuilt): BuiltContent;
}

/** The rows of a finished row group. */
export interface RowsBuilt {
  readonly runs: Runs;
  readonly time: Float64Array;
  readonly day: number;
}

export interface BuiltContent {
  /** Pages of the row group's directory. */
  readonly pages: readonly SealedPage[];
  /** Of a shredded row group. */
  readonly shredded: { readonly shapes: SealedPage; readonly data: readonly Uint8Array[]; readonly bytes: number } | null;
}
