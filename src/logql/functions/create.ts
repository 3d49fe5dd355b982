import { SpoorError, type LabelSet } from '../../model/mod.ts';
import type { RangeAggregation } from '../plan/aggregation.ts';
import type { PartialSeries } from '../source.ts';
import type { Accumulator } from './accumulator.ts';
import { CellTable } from './cells.ts';
import { aggregateCellsMax, aggregateSamplesMax, aggregateSeriesMax } from './limits.ts';
import { keepingOf } from './operators.ts';
import type { RangeAggregator } from './range-aggregator.ts';
import { counterSampleWidth } from './rate-counter.ts';
import type { SeriesState } from './state.ts';
import { WindowLayout } from './windows.ts';

/**
 * The aggregator of a range aggregation. Throws `max_query_series` and `query_memory` from series() and add() where the
 * aggregation's series limit or the memory limits (functions/limits.ts) are passed.
 */
export function createRangeAggregator(aggregation: RangeAggregation): RangeAggregator {
  const keeping = keepingOf(aggregation);
  return keeping.kind === 'cells' ? new CellAggregator(aggregation, keeping.accumulator) : new SampleAggregator(aggregation, keeping.width);
}

/** Memory of a series' labels besides their text, and of the number of a cell, about. */
const seriesBytes = 512;
const cellBytes = 24;

/** Numbers the series by their labels and the cells by series and bucket. */
abstract class TableAggregator implements RangeAggregator {
  protected readonly layout: WindowLayout;
  protected readonly table = new CellTable();
  readonly #byKey = new Map<string, number>();
  readonly #labels: LabelSet[] = [];
  readonly #seriesMax: number;
  /** 1 for series that have a cell; their number. */
  readonly #seen: number[] = [];
  #live = 0;
  #labelBytes = 0;

  constructor(aggregation: RangeAggregation) {
    this.layout = new WindowLayout(aggregation);
    this.#seriesMax = aggregation.seriesMax;
  }

  series(key: string, labels: LabelSet): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const handle = this.#labels.length;
    if (handle >= aggregateSeriesMax) throw new SpoorError('query_memory', { what: 'series', count: aggregateSeriesMax, limit: 'aggregate_series_max' });
    this.#seen.push(0);
    this.#byKey.set(key, handle);
    this.#labels.push(labels);
    this.#labelBytes += 3 * key.length + seriesBytes;
    return handle;
  }

  abstract add(series: number, day: number, time: number, value: number, stream: number, position: number, place: number): void;

  addCounts(series: number, day: number, time: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) this.add(series, day, time[i] as number, 1, 0, 0, i);
  }

  get heldBytes(): number {
    return this.#labelBytes + this.table.count * cellBytes + this.valueBytes;
  }

  /** Memory of what the cells hold. */
  protected abstract readonly valueBytes: number;

  boundary(day: number, time: number): number {
    this.layout.locate(day, time);
    return this.layout.boundary;
  }

  addCounted(_series: number, _day: number, _fromTime: number, _toTime: number, _count: number): boolean {
    return false;
  }

  protected abstract stateOf(cells: Int32Array): SeriesState;

  finish(): readonly PartialSeries[] {
    const result: PartialSeries[] = [];
    const lists = this.table.bySeries(this.#labels.length);
    for (const [handle, labels] of this.#labels.entries()) {
      const cells = lists[handle] as Int32Array;
      // A series whose samples lie in no window is none.
      if (cells.length > 0) result.push({ labels, state: this.stateOf(cells) });
    }
    return result;
  }

  /** The cell of a sample, or -1 where no window holds it. */
  protected locate(series: number, day: number, time: number): number {
    const bucket = this.layout.locate(day, time);
    if (bucket < 0) return -1;
    const before = this.table.count;
    const cell = this.table.find(series, bucket);
    if (cell === before) {
      if (cell >= aggregateCellsMax) throw new SpoorError('query_memory', { what: 'points', count: aggregateCellsMax, limit: 'aggregate_cells_max' });
      if (this.#seen[series] !== 1) {
        this.#seen[series] = 1;
        checkSeriesMax(++this.#live, this.#seriesMax);
      }
    }
    return cell;
  }
}

/** Throws `max_query_series` where `count` is over `limit` (0 is none). */
export function checkSeriesMax(count: number, limit: number): void {
  if (limit > 0 && count > limit) throw new SpoorError('max_query_series', { limit });
}

class CellAggregator extends TableAggregator {
  readonly #accumulator: Accumulator;
  readonly #width: number;
  #cells: Float64Array<ArrayBuffer>;

  /** Whether it counts samples, whatever their values. */
  readonly #counts: boolean;

  constructor(aggregation: RangeAggregation, accumulator: Accumulator) {
    super(aggregation);
    this.#counts = aggregation.unwrap === null && (aggregation.op === 'count_over_time' || aggregation.op === 'rate' || aggregation.op === 'absent_over_time');
    this.#accumulator = accumulator;
    this.#width = accumulator.width;
    this.#cells = new Float64Array(256 * this.#width);
  }

  protected get valueBytes(): number {
    return this.#cells.byteLength;
  }

  add(series: number, day: number, time: number, value: number, stream: number, position: number, place: number): void {
    const before = this.table.count;
    const cell = this.locate(series, day, time);
    if (cell < 0) return;
    const at = cell * this.#width;
    if (cell === before) {
      this.#reserve(at + this.#width);
      this.#accumulator.start(this.#cells, at, value, day, time, stream, position, place);
    } else this.#accumulator.add(this.#cells, at, value, day, time, stream, position, place);
  }

  override addCounts(series: number, day: number, time: Float64Array, from: number, to: number): void {
    if (this.#width !== 1) {
      super.addCounts(series, day, time, from, to);
      return;
    }
    // Rows of one bucket stand together: one addition per bucket.
    for (let i = from; i < to; ) {
      const before = this.table.count;
      const cell = this.locate(series, day, time[i] as number);
      const next = firstAtOrAfter(time, i + 1, to, this.layout.boundary);
      if (cell >= 0) {
        this.#reserve(cell + 1);
        if (cell === before) this.#cells[cell] = 0;
        this.#cells[cell] = (this.#cells[cell] as number) + (next - i);
      }
      i = next;
    }
  }

  override addCounted(series: number, day: number, fromTime: number, toTime: number, count: number): boolean {
    if (!this.#counts) return false;
    this.layout.locate(day, fromTime);
    if (toTime >= this.layout.boundary) return false;
    const before = this.table.count;
    const cell = this.locate(series, day, fromTime);
    if (cell < 0) return true;
    this.#reserve(cell + 1);
    this.#cells[cell] = (cell === before ? 0 : (this.#cells[cell] as number)) + count;
    return true;
  }

  protected stateOf(list: Int32Array): SeriesState {
    const width = this.#width;
    const cells = new Float64Array(list.length * width);
    const buckets = new Int32Array(list.length);
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as number;
      buckets[i] = this.table.buckets[cell] as number;
      for (let field = 0; field < width; field++) cells[i * width + field] = this.#cells[cell * width + field] as number;
    }
    return { kind: 'cells', buckets, cells };
  }

  #reserve(length: number): void {
    if (length <= this.#cells.length) return;
    const grown = new Float64Array(Math.max(length, this.#cells.length * 2));
    grown.set(this.#cells);
    this.#cells = grown;
  }
}

class SampleAggregator extends TableAggregator {
  readonly #width: number;
  #count = 0;
  #cellOf: Int32Array<ArrayBuffer> = new Int32Array(1024);
  #samples: Float64Array<ArrayBuffer>;
  /** Per cell its samples; made by finish. */
  #startOf: Int32Array = new Int32Array(0);
  #order: Int32Array = new Int32Array(0);

  constructor(aggregation: RangeAggregation, width: number) {
    super(aggregation);
    this.#width = width;
    this.#samples = new Float64Array(1024 * width);
  }

  protected get valueBytes(): number {
    return this.#cellOf.byteLength + this.#samples.byteLength;
  }

  add(series: number, day: number, time: number, value: number, stream: number, position: number, place: number): void {
    const cell = this.locate(series, day, time);
    if (cell < 0) return;
    const i = this.#count++;
    if (i >= this.#cellOf.length) this.#grow();
    this.#cellOf[i] = cell;
    const at = i * this.#width;
    this.#samples[at] = value;
    if (this.#width === counterSampleWidth) {
      this.#samples[at + 1] = day;
      this.#samples[at + 2] = time;
      this.#samples[at + 3] = stream;
      this.#samples[at + 4] = position;
      this.#samples[at + 5] = place;
    }
  }

  override finish(): readonly PartialSeries[] {
    this.#startOf = new Int32Array(this.table.count + 1);
    for (let i = 0; i < this.#count; i++) {
      const cell = (this.#cellOf[i] as number) + 1;
      this.#startOf[cell] = (this.#startOf[cell] as number) + 1;
    }
    for (let cell = 0; cell < this.table.count; cell++) this.#startOf[cell + 1] = (this.#startOf[cell + 1] as number) + (this.#startOf[cell] as number);
    const at = this.#startOf.slice();
    this.#order = new Int32Array(this.#count);
    for (let i = 0; i < this.#count; i++) {
      const cell = this.#cellOf[i] as number;
      this.#order[at[cell] as number] = i;
      at[cell] = (at[cell] as number) + 1;
    }
    return super.finish();
  }

  protected stateOf(list: Int32Array): SeriesState {
    const buckets = new Int32Array(list.length);
    const counts = new Int32Array(list.length);
    let total = 0;
    for (const [i, cell] of list.entries()) {
      buckets[i] = this.table.buckets[cell] as number;
      const count = (this.#startOf[cell + 1] as number) - (this.#startOf[cell] as number);
      counts[i] = count;
      total += count;
    }
    const width = this.#width;
    const samples = new Float64Array(total * width);
    let to = 0;
    for (const cell of list) {
      for (let i = this.#startOf[cell] as number; i < (this.#startOf[cell + 1] as number); i++) {
        const from = (this.#order[i] as number) * width;
        for (let field = 0; field < width; field++) samples[to++] = this.#samples[from + field] as number;
      }
    }
    return { kind: 'samples', buckets, counts, samples };
  }

  #grow(): void {
    const length = this.#cellOf.length * 2;
    if (length > aggregateSamplesMax) throw new SpoorError('query_memory', { what: 'samples', count: aggregateSamplesMax, limit: 'aggregate_samples_max' });
    const cellOf = new Int32Array(length);
    cellOf.set(this.#cellOf);
    this.#cellOf = cellOf;
    const samples = new Float64Array(length * this.#width);
    samples.set(this.#samples);
    this.#samples = samples;
  }
}

/** The first index in [from, to) whose time is at least `bound`, or `to`; gallops, as runs are often short. */
function firstAtOrAfter(time: Float64Array, from: number, to: number, bound: number): number {
  let low = from;
  let width = 1;
  while (low + width < to && (time[low + width] as number) < bound) {
    low += width;
    width *= 2;
  }
  let high = Math.min(to, low + width);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
