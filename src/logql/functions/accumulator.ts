/**
 * What a range aggregation keeps of the samples in one bucket when that has a fixed size: `width` doubles at `cells[at …]`.
 * `stream`, `position` and `place` order samples of the same time (see RangeAggregator). `combine` is associative and, but for rounding, commutative; so partials can be merged in any order, and windows be put together from buckets.
 */
export interface Accumulator {
  readonly width: number;
  /** The first sample of a bucket. */
  start(cells: Float64Array, at: number, value: number, day: number, time: number, stream: number, position: number, place: number): void;
  /** A further sample. */
  add(cells: Float64Array, at: number, value: number, day: number, time: number, stream: number, position: number, place: number): void;
  combine(into: Float64Array, at: number, from: Float64Array, fromAt: number): void;
  /** The value of a window. */
  result(cells: Float64Array, at: number): number;
}
