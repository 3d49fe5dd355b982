import { dayOf, dayStartNs, SpoorError } from '../../model/mod.ts';
import type { RangeAggregation } from '../plan/aggregation.ts';
import type { Partial } from '../source.ts';
import type { Accumulator } from './accumulator.ts';
import { matrixPointsMax } from './limits.ts';
import type { Matrix, Series } from './matrix.ts';
import { runningSums } from './merge.ts';
import { keepingOf } from './operators.ts';
import { QuantileWindow } from './quantile.ts';
import { counterAccumulator, counterSampleWidth, extrapolatedRate } from './rate-counter.ts';
import { stateOf, type SeriesState } from './state.ts';
import { WindowLayout } from './windows.ts';

/** The values of a range aggregation at its evaluation times, from all its samples (mergePartials). Series without a value are left out. */
export function finishRange(aggregation: RangeAggregation, partial: Partial): Matrix {
  const layout = new WindowLayout(aggregation);
  const steps = aggregation.steps;
  checkMatrixPoints(partial.series.length, steps);
  const keeping = keepingOf(aggregation);
  const series: Series[] = [];
  for (const one of partial.series) {
    const { labels } = one;
    const state = stateOf(one);
    const values = new Float64Array(steps);
    const present = new Uint8Array(steps);
    if (state.kind === 'cells') {
      if (keeping.kind === 'cells') slide(layout, state.buckets, state.cells, keeping.accumulator, (step, cells) => {
        values[step] = keeping.accumulator.result(cells, 0);
        present[step] = 1;
      });
    } else if (aggregation.op === 'quantile_over_time') quantiles(layout, state, aggregation.param ?? Number.NaN, values, present);
    else counterRates(layout, state, aggregation, values, present);
    series.push({ labels, values, present });
  }
  return { steps, series };
}

/** Throws `query_memory` where a result would be too large to hold. */
export function checkMatrixPoints(seriesCount: number, steps: number): void {
  if (seriesCount * steps > matrixPointsMax) throw new SpoorError('query_memory', { what: 'points', count: matrixPointsMax, limit: 'matrix_points_max' });
}

/**
 * Combines the buckets of each window, in order, and hands over those that hold samples. Two stacks: each bucket is combined a
 * constant number of times, and nothing is ever subtracted, so that no precision is lost however many windows a sample lies in.
 */
function slide(layout: WindowLayout, buckets: Int32Array, cells: Float64Array, accumulator: Accumulator, take: (step: number, window: Float64Array) => void): void {
  const { width } = accumulator;
  const { steps } = layout;
  // suffix[i] combines i … frontEnd - 1; back combines frontEnd … high - 1.
  const suffix = new Float64Array(cells.length);
  const back = new Float64Array(width);
  const window = new Float64Array(width);
  let low = 0;
  let frontEnd = 0;
  let high = 0;
  for (let step = 0; step < steps; step++) {
    const [first, last] = [layout.low(step), layout.high(step)];
    while (high < buckets.length && (buckets[high] as number) <= last) {
      if (high === frontEnd) back.set(cells.subarray(high * width, (high + 1) * width));
      else accumulator.combine(back, 0, cells, high * width);
      high++;
    }
    while (low < high && (buckets[low] as number) < first) low++;
    if (low >= high) {
      frontEnd = low = high;
      continue;
    }
    if (low >= frontEnd) {
      for (let i = high - 1; i >= low; i--) {
        suffix.set(cells.subarray(i * width, (i + 1) * width), i * width);
        if (i < high - 1) accumulator.combine(suffix, i * width, suffix, (i + 1) * width);
      }
      frontEnd = high;
    }
    window.set(suffix.subarray(low * width, (low + 1) * width));
    if (high > frontEnd) accumulator.combine(window, 0, back, 0);
    take(step, window);
  }
}

type SamplesState = SeriesState & { readonly kind: 'samples' };

function quantiles(layout: WindowLayout, state: SamplesState, q: number, values: Float64Array, present: Uint8Array): void {
  const starts = runningSums(state.counts);
  const window = new QuantileWindow(state.samples);
  let low = 0;
  let high = 0;
  for (let step = 0; step < layout.steps; step++) {
    const [first, last] = [layout.low(step), layout.high(step)];
    for (; high < state.buckets.length && (state.buckets[high] as number) <= last; high++) {
      for (let i = starts[high] as number; i < (starts[high + 1] as number); i++) window.move(i, 1);
    }
    for (; low < high && (state.buckets[low] as number) < first; low++) {
      for (let i = starts[low] as number; i < (starts[low + 1] as number); i++) window.move(i, -1);
    }
    if (low === high) continue;
    values[step] = window.quantile(q);
    present[step] = 1;
  }
}

function counterRates(layout: WindowLayout, state: SamplesState, aggregation: RangeAggregation, values: Float64Array, present: Uint8Array): void {
  const { width } = counterAccumulator;
  const { samples } = state;
  const field = (sample: number, at: number): number => samples[sample * counterSampleWidth + at] as number;
  const cells = new Float64Array(state.buckets.length * width);
  const starts = runningSums(state.counts);
  for (let bucket = 0; bucket < state.buckets.length; bucket++) {
    const order = Array.from({ length: state.counts[bucket] as number }, (_, i) => (starts[bucket] as number) + i);
    order.sort((a, b) => {
      for (let at = 1; at < counterSampleWidth; at++) {
        const difference = field(a, at) - field(b, at);
        if (difference !== 0) return difference;
      }
      return 0;
    });
    for (const [i, sample] of order.entries()) {
      const [value, day, time] = [field(sample, 0), field(sample, 1), field(sample, 2)];
      if (i === 0) counterAccumulator.start(cells, bucket * width, value, day, time, 0, 0, 0);
      else counterAccumulator.add(cells, bucket * width, value, day, time, 0, 0, 0);
    }
  }
  const rangeNs = Number(aggregation.rangeNs);
  slide(layout, state.buckets, cells, counterAccumulator, (step, window) => {
    const endNs = aggregation.startNs + BigInt(step) * aggregation.stepNs;
    const endDay = dayOf(endNs);
    values[step] = extrapolatedRate(window, 0, rangeNs, endDay, Number(endNs - dayStartNs(endDay)));
    present[step] = 1;
  });
}
