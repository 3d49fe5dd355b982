import type { LabelSet, Matcher } from '../model/mod.ts';
import type { QueryControl } from './control.ts';
import type { RangeAggregation } from './plan/aggregation.ts';
import type { ReadStats } from './read-stats.ts';
import type { Stage } from './syntax/mod.ts';

/**
 * Where the engine reads from; implemented over heads, segments, workers and other machines alike.
 *
 * For a log task `scan` yields LogBatches in the task's order: no row of a later batch precedes a row of an earlier one. It may end early, once
 * `limit` rows were yielded. For an aggregate or patterns task it yields Partials, in any order, in which every matching row counts exactly once.
 * It ends with the reason of `signal` when that aborts. What could not be read is an error, never silently less.
 */
export interface LogSource {
  scan(task: ScanTask, signal: AbortSignal): AsyncIterable<Batch | Partial>;
  /** Bytes of lines and metadata in the streams and the time of a task, as far as is known without reading; for max_query_bytes_read. */
  bytes?(task: ScanTask, signal: AbortSignal): Promise<number>;
}

/** What to read and what to make of it. Plain data: it crosses to worker threads and to other machines. */
export interface ScanTask {
  readonly tenant: string;
  readonly matchers: readonly Matcher[];
  /** First nanosecond. */
  readonly startNs: bigint;
  /** The nanosecond after the last one. */
  readonly endNs: bigint;
  /** Line filters, parsers, label filters and so on, in the order of the query. */
  readonly stages: readonly Stage[];
  /** For a selector that matches every stream: bytes of rows, by the index, that may be read (max_unselective_query_bytes_read). */
  readonly unselectiveBytesMax?: number;
  readonly output: LogOutput | AggregateOutput | PatternsOutput;
  /** What the threads that work on the query share; left behind where the task goes to another machine. */
  readonly control?: QueryControl;
}

/** Rows are wanted. */
export interface LogOutput {
  readonly kind: 'log';
  readonly direction: 'forward' | 'backward';
  /** Rows wanted at most; 0 is all. */
  readonly limit: number;
  /** No more rows are wanted once their lines, as the stages leave them, have so many bytes; left out: however many they have. */
  readonly bytesMax?: number;
  /** Only rows behind this one, in the order of the task, are wanted. */
  readonly after?: RowPlace;
  /** Only rows up to these journal positions are wanted, and none of partitions that are not named. */
  readonly upTo?: readonly (readonly [partition: number, position: number])[];
}

/** Where a row stands in the order of rows; see OutputRow. */
export interface RowPlace {
  readonly timeNs: bigint;
  /** streamOrder of its stream. */
  readonly stream: number;
  readonly position: number;
  readonly index: number;
  readonly partition: number;
}

/** The pieces of a range aggregation are wanted. */
export interface AggregateOutput {
  readonly kind: 'aggregate';
  readonly aggregation: RangeAggregation;
}

/** What lines have in common is wanted. The stages are line filters. */
export interface PatternsOutput {
  readonly kind: 'patterns';
  /** Lines are counted by steps, which begin at multiples of this since 1970; the first is the one that holds the task's start. */
  readonly stepNs: bigint;
  /** Only one of so many rows is looked at; 1 is all. */
  readonly oneOf: number;
}

/** Rows that passed the stages. Strings were made for these rows only. */
export interface Batch {
  readonly kind: 'batch';
  readonly stats: ScanStats;
  /** Distinct label sets of the rows, by category. */
  readonly labels: readonly OutputLabels[];
  readonly rows: readonly OutputRow[];
  /** True where `limit` or `bytesMax` was reached, so that there may be more rows behind the last one. */
  readonly full?: boolean;
}

/** The labels of a returned row, apart by where they came from, as `categorize-labels` shows them. */
export interface OutputLabels {
  readonly stream: LabelSet;
  readonly structuredMetadata: LabelSet;
  readonly parsed: LabelSet;
  /** Whose the rows are, in an answer for several tenants; `stream` has it as `__tenant_id__`. */
  readonly tenant?: string;
  /**
   * The labels of the stream that the rows came from, where stages may have taken some away (drop, keep, label_format): rows that
   * became equal count once, but only rows of one stream; and streams decide the order of rows of the same time.
   */
  readonly origin?: LabelSet;
}

/**
 * One returned row. Rows are ordered by time, rows of the same time by their streams (streamOrder, forward and backward alike), and those of one stream by
 * (position, index, partition).
 */
export interface OutputRow {
  readonly timeNs: bigint;
  readonly position: number;
  readonly index: number;
  readonly partition: number;
  /** Index into Batch.labels. */
  readonly labels: number;
  readonly line: Uint8Array;
}

/**
 * A mergeable piece of a range aggregation. Opaque to sources; plain data; `mergePartials` merges. The accumulators are logql's own
 * business (plan/, engine/).
 */
export interface Partial {
  readonly kind: 'partial';
  readonly stats: ScanStats;
  /** Series found so far, each with accumulators per step. */
  readonly series: readonly PartialSeries[];
}

/** One series of a partial; `state` belongs to the aggregation's operator. */
export interface PartialSeries {
  readonly labels: LabelSet;
  readonly state: unknown;
}

/** What a scan cost. */
export interface ScanStats {
  /** Rows looked at. */
  readonly rows: number;
  /** Bytes of their lines and metadata as they were pushed, whether these were opened or not. */
  readonly bytes: number;
  /** Rows that passed the stages. */
  readonly rowsMatched: number;
  /** What was read for it; left out by sources that do not know. */
  readonly read?: ReadStats;
}
