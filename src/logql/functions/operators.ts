import type { RangeAggregation } from '../plan/aggregation.ts';
import type { RangeOp } from '../syntax/mod.ts';
import type { Accumulator } from './accumulator.ts';
import { averageAccumulator } from './average.ts';
import { countAccumulator } from './count.ts';
import { edgeAccumulator } from './edges.ts';
import { extremeAccumulator } from './extremes.ts';
import { counterSampleWidth } from './rate-counter.ts';
import { sumAccumulator } from './sum.ts';
import { varianceAccumulator } from './variance.ts';

/** How an operator keeps samples: folded into accumulators of a fixed size, or (quantile, rate_counter) all of them. */
export type Keeping = { readonly kind: 'cells'; readonly accumulator: Accumulator } | { readonly kind: 'samples'; readonly width: number };

/** How `aggregation`'s operator keeps samples. */
export function keepingOf(aggregation: RangeAggregation): Keeping {
  return keepings[aggregation.op](aggregation);
}

const fold = (accumulator: Accumulator): Keeping => ({ kind: 'cells', accumulator });

const keepings: { readonly [op in RangeOp]: (aggregation: RangeAggregation) => Keeping } = {
  count_over_time: () => fold(countAccumulator(1)),
  absent_over_time: () => fold(countAccumulator(1)),
  rate: (a) => fold(a.unwrap === null ? countAccumulator(seconds(a)) : sumAccumulator(seconds(a))),
  bytes_over_time: () => fold(sumAccumulator(1)),
  bytes_rate: (a) => fold(sumAccumulator(seconds(a))),
  sum_over_time: () => fold(sumAccumulator(1)),
  avg_over_time: () => fold(averageAccumulator),
  min_over_time: () => fold(extremeAccumulator(false)),
  max_over_time: () => fold(extremeAccumulator(true)),
  stddev_over_time: () => fold(varianceAccumulator(true)),
  stdvar_over_time: () => fold(varianceAccumulator(false)),
  first_over_time: () => fold(edgeAccumulator(false)),
  last_over_time: () => fold(edgeAccumulator(true)),
  quantile_over_time: () => ({ kind: 'samples', width: 1 }),
  rate_counter: () => ({ kind: 'samples', width: counterSampleWidth }),
};

function seconds(aggregation: RangeAggregation): number {
  return Number(aggregation.rangeNs) / 1e9;
}
