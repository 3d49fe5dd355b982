import type { LabelSet } from '../../model/mod.ts';
import type { PartialSeries } from '../source.ts';

const partitionsMax = 2 ** 20;

/** The order of rows of one stream, time and position as one number: by index in the record, then by partition. */
export function placeOf(index: number, partition: number): number {
  return index * partitionsMax + partition;
}

/**
 * Gathers samples into the mergeable state of a range aggregation; one instance per scan and worker. Implementations stand one per file
 * beside this one, made by createRangeAggregator. No object per sample.
 */
export interface RangeAggregator {
  /** A handle for the series with these labels; the same labels give the same handle. `key` is formatLabels(labels). */
  series(key: string, labels: LabelSet): number;
  /**
   * One sample. Time is UTC day and nanoseconds in it. Samples of one series may come in any order of time; between equal times `stream` (streamOrder),
   * `position` and `place` (placeOf) decide, in this order (first and last).
   */
  add(series: number, day: number, time: number, value: number, stream: number, position: number, place: number): void;
  /** Samples of value 1 at time[from … to), sorted by time: counting without a call per row. */
  addCounts(series: number, day: number, time: Float64Array, from: number, to: number): void;
  /** Memory that the state takes, about. */
  readonly heldBytes: number;
  /**
   * `count` samples of value 1 whose times lie in fromTime … toTime, of which no more is known; false where it must know more: they may lie in different
   * windows, or their values are not all that counts.
   */
  addCounted(series: number, day: number, fromTime: number, toTime: number, count: number): boolean;
  /** The first time of the same day after `time` whose samples may count elsewhere; may be over the day's end. */
  boundary(day: number, time: number): number;
  /** The state as plain data. */
  finish(): readonly PartialSeries[];
}
