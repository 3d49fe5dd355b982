import { asBuffer } from '../../bytes/mod.ts';
import { formatLabels, type LabelSet, type Matcher, type RowBlock, type RowOrder, type ShreddedRows } from '../../model/mod.ts';
import { createRangeAggregator } from '../functions/create.ts';
import { placeOf, type RangeAggregator } from '../functions/range-aggregator.ts';
import { Holding, rowsPerCheck } from '../control.ts';
import type { RangeAggregation } from '../plan/aggregation.ts';
import { compileMatcher, type TextFilter } from '../regex/mod.ts';
import type { Partial, ScanTask } from '../source.ts';
import { compilePipeline } from '../stages/compile.ts';
import { labelNeeds } from '../stages/hints.ts';
import type { GroupedLabels } from '../stages/label-tables.ts';
import { LabelsBuilder } from '../stages/labels-builder.ts';
import { Row, type CompiledStage } from '../stages/stage.ts';
import { compileUnwrap, type CompiledUnwrap } from '../stages/unwrap.ts';
import { BlockLines } from './block-lines.ts';
import type { Stage, Unwrap } from '../syntax/mod.ts';
import { splitStages } from './leading.ts';
import type { BlockScanner, ScanNeeds } from './scanner.ts';
import { LineSelector } from './select.ts';
import { AggregateRows, seriesByLine, type AggregateSink } from './shredded/aggregate-rows.ts';
import { StatsCounter } from './stats.ts';
import { streamOrder } from './stream-order.ts';

/** Gathers the samples of a range aggregation. */
export class AggregateScanner implements BlockScanner {
  readonly needs: ScanNeeds;
  readonly #selector: LineSelector;
  readonly #stages: readonly CompiledStage[];
  readonly #unwrap: CompiledUnwrap | null;
  /** Labels of `by (…)`; null for all others. */
  readonly #by: readonly string[] | null;
  readonly #sumsBytes: boolean;
  readonly #builder: LabelsBuilder;
  readonly #row: Row;
  readonly #aggregator: RangeAggregator;
  readonly #holding: Holding;
  #processed = 0;
  /** The aggregator's handle by the builder's number of the series. */
  readonly #handles: number[] = [];
  readonly #stats = new StatsCounter();
  readonly #shredded: AggregateRows;
  #times = new Float64Array(1024);
  #streamOrder = 0;

  constructor(task: ScanTask, aggregation: RangeAggregation) {
    const { filters, rest } = splitStages(task.stages);
    const { op, unwrap } = aggregation;
    this.#holding = new Holding(task.control);
    const labels = labelNeeds(aggregation);
    this.#selector = new LineSelector(filters);
    this.#builder = new LabelsBuilder(labels);
    this.#row = new Row(this.#builder);
    this.#stages = compilePipeline(rest, this.#builder, unwrap);
    this.#unwrap = unwrap === null ? null : compileUnwrap(unwrap);
    this.#by = labels.grouping !== null && !labels.grouping.without ? labels.grouping.labels : null;
    this.#sumsBytes = op === 'bytes_over_time' || op === 'bytes_rate';
    this.#aggregator = createRangeAggregator(aggregation);
    const lines = !this.#selector.selectsAll || this.#stages.some(({ usesLine }) => usesLine);
    this.needs = {
      order: op === 'first_over_time' || op === 'last_over_time' || op === 'rate_counter',
      lineLength: this.#sumsBytes && !lines,
      lines,
      metadata: unwrap !== null || this.#stages.some(({ usesLabels }) => usesLabels) || !alwaysInStream(this.#by, task.matchers),
    };
    this.#shredded = new AggregateRows(this.#sink(filters, rest, unwrap));
  }

  addShredded(rows: ShreddedRows): void {
    this.#shredded.add(rows);
    this.#hold();
  }

  /** Counts rows of a stream of which no more is known than how many they are and when: false where the task must see them. */
  addCounted(labels: LabelSet, day: number, fromTime: number, toTime: number, rows: number, bytes: number): boolean {
    const { lines, lineLength, metadata, order } = this.needs;
    if (lines || lineLength || metadata || order || this.#stages.length > 0 || this.#unwrap !== null) return false;
    this.#builder.resetStream(labels);
    this.#builder.resetRow(null, 0, 0);
    if (!this.#aggregator.addCounted(this.#handle(this.#builder.groupedResult()), day, fromTime, toTime, rows)) return false;
    this.#stats.counted(rows, bytes);
    this.#stats.matched(rows);
    return true;
  }

  #sink(filters: readonly TextFilter[], stages: readonly Stage[], unwrapping: Unwrap | null): AggregateSink {
    const unwrap = this.#unwrap;
    const builder = this.#builder;
    const aggregator = this.#aggregator;
    const sink = {
      filters,
      program: { stages, compiled: this.#stages },
      builder,
      row: this.#row,
      needs: this.needs,
      sumsBytes: this.#sumsBytes,
      unwrap: unwrapping,
      grouping: this.#by,
      value: 1,
      enterStream: (labels: LabelSet): void => {
        builder.resetStream(labels);
        if (this.needs.order) this.#streamOrder = streamOrder(labels);
      },
      finishRow: (): number => {
        if (unwrap !== null) {
          if (!unwrap.process(this.#row)) return -1;
          sink.value = unwrap.value;
        }
        if (builder.hasError) return seriesByLine;
        return this.#handle(builder.groupedResult());
      },
      finishGroup: (): number => (builder.hasError ? seriesByLine : this.#handle(builder.groupedResult())),
      addCounted: (series: number, day: number, fromTime: number, toTime: number, count: number): boolean => aggregator.addCounted(series, day, fromTime, toTime, count),
      boundary: (day: number, time: number): number => aggregator.boundary(day, time),
      streamSeries: (): number => {
        builder.resetRow(null, 0, 0);
        return this.#handle(builder.groupedResult());
      },
      add: (series: number, day: number, time: number, value: number, order: RowOrder | null, row: number): void => {
        if (order === null) aggregator.add(series, day, time, value, 0, 0, 0);
        else aggregator.add(series, day, time, value, this.#streamOrder, order.position[row]!, placeOf(order.index[row]!, order.partition[row]!));
      },
      addCounts: (series: number, day: number, time: Float64Array, from: number, to: number): void => aggregator.addCounts(series, day, time, from, to),
      addBlock: (block: RowBlock): void => this.#addRows(block, null),
      counted: (rows: number, bytes: number): void => this.#stats.counted(rows, bytes),
      matched: (rows: number): void => this.#stats.matched(rows),
      hold: (): void => this.#hold(),
    };
    return sink;
  }

  add(block: RowBlock): void {
    if (block.rows === 0) return;
    this.#stats.block(block);
    const selected = this.#selector.selectsAll ? null : this.#selector.select(new BlockLines(wanted(block.lines), block.rows), this.#holding);
    this.#addRows(block, selected);
    this.#hold();
  }

  /** Rows that passed the filters; null: all. */
  #addRows(block: RowBlock, selected: Uint32Array | null): void {
    const count = selected === null ? block.rows : selected.length;
    for (let from = 0; from < count; ) {
      const stream = block.stream[selected === null ? from : selected[from]!]!;
      let to = from + 1;
      while (to < count && block.stream[selected === null ? to : selected[to]!] === stream) to++;
      this.#run(block, selected, from, to, block.streams[stream]!);
      from = to;
    }
  }

  /** Ends a scan that is not wanted any more, and one that holds too much. */
  #hold(): void {
    this.#holding.checkStop();
    this.#holding.hold(this.#aggregator.heldBytes);
  }

  /** Rows at places from … to, which are of one stream. */
  #run(block: RowBlock, selected: Uint32Array | null, from: number, to: number, labels: LabelSet): void {
    this.#builder.resetStream(labels);
    if (this.needs.order) this.#streamOrder = streamOrder(labels);
    if (this.#stages.length > 0 || this.#unwrap !== null) {
      for (let i = from; i < to; i++) this.#process(block, selected === null ? i : selected[i]!);
      return;
    }
    this.#stats.matched(to - from);
    this.#builder.resetRow(null, 0, 0);
    const series = this.#handle(this.#builder.groupedResult());
    const { metadata } = block;
    if (metadata === null || this.#by?.every((name) => labels.some((label) => label.name === name)) === true) {
      this.#addAll(block, selected, from, to, series);
      return;
    }
    // Rows with metadata may be of other series; those between them are added together.
    const bytes = asBuffer(metadata.bytes);
    let open = from;
    for (let i = from; i < to; i++) {
      const row = selected === null ? i : selected[i]!;
      const length = metadata.length[row]!;
      if (length === 0) continue;
      this.#builder.resetRow(bytes, metadata.start[row]!, length);
      const own = this.#handle(this.#builder.groupedResult());
      if (own === series) continue;
      if (i > open) this.#addAll(block, selected, open, i, series);
      this.#addAll(block, selected, i, i + 1, own);
      open = i + 1;
    }
    if (to > open) this.#addAll(block, selected, open, to, series);
  }

  /** Adds rows that no stage looks at one by one. */
  #addAll(block: RowBlock, selected: Uint32Array | null, from: number, to: number, series: number): void {
    if (this.#sumsBytes) {
      const length = wanted(block.lines?.length ?? block.lineLength);
      for (let i = from; i < to; i++) {
        const row = selected === null ? i : selected[i]!;
        this.#aggregator.add(series, block.day, block.time[row]!, length[row]!, 0, 0, 0);
      }
      return;
    }
    if (selected === null) {
      this.#aggregator.addCounts(series, block.day, block.time, from, to);
      return;
    }
    if (this.#times.length < to - from) this.#times = new Float64Array(2 * (to - from));
    const times = this.#times;
    for (let i = from; i < to; i++) times[i - from] = block.time[selected[i]!]!;
    this.#aggregator.addCounts(series, block.day, times, 0, to - from);
  }

  #process(block: RowBlock, at: number): void {
    if (++this.#processed % rowsPerCheck === 0) this.#hold();
    const row = this.#row;
    const { lines, metadata, lineLength, order } = block;
    if (lines !== null) {
      row.bytes = asBuffer(lines.bytes);
      row.start = lines.start[at]!;
      row.end = row.start + lines.length[at]!;
    } else {
      row.start = 0;
      row.end = lineLength === null ? 0 : lineLength[at]!;
    }
    row.day = block.day;
    row.time = block.time[at]!;
    this.#builder.resetRow(metadata === null ? null : asBuffer(metadata.bytes), metadata === null ? 0 : metadata.start[at]!, metadata === null ? 0 : metadata.length[at]!);
    for (const stage of this.#stages) if (!stage.process(row)) return;
    if (this.#unwrap !== null && !this.#unwrap.process(row)) return;
    this.#stats.matched(1);
    const value = this.#unwrap !== null ? this.#unwrap.value : this.#sumsBytes ? row.end - row.start : 1;
    const series = this.#handle(this.#builder.groupedResult());
    if (order === null) this.#aggregator.add(series, row.day, row.time, value, 0, 0, 0);
    else this.#aggregator.add(series, row.day, row.time, value, this.#streamOrder, order.position[at]!, placeOf(order.index[at]!, order.partition[at]!));
  }

  #handle(group: GroupedLabels): number {
    let handle = this.#handles[group.id];
    if (handle === undefined) {
      handle = this.#aggregator.series(formatLabels(group.labels), group.labels);
      this.#handles[group.id] = handle;
    }
    return handle;
  }

  boundNs(): null {
    return null;
  }

  finish(): Partial {
    return { kind: 'partial', stats: this.#stats.stats, series: this.#aggregator.finish() };
  }
}

/** Whether `by` names only labels that every stream has which the matchers accept, so that metadata changes no series. */
function alwaysInStream(by: readonly string[] | null, matchers: readonly Matcher[]): boolean {
  if (by === null) return false;
  return by.every((name) => matchers.some((matcher) => matcher.name === name && !compileMatcher(matcher).matchesEmpty));
}

function wanted<T>(column: T | null | undefined): T {
  if (column === null || column === undefined) throw new TypeError('a block lacks a column that the scan needs');
  return column;
}
