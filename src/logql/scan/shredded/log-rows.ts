import { someShreddedRows, type ColumnNeeds, type RowBlock, type ShreddedRows, type ShreddedTemplate } from '../../../model/mod.ts';
import type { TextFilter } from '../../regex/mod.ts';
import { compilePipeline } from '../../stages/compile.ts';
import type { LabelNeeds } from '../../stages/hints.ts';
import { labelTest } from '../../stages/label-filter.ts';
import { duplicateSuffix, LabelsBuilder } from '../../stages/labels-builder.ts';
import { Row } from '../../stages/stage.ts';
import type { Stage } from '../../syntax/mod.ts';
import { textsOf } from './aggregate-rows.ts';
import { decideFilters } from './conjuncts.ts';
import { combinationsOf } from './combinations.ts';
import { marksOf, placesOf, type Marks } from './marks.ts';
import { TemplateProgram, type ProgramStages } from './program.ts';
import { TemplateFilter } from './template-filter.ts';
import { eachRun, WantedPlaces } from './wanted.ts';

/** The scanner that gets the rows. */
export interface LogSink {
  readonly filters: readonly TextFilter[];
  /** Stages behind the filters. */
  readonly stages: readonly Stage[];
  readonly needs: ColumnNeeds;
  readonly backward: boolean;
  /** Rows wanted at most; 0 is all. */
  readonly limit: number;
  /** Whether a row of that time comes too late to be returned. */
  isBeyond(day: number, time: number): boolean;
  /** Takes rows that passed the filters, which run through all stages. */
  addBlock(block: RowBlock): void;
  counted(rows: number, bytes: number): void;
  hold(): void;
}

/** Lines that are put together at a time. */
const linesAtOnce = 4096;

/**
 * Finds the rows of a log task among templates and columns: line filters and label filters drop rows by columns, and only lines of rows that are left, and are
 * not too late, are put together and run through the stages as any other.
 */
export class LogRows {
  readonly #sink: LogSink;
  /** Stages that columns can decide; null where there are none. */
  readonly #deciding: { readonly program: ProgramStages; readonly builder: LabelsBuilder; readonly row: Row } | null;

  constructor(sink: LogSink) {
    this.#sink = sink;
    const stages = decidingStages(sink.stages);
    if (stages.length === 0) this.#deciding = null;
    else {
      const required = requiredNames(stages.flatMap((stage) => (stage.kind === 'label_filter' ? labelTest(stage.filter).fields : [])));
      const builder = new LabelsBuilder({ ...filteredOnly, required });
      this.#deciding = { program: { stages, compiled: compilePipeline(stages, builder, null) }, builder, row: new Row(builder) };
    }
  }

  add(rows: ShreddedRows): void {
    const sink = this.#sink;
    let count = 0;
    for (const { from, to } of rows.runs) count += to - from;
    sink.counted(count, Math.round((rows.bytes * count) / rows.rows));
    if (sink.filters.length === 0 && this.#deciding === null) {
      this.#take(rows, null);
      return;
    }
    const wanted = new WantedPlaces(rows);
    let passed: Uint8Array | null = null;
    for (const template of rows.templates) {
      sink.hold();
      let marks = new TemplateFilter(rows, template, wanted).select(sink.filters);
      if (marks !== 'none') marks = this.#decide(rows, template, marks);
      if (marks === 'none') continue;
      passed ??= new Uint8Array(rows.rows);
      const all = template.rows();
      for (const place of placesOf(marks, template.count)) passed[all[place]!] = 1;
    }
    if (passed !== null) this.#take(rows, passed);
  }

  /** Drops places that label filters refuse. */
  #decide(rows: ShreddedRows, template: ShreddedTemplate, among: Marks): Marks {
    if (this.#deciding === null) return among;
    const { program: stages, builder, row } = this.#deciding;
    const decided = decideFilters(rows, template, stages, among, noNames);
    const { marks } = decided;
    if (marks === 'none' || decided.program.stages.every(({ kind }) => kind !== 'label_filter')) return marks;
    const program = TemplateProgram.make(decided.program, template, builder, true, decided.unneeded);
    if (program === null) return marks;
    template.want(program.columns);
    const places = placesOf(marks, template.count);
    const texts = textsOf(template, program.columns);
    const combinations = combinationsOf(template, program.columns);
    const outcome = combinations === null ? null : new Uint8Array(combinations.size);
    const kept: number[] = [];
    eachRun(rows, template, places, (stream, from, to) => {
      builder.resetStream(rows.streams[stream]!);
      outcome?.fill(0);
      for (let i = from; i < to; i++) {
        const place = places[i]!;
        const combination = combinations === null ? 0 : combinations.of[place]!;
        let known: number = outcome === null ? 0 : outcome[combination]!;
        if (known === 0) {
          known = program.run(row, texts(), place) ? 1 : 2;
          if (outcome !== null) outcome[combination] = known;
        }
        if (known === 1) kept.push(place);
      }
      this.#sink.hold();
    });
    return marksOf(kept, template.count);
  }

  /** Hands on the rows that are marked (null: all that are wanted), those first that are wanted first, until the rest is too late. */
  #take(rows: ShreddedRows, passed: Uint8Array | null): void {
    const sink = this.#sink;
    const time = rows.time();
    const picked: number[] = [];
    for (const { from, to } of rows.runs) {
      for (let row = from; row < to; row++) if ((passed === null || passed[row] === 1) && !sink.isBeyond(rows.day, time[row]!)) picked.push(row);
    }
    if (picked.length === 0) return;
    const streamOf = new Uint32Array(rows.rows);
    for (const { stream, from, to } of rows.runs) streamOf.fill(stream, from, to);
    const order = Uint32Array.from(picked);
    if (sink.limit > 0 && order.length > linesMin) order.sort((a, b) => (sink.backward ? time[b]! - time[a]! : time[a]! - time[b]!) || a - b);
    for (let at = 0; at < order.length;) {
      if (sink.limit > 0 && sink.isBeyond(rows.day, time[order[at]!]!)) return;
      // With a limit no more lines than that are put together before it is known which are still wanted; rows of the same time stay together.
      let to = Math.min(order.length, at + (sink.limit > 0 ? Math.min(linesAtOnce, Math.max(linesMin, sink.limit)) : linesAtOnce));
      while (to < order.length && time[order[to]!] === time[order[to - 1]!]) to++;
      const some = order.slice(at, to).sort();
      sink.addBlock(someShreddedRows(rows, some, some.map((row) => streamOf[row]!), sink.needs));
      sink.hold();
      at = to;
    }
  }
}

/** The names, and those which labels go by that get one of these only because their own is taken. */
function requiredNames(fields: readonly string[]): readonly string[] {
  const names = new Set(fields);
  for (const name of names) if (name.endsWith(duplicateSuffix)) names.add(name.slice(0, -duplicateSuffix.length));
  return [...names];
}

const linesMin = 64;
const noNames: ReadonlySet<string> = new Set();

const filteredOnly: LabelNeeds = { required: null, skipParsers: false, grouping: null, keepErrors: false, filterWhileParsing: true };

/** The stages up to the last label filter before one that gives rows other labels than parsers do. */
function decidingStages(stages: readonly Stage[]): readonly Stage[] {
  const end = stages.findIndex(({ kind }) => !(kind === 'json' || kind === 'logfmt' || kind === 'pattern' || kind === 'label_filter'));
  const some = end < 0 ? stages : stages.slice(0, end);
  return some.slice(0, some.findLastIndex(({ kind }) => kind === 'label_filter') + 1);
}
