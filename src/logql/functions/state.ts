import type { PartialSeries } from '../source.ts';

/**
 * The state of one series in a Partial: plain data. `buckets` rises (see WindowLayout).
 * cells: one accumulator (Accumulator.width doubles) per bucket.
 * samples: `counts[i]` samples of `width` doubles per bucket, for operators whose answer needs every value.
 */
export type SeriesState =
  | { readonly kind: 'cells'; readonly buckets: Int32Array; readonly cells: Float64Array }
  | { readonly kind: 'samples'; readonly buckets: Int32Array; readonly counts: Int32Array; readonly samples: Float64Array };

/** The state that a partial's series carries. */
export function stateOf(series: PartialSeries): SeriesState {
  return series.state as SeriesState;
}
