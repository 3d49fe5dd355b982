import { formatLabels, type LabelSet } from '../../model/mod.ts';
import type { RangeAggregation } from '../plan/aggregation.ts';
import type { Partial, PartialSeries, ScanStats } from '../source.ts';
import { addReads } from '../read-stats.ts';
import type { Accumulator } from './accumulator.ts';
import { checkSeriesMax } from './create.ts';
import { keepingOf } from './operators.ts';
import { stateOf, type SeriesState } from './state.ts';

/** Nothing read. */
export const noStats: ScanStats = { rows: 0, bytes: 0, rowsMatched: 0 };

/** The sum of what two scans cost. */
export function addStats(a: ScanStats, b: ScanStats): ScanStats {
  return { rows: a.rows + b.rows, bytes: a.bytes + b.bytes, rowsMatched: a.rowsMatched + b.rowsMatched, ...addReads(a.read, b.read) };
}

/**
 * Merges the partials of one range aggregation, in any order and grouping, into one. Throws `max_query_series` where together they
 * have more series than the aggregation's limit.
 */
export function mergePartials(aggregation: RangeAggregation, partials: readonly Partial[]): Partial {
  const [only] = partials;
  if (only !== undefined && partials.length === 1) return only;
  let stats = noStats;
  const groups = new Map<string, { readonly labels: LabelSet; readonly states: SeriesState[] }>();
  for (const partial of partials) {
    stats = addStats(stats, partial.stats);
    for (const series of partial.series) {
      const key = formatLabels(series.labels);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { labels: series.labels, states: [stateOf(series)] });
      else group.states.push(stateOf(series));
    }
    checkSeriesMax(groups.size, aggregation.seriesMax);
  }
  const keeping = keepingOf(aggregation);
  const series: PartialSeries[] = [];
  for (const { labels, states } of groups.values()) {
    let merged = states[0] as SeriesState;
    if (states.length > 1) merged = keeping.kind === 'cells' ? mergeCells(states, keeping.accumulator) : mergeSamples(states, keeping.width);
    series.push({ labels, state: merged });
  }
  return { kind: 'partial', stats, series };
}

/** The (state, index) pairs of all buckets, in the order of the buckets; of equal ones the earlier state first. */
function bucketOrder(states: readonly SeriesState[]): { readonly stateIndex: Int32Array; readonly at: Int32Array } {
  let total = 0;
  for (const state of states) total += state.buckets.length;
  const stateIndex = new Int32Array(total);
  const at = new Int32Array(total);
  const bucket = new Int32Array(total);
  let n = 0;
  for (const [s, state] of states.entries()) {
    for (let i = 0; i < state.buckets.length; i++, n++) {
      stateIndex[n] = s;
      at[n] = i;
      bucket[n] = state.buckets[i] as number;
    }
  }
  const order = new Uint32Array(total);
  for (let i = 0; i < total; i++) order[i] = i;
  order.sort((a, b) => (bucket[a] as number) - (bucket[b] as number) || a - b);
  return { stateIndex: Int32Array.from(order, (i) => stateIndex[i] as number), at: Int32Array.from(order, (i) => at[i] as number) };
}

function mergeCells(states: readonly SeriesState[], accumulator: Accumulator): SeriesState {
  const { width } = accumulator;
  const order = bucketOrder(states);
  const buckets = new Int32Array(order.at.length);
  const cells = new Float64Array(order.at.length * width);
  let count = 0;
  for (let i = 0; i < order.at.length; i++) {
    const state = states[order.stateIndex[i] as number] as SeriesState;
    if (state.kind !== 'cells') continue;
    const from = order.at[i] as number;
    const bucket = state.buckets[from] as number;
    if (count > 0 && buckets[count - 1] === bucket) accumulator.combine(cells, (count - 1) * width, state.cells, from * width);
    else {
      buckets[count] = bucket;
      cells.set(state.cells.subarray(from * width, (from + 1) * width), count * width);
      count++;
    }
  }
  return { kind: 'cells', buckets: buckets.slice(0, count), cells: cells.slice(0, count * width) };
}

function mergeSamples(states: readonly SeriesState[], width: number): SeriesState {
  const order = bucketOrder(states);
  const starts = states.map((state) => (state.kind === 'samples' ? runningSums(state.counts) : new Int32Array(1)));
  const buckets = new Int32Array(order.at.length);
  const counts = new Int32Array(order.at.length);
  const total = states.reduce((sum, state) => sum + (state.kind === 'samples' ? state.samples.length : 0), 0);
  const samples = new Float64Array(total);
  let count = 0;
  let to = 0;
  for (let i = 0; i < order.at.length; i++) {
    const s = order.stateIndex[i] as number;
    const state = states[s] as SeriesState;
    if (state.kind !== 'samples') continue;
    const at = order.at[i] as number;
    const bucket = state.buckets[at] as number;
    if (count === 0 || buckets[count - 1] !== bucket) buckets[count++] = bucket;
    const [from, end] = [(starts[s] as Int32Array)[at] as number, (starts[s] as Int32Array)[at + 1] as number];
    counts[count - 1] = (counts[count - 1] as number) + (end - from);
    samples.set(state.samples.subarray(from * width, end * width), to);
    to += (end - from) * width;
  }
  return { kind: 'samples', buckets: buckets.slice(0, count), counts: counts.slice(0, count), samples };
}

/** [0, counts[0], counts[0] + counts[1], …]. */
export function runningSums(counts: Int32Array): Int32Array {
  const sums = new Int32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) sums[i + 1] = (sums[i] as number) + (counts[i] as number);
  return sums;
}
