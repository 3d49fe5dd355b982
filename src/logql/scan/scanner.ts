import type { RowBlock, ShreddedRows } from '../../model/mod.ts';
import type { Batch, Partial } from '../source.ts';

/** Which columns of a block a scan reads; time and stream always. */
export interface ScanNeeds {
  readonly order: boolean;
  readonly lineLength: boolean;
  readonly lines: boolean;
  readonly metadata: boolean;
}

/**
 * Runs a scan task over blocks, in a worker thread: made by createScanner(task). The querier cuts the work into pieces,
 * feeds each piece's blocks and hands the results on (merged by mergeBatches and mergePartials).
 */
export interface BlockScanner {
  readonly needs: ScanNeeds;
  /** Rows outside the task's time range or of streams that its matchers refuse must not be in the block. */
  add(block: RowBlock): void;
  /** As add, for rows that stand in templates and columns; only `runs` may be looked at. */
  addShredded(rows: ShreddedRows): void;
  /** For a log task that has `limit` rows already: the time of the last of them; rows strictly beyond it are not needed any more. Else null. */
  boundNs(): bigint | null;
  /** For a log task the rows in the task's order, cut to its limit; for an aggregate task the partial. */
  finish(): Batch | Partial;
}
