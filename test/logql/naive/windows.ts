import type { RangeAggregationExpr } from '../../../src/logql/syntax/ast.ts';

/** A sample of a series; those of a window stand in order. */
export interface Sample {
  readonly timeNs: bigint;
  readonly value: number;
}

/** What a range aggregation is worth over the samples of one window, from its definition. */
export function naiveWindow(expr: RangeAggregationExpr, samples: readonly Sample[], endNs: bigint): number {
  const values = samples.map(({ value }) => value);
  const seconds = Number(expr.rangeNs) / 1e9;
  const sum = values.reduce((a, b) => a + b, 0);
  const mean = sum / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
  switch (expr.op) {
    case 'count_over_time':
      return values.length;
    case 'rate':
    case 'bytes_rate':
      return sum / seconds;
    case 'bytes_over_time':
    case 'sum_over_time':
      return sum;
    case 'avg_over_time':
      return mean;
    case 'min_over_time':
      return Math.min(...values);
    case 'max_over_time':
      return Math.max(...values);
    case 'stdvar_over_time':
      return variance;
    case 'stddev_over_time':
      return Math.sqrt(variance);
    case 'first_over_time':
      return values[0] as number;
    case 'last_over_time':
      return values.at(-1) as number;
    case 'quantile_over_time': {
      const sorted = values.toSorted((a, b) => a - b);
      const rank = (expr.param ?? 0) * (sorted.length - 1);
      const [low, high] = [Math.floor(rank), Math.ceil(rank)];
      return (sorted[low] as number) + ((sorted[high] as number) - (sorted[low] as number)) * (rank - low);
    }
    case 'rate_counter':
      return counterRate(samples, endNs - expr.rangeNs, endNs);
    case 'absent_over_time':
      return 1;
  }
}

/** Prometheus' rate of a counter: resets are made good, and the increase is extended to the ends of the window. */
function counterRate(samples: readonly Sample[], startNs: bigint, endNs: bigint): number {
  const [first, last] = [samples[0] as Sample, samples.at(-1) as Sample];
  if (samples.length < 2) return 0;
  let increase = last.value - first.value;
  for (const [i, { value }] of samples.entries()) {
    const before = samples[i - 1]?.value ?? value;
    if (value < before) increase += before;
  }
  const [toStart, sampled, toEnd] = [Number(first.timeNs - startNs) / 1e9, Number(last.timeNs - first.timeNs) / 1e9, Number(endNs - last.timeNs) / 1e9];
  const between = sampled / (samples.length - 1);
  let before = toStart < between * 1.1 ? toStart : between / 2;
  if (increase > 0 && first.value >= 0) before = Math.min(before, sampled * (first.value / increase));
  const after = toEnd < between * 1.1 ? toEnd : between / 2;
  return (increase * (sampled + before + after)) / sampled / (Number(endNs - startNs) / 1e9);
}
