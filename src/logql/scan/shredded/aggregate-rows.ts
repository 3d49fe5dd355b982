import { someShreddedRows, type ColumnNeeds, type LabelSet, type RowBlock, type RowOrder, type ShreddedRows, type ShreddedTemplate } from '../../../model/mod.ts';
import type { TextFilter } from '../../regex/mod.ts';
import { labelTest } from '../../stages/label-filter.ts';
import type { LabelsBuilder } from '../../stages/labels-builder.ts';
import type { Row } from '../../stages/stage.ts';
import type { Unwrap } from '../../syntax/mod.ts';
import { combinationsOf, type Combinations } from './combinations.ts';
import { decideFilters, PlainLabels, type Decided } from './conjuncts.ts';
import { placesOf, type Marks } from './marks.ts';
import { TemplateProgram, type ProgramStages } from './program.ts';
import { TemplateFilter } from './template-filter.ts';
import { eachRun, WantedPlaces } from './wanted.ts';

/** The scanner that gets what was found out. */
export interface AggregateSink {
  readonly filters: readonly TextFilter[];
  readonly program: ProgramStages;
  readonly builder: LabelsBuilder;
  readonly row: Row;
  readonly needs: ColumnNeeds;
  /** Whether values are the lengths of lines. */
  readonly sumsBytes: boolean;
  readonly unwrap: Unwrap | null;
  /** Labels that make the series; null where all labels may. */
  readonly grouping: readonly string[] | null;
  /** Begins with the rows of a stream. */
  enterStream(labels: LabelSet): void;
  /** The row's stages are done: the series it belongs to, -1 where it is dropped after all, or seriesByLine; its value is `value` then. */
  finishRow(): number;
  readonly value: number;
  /** As finishRow, where the value is known. */
  finishGroup(): number;
  /** The series of rows of which only the stream counts. */
  streamSeries(): number;
  add(series: number, day: number, time: number, value: number, order: RowOrder | null, row: number): void;
  addCounts(series: number, day: number, time: Float64Array, from: number, to: number): void;
  /** As RangeAggregator.addCounted and boundary. */
  addCounted(series: number, day: number, fromTime: number, toTime: number, count: number): boolean;
  boundary(day: number, time: number): number;
  /** Takes rows that passed the filters. */
  addBlock(block: RowBlock): void;
  counted(rows: number, bytes: number): void;
  matched(rows: number): void;
  /** Ends a scan that is not wanted any more. */
  hold(): void;
}

/** A row with an error has all its labels in its series, also those that nobody wants: the line must be seen. */
export const seriesByLine = -2;

const unknown = 0;
const dropped = 1;
const byLine = 2;
const firstSeries = 3;

/** Runs an aggregation over templates and columns. */
export class AggregateRows {
  readonly #sink: AggregateSink;
  #times = new Float64Array(1024);

  constructor(sink: AggregateSink) {
    this.#sink = sink;
  }

  add(rows: ShreddedRows): void {
    const sink = this.#sink;
    const { filters, program, needs } = sink;
    let count = 0;
    for (const { from, to } of rows.runs) count += to - from;
    sink.counted(count, Math.round((rows.bytes * count) / rows.rows));
    if (program.stages.length === 0 && sink.unwrap === null && !needs.metadata) {
      if (filters.length === 0) this.#addRuns(rows);
      else this.#addFiltered(rows);
      return;
    }
    const wanted = new WantedPlaces(rows);
    for (const template of rows.templates) {
      sink.hold();
      const marks = new TemplateFilter(rows, template, wanted).select(filters);
      if (marks !== 'none') this.#addTemplate(rows, template, marks);
    }
  }

  #addTemplate(rows: ShreddedRows, template: ShreddedTemplate, among: Marks): void {
    const sink = this.#sink;
    const { grouping, unwrap } = sink;
    const needed = new Set([...(grouping ?? []), ...(unwrap === null ? [] : [unwrap.label, ...unwrap.filters.flatMap((filter) => labelTest(filter).fields)])]);
    const decided = decideFilters(rows, template, sink.program, among, needed);
    if (decided.marks === 'none') return;
    const unneeded = new Set(grouping === null ? [] : decided.unneeded);
    let numbers: Float64Array | null = null;
    if (unwrap !== null && grouping !== null && unwrap.conversion === 'none' && unwrap.filters.length === 0 && decided.program.stages.slice(1).every(({ kind }) => kind === 'label_filter')) {
      numbers = PlainLabels.of(decided.program.stages, rows, template)?.column(unwrap.label)?.numbers() ?? null;
      // Its texts are made only where something else asks for them.
      if (numbers !== null && !grouping.includes(unwrap.label) && decided.program.stages.length === 1) unneeded.add(unwrap.label);
    }
    const own = TemplateProgram.make(decided.program, template, sink.builder, sink.needs.metadata, unneeded);
    if (own?.complete === true) this.#run(rows, template, own, decided, numbers);
    else this.#addLines(rows, template, placesOf(decided.marks, template.count));
  }

  /** All rows of the runs. */
  #addRuns(rows: ShreddedRows): void {
    const sink = this.#sink;
    const time = rows.time();
    for (const { stream, from, to } of rows.runs) {
      sink.enterStream(rows.streams[stream]!);
      sink.matched(to - from);
      const series = sink.streamSeries();
      if (sink.sumsBytes || sink.needs.order) this.#addEach(rows, series, Uint32Array.from({ length: to - from }, (_, i) => from + i));
      else sink.addCounts(series, rows.day, time, from, to);
    }
  }

  #addEach(rows: ShreddedRows, series: number, own: Uint32Array): void {
    const sink = this.#sink;
    const time = rows.time();
    const length = sink.sumsBytes ? rows.lineLength() : null;
    const order = sink.needs.order ? rows.order() : null;
    for (const row of own) sink.add(series, rows.day, time[row]!, length === null ? 1 : length[row]!, order, row);
  }

  /** Rows of which only the stream counts, and whether their lines pass. */
  #addFiltered(rows: ShreddedRows): void {
    const sink = this.#sink;
    const wanted = new WantedPlaces(rows);
    for (const template of rows.templates) {
      sink.hold();
      const marks = new TemplateFilter(rows, template, wanted).select(sink.filters);
      if (marks === 'none') continue;
      const places = placesOf(marks, template.count);
      const all = template.rows();
      eachRun(rows, template, places, (stream, from, to) => {
        sink.enterStream(rows.streams[stream]!);
        sink.matched(to - from);
        const series = sink.streamSeries();
        if (sink.sumsBytes || sink.needs.order) this.#addEach(rows, series, places.subarray(from, to).map((place) => all[place]!));
        else {
          const time = rows.time();
          if (this.#times.length < to - from) this.#times = new Float64Array(2 * (to - from));
          const times = this.#times;
          for (let i = from; i < to; i++) times[i - from] = time[all[places[i]!]!]!;
          sink.addCounts(series, rows.day, times, 0, to - from);
        }
      });
    }
  }

  /** Rows whose stages must see the line. */
  #addLines(rows: ShreddedRows, template: ShreddedTemplate, places: Uint32Array): void {
    const all = template.rows();
    eachRun(rows, template, places, (stream, from, to) => this.#addBlocks(rows, stream, places.subarray(from, to).map((place) => all[place]!)));
  }

  #addBlocks(rows: ShreddedRows, stream: number, own: Uint32Array): void {
    for (let at = 0; at < own.length; at += linesAtOnce) {
      const some = own.subarray(at, at + linesAtOnce);
      this.#sink.addBlock(someShreddedRows(rows, some, new Uint32Array(some.length).fill(stream), { ...this.#sink.needs, lines: true }));
    }
  }

  /**
   * Runs the stages over columns; once for each combination of values, where these are few and nothing else counts (templates of labels may ask for the time).
   * `numbers`: the values that are aggregated, where they are known.
   */
  #run(rows: ShreddedRows, template: ShreddedTemplate, program: TemplateProgram, { marks, program: { stages } }: Decided, numbers: Float64Array | null): void {
    const sink = this.#sink;
    template.want(program.columns);
    const places = placesOf(marks, template.count);
    const all = template.rows();
    const time = rows.time();
    const length = sink.sumsBytes ? rows.lineLength() : null;
    const order = sink.needs.order ? rows.order() : null;
    const texts = textsOf(template, program.columns);
    const combinations = stages.some(({ kind }) => kind === 'label_format') ? null : combinationsOf(template, program.columns);
    const { row: current } = sink;
    const counts = sink.unwrap === null && length === null && order === null;
    const seriesAt = (place: number, row: number): number => {
      current.start = 0;
      current.end = length === null ? 0 : length[row]!;
      current.day = rows.day;
      current.time = time[row]!;
      if (!program.run(current, texts(), place)) return dropped;
      const handle = numbers === null ? sink.finishRow() : sink.finishGroup();
      return handle === seriesByLine ? byLine : handle < 0 ? dropped : handle + firstSeries;
    };
    if (combinations !== null && counts) {
      this.#count(rows, places, all, template, combinations, seriesAt);
      return;
    }
    const outcome = combinations === null ? null : new Int32Array(combinations.size);
    const values = combinations === null ? null : new Float64Array(combinations.size);
    eachRun(rows, template, places, (stream, from, to) => {
      sink.enterStream(rows.streams[stream]!);
      outcome?.fill(unknown);
      let matched = 0;
      const lines: number[] = [];
      for (let i = from; i < to; i++) {
        const place = places[i]!;
        const row = all[place]!;
        const combination = combinations === null ? 0 : combinations.of[place]!;
        let series: number = outcome === null ? unknown : outcome[combination]!;
        let value = 1;
        if (series === unknown) {
          series = seriesAt(place, row);
          value = sink.value;
          if (outcome !== null) {
            outcome[combination] = series;
            values![combination] = value;
          }
        } else value = values![combination]!;
        if (series === dropped) continue;
        if (series === byLine) {
          lines.push(row);
          continue;
        }
        matched++;
        sink.add(series - firstSeries, rows.day, time[row]!, numbers !== null ? numbers[place]! : length === null ? value : length[row]!, order, row);
      }
      sink.matched(matched);
      sink.hold();
      this.#addBlocks(rows, stream, Uint32Array.from(lines));
    });
  }

  /** Counts rows by combination; within one stretch of time that counts as one, only how many there are of each matters. */
  #count(
    rows: ShreddedRows, places: Uint32Array, all: Uint32Array, template: ShreddedTemplate, { size, of }: Combinations, seriesAt: (place: number, row: number) => number,
  ): void {
    const sink = this.#sink;
    const time = rows.time();
    const outcome = new Int32Array(size);
    const counts = new Uint32Array(size);
    const met = new Uint32Array(size);
    eachRun(rows, template, places, (stream, from, to) => {
      sink.enterStream(rows.streams[stream]!);
      outcome.fill(unknown);
      let matched = 0;
      const lines: number[] = [];
      for (let i = from; i < to;) {
        const first = time[all[places[i]!]!]!;
        const boundary = sink.boundary(rows.day, first);
        let last = first;
        let known = 0;
        for (; i < to; i++) {
          const place = places[i]!;
          const row = all[place]!;
          const at = time[row]!;
          if (at >= boundary) break;
          last = at;
          const combination = of[place]!;
          let series = outcome[combination]!;
          if (series === unknown) series = outcome[combination] = seriesAt(place, row);
          if (series === byLine) lines.push(row);
          else if (counts[combination]!++ === 0) met[known++] = combination;
        }
        for (let k = 0; k < known; k++) {
          const combination = met[k]!;
          const series = outcome[combination]!;
          const count = counts[combination]!;
          counts[combination] = 0;
          if (series === dropped) continue;
          matched += count;
          if (!sink.addCounted(series - firstSeries, rows.day, first, last, count)) throw new TypeError('rows of one stretch of time count apart');
        }
      }
      sink.matched(matched);
      sink.hold();
      this.#addBlocks(rows, stream, Uint32Array.from(lines));
    });
  }
}

/** Lines that are put together at a time. */
const linesAtOnce = 8192;

/** Texts of the columns, made when they are first needed. */
export function textsOf(template: ShreddedTemplate, columns: readonly number[]): () => ReturnType<ShreddedTemplate['columns'][number]['texts']>[] {
  let texts: ReturnType<ShreddedTemplate['columns'][number]['texts']>[] | undefined;
  return () => {
    if (texts === undefined) {
      texts = [];
      for (const column of columns) texts[column] = template.columns[column]!.texts();
    }
    return texts;
  };
}
