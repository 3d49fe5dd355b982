import type { RangeAggregation } from '../../../src/logql/plan/aggregation.ts';

/** A sample as a test makes it. */
export interface Sample {
  readonly timeNs: bigint;
  readonly value: number;
  readonly position: number;
}

/** What an aggregation is worth at each step, from its definition: the samples of (t - range, t], in order of time, one after another. */
export function naiveRange(aggregation: RangeAggregation, samples: readonly Sample[]): (number | null)[] {
  const ordered = [...samples].sort((a, b) => (a.timeNs === b.timeNs ? a.position - b.position : a.timeNs < b.timeNs ? -1 : 1));
  return Array.from({ length: aggregation.steps }, (_, step) => {
    const end = aggregation.startNs + BigInt(step) * aggregation.stepNs;
    const inWindow = ordered.filter((sample) => sample.timeNs > end - aggregation.rangeNs && sample.timeNs <= end);
    return inWindow.length === 0 ? null : naiveWindow(aggregation, inWindow, end);
  });
}

function naiveWindow(aggregation: RangeAggregation, samples: readonly Sample[], end: bigint): number {
  const values = samples.map((sample) => sample.value);
  const seconds = Number(aggregation.rangeNs) / 1e9;
  const sum = values.reduce((a, b) => a + b, 0);
  const mean = sum / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
  switch (aggregation.op) {
    case 'count_over_time':
      return values.length;
    case 'absent_over_time':
      return values.length;
    case 'rate':
      return (aggregation.unwrap === null ? values.length : sum) / seconds;
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
      const sorted = [...values].sort((a, b) => a - b);
      const rank = (aggregation.param ?? 0) * (sorted.length - 1);
      const low = Math.floor(rank);
      const high = Math.min(low + 1, sorted.length - 1);
      return (sorted[low] as number) * (1 - (rank - low)) + (sorted[high] as number) * (rank - low);
    }
    case 'rate_counter':
      return naiveCounterRate(samples, end, aggregation.rangeNs);
  }
}

function naiveCounterRate(samples: readonly Sample[], end: bigint, rangeNs: bigint): number {
  if (samples.length < 2) return 0;
  const [first, last] = [samples[0] as Sample, samples.at(-1) as Sample];
  let increase = last.value - first.value;
  for (let i = 1; i < samples.length; i++) {
    const before = (samples[i - 1] as Sample).value;
    if ((samples[i] as Sample).value < before) increase += before;
  }
  const sampled = Number(last.timeNs - first.timeNs) / 1e9;
  const between = sampled / (samples.length - 1);
  let toStart = Number(first.timeNs - (end - rangeNs)) / 1e9;
  let toEnd = Number(end - last.timeNs) / 1e9;
  if (toStart >= between * 1.1) toStart = between / 2;
  if (increase > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / increase));
  if (toEnd >= between * 1.1) toEnd = between / 2;
  return (increase * ((sampled + toStart + toEnd) / sampled)) / (Number(rangeNs) / 1e9);
}
