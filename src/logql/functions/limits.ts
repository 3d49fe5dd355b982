/** Points (series × window buckets that hold samples) that one range aggregation may hold: about 200 MB. */
export const aggregateCellsMax = 8_388_608;
/** Samples that an operator which needs every value (quantile_over_time, rate_counter) may hold in one aggregation. */
export const aggregateSamplesMax = 33_554_432;
/** Points (series × steps) of one intermediate or final result. */
export const matrixPointsMax = 50_000_000;
/** Series that one aggregation may hold, also where max_query_series does not apply (below `count`, `topk` …). */
export const aggregateSeriesMax = 1_000_000;
