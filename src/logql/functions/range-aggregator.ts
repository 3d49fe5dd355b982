import type { LabelSet } from '../../model/mod.ts';
import type { PartialSeries } from '../source.ts';

/**
 * Gathers samples into the mergeable state of a range aggregation; one instance per scan and worker. Implementations stand one per file
 * beside this one, made by createRangeAggregator. No object per sample.
 */
export interface RangeAggregator {
  /** A handle for the series with these labels; the same labels give the same handle. `key` is formatLabels(labels). */
  series(key: string, labels: LabelSet): number;
  /**
   * One sample. Time is UTC day and nanoseconds in it. Samples of one series may come in any order of time; `position`, `index` and
   * `partition` decide between equal times (first and last).
   */
  add(series: number, day: number, time: number, value: number, position: number, index: number, partition: number): void;
  /** Samples of value 1 at time[from … to), sorted by time: counting without a call per row. */
  addCounts(series: number, day: number, time: Float64Array, from: number, to: number): void;
  /** The state as plain data. */
  finish(): readonly PartialSeries[];
}
