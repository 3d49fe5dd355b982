import type { ShreddedColumn, ShreddedRows, ShreddedTemplate } from '../../../model/mod.ts';
import { labelTest, type FilteredLabels, type LabelTest } from '../../stages/label-filter.ts';
import { duplicateSuffix, errorLabel } from '../../stages/labels-builder.ts';
import { TextCache } from '../../stages/text-cache.ts';
import { parseDurationGo } from '../../template/mod.ts';
import type { CompareOp, LabelFilter, Stage } from '../../syntax/mod.ts';
import { and, type Marks } from './marks.ts';
import type { ProgramStages } from './program.ts';
import { hasByte, traceParser, type TracedLabel } from './trace.ts';

/** What is left to do after label filters were decided by columns. */
export interface Decided {
  /** Places that passed the filters which were decided. */
  readonly marks: Marks;
  readonly program: ProgramStages;
  /** Parsed labels that only those filters asked for. */
  readonly unneeded: ReadonlySet<string>;
}

/** Labels that parsing gives the rows of a template, whatever the row: each from one hole that no other label of the row can take the name of. */
export class PlainLabels {
  readonly #template: ShreddedTemplate;
  readonly #traced: readonly TracedLabel[];
  readonly #taken: ReadonlySet<string>;
  readonly #parser: Stage;

  private constructor(template: ShreddedTemplate, traced: readonly TracedLabel[], taken: ReadonlySet<string>, parser: Stage) {
    this.#template = template;
    this.#traced = traced;
    this.#taken = taken;
    this.#parser = parser;
  }

  /** Null where the stages do not begin with a parser that columns can stand for, or have another one. */
  static of(stages: readonly Stage[], rows: ShreddedRows, template: ShreddedTemplate): PlainLabels | null {
    const [first, ...others] = stages;
    if (first === undefined || !isParser(first) || others.some(isParser)) return null;
    const traced = traceParser(first, template);
    const { metadata } = template.template;
    if (traced === null || metadata === null) return null;
    const taken = new Set(metadata);
    for (const { stream } of rows.runs) for (const { name } of rows.streams[stream]!) taken.add(name);
    return new PlainLabels(template, traced, taken, first);
  }

  /** The column that has the values of a label; undefined where there is none, or more counts than its values. */
  column(name: string): ShreddedColumn | undefined {
    // A label whose name is taken gets `_extracted` behind it, as often as it needs.
    for (let own = name; ; own = own.slice(0, -duplicateSuffix.length)) {
      if (this.#taken.has(own)) return undefined;
      if (!own.endsWith(duplicateSuffix)) break;
    }
    const from = this.#traced.find((label) => label.name === name)?.from;
    if (from?.kind !== 'hole') return undefined;
    const column = this.#template.columns[from.hole]!;
    const { alphabet, lengthMin } = column.header;
    // Escapes, what is no ASCII, nulls and empty values are the parser's business.
    const isPlain = !hasByte(column, 0x5c) && alphabet.subarray(4).every((word) => word === 0) && (this.#parser.kind === 'pattern' || lengthMin > 0) && !this.#mayBeNull(from.hole);
    return isPlain ? column : undefined;
  }

  /** Whether rows may have an error before any filter. */
  get mayHaveErrors(): boolean {
    return this.#taken.has(errorLabel);
  }

  #mayBeNull(hole: number): boolean {
    const column = this.#template.heads[hole]!;
    return this.#template.template.holes[hole] === 'token' && column.header.range === null && hasByte(column, 0x6e) && hasByte(column, 0x75);
  }
}

function isParser({ kind }: Stage): boolean {
  return kind === 'json' || kind === 'logfmt' || kind === 'pattern' || kind === 'regexp' || kind === 'unpack';
}

/** Decides what it can of the label filters right behind the parser. `needed`: labels that something behind the stages asks for. */
export function decideFilters(rows: ShreddedRows, template: ShreddedTemplate, program: ProgramStages, among: Marks, needed: ReadonlySet<string>): Decided {
  const nothing: Decided = { marks: among, program, unneeded: new Set() };
  if (program.stages[1]?.kind !== 'label_filter') return nothing;
  const labels = PlainLabels.of(program.stages, rows, template);
  if (labels === null) return nothing;
  let marks = among;
  let mayHaveErrors = labels.mayHaveErrors;
  const left: number[] = [];
  const decided = new Set<string>();
  let behindOthers = false;
  for (const [i, stage] of program.stages.entries()) {
    if (i === 0) left.push(i);
    else if (stage.kind !== 'label_filter' || behindOthers) {
      behindOthers = true;
      left.push(i);
    } else {
      const passed = marks === 'none' ? 'none' : mayHaveErrors && asksForErrors(stage.filter) ? null : decide(stage.filter, labels, template.count, decided);
      if (passed === null) {
        left.push(i);
        mayHaveErrors = true;
      } else marks = and(marks, passed);
    }
  }
  const stages = left.map((i) => program.stages[i]!);
  const asked = new Set([...needed, ...stages.flatMap((stage) => (stage.kind === 'label_filter' ? labelTest(stage.filter).fields : []))]);
  // Stages of other kinds may ask for anything.
  const unneeded = stages.every(({ kind }, i) => i === 0 || kind === 'label_filter') ? new Set([...decided].filter((name) => !asked.has(name))) : new Set<string>();
  return { marks, program: { stages, compiled: left.map((i) => program.compiled[i]!) }, unneeded };
}

/** Whether it matters to a filter that a stage before it gave the row an error. */
function asksForErrors(filter: LabelFilter): boolean {
  if (filter.kind === 'and' || filter.kind === 'or') return asksForErrors(filter.left) || asksForErrors(filter.right);
  return filter.kind === 'ip_filter' || (filter.kind === 'string_filter' && filter.matcher.name === errorLabel);
}

/** Places that pass a filter; null where it must see labels. Names of what was decided go to `decided`. */
function decide(filter: LabelFilter, labels: PlainLabels, count: number, decided: Set<string>): Marks | null {
  if (filter.kind === 'and') {
    const left = decide(filter.left, labels, count, decided);
    const right = left === null ? null : decide(filter.right, labels, count, decided);
    return left === null || right === null ? null : and(left, right);
  }
  const test = labelTest(filter);
  const [name] = test.fields;
  if (test.fields.length !== 1 || name === undefined) return null;
  const column = labels.column(name);
  if (column === undefined) return null;
  const marks = byEntries(test, column, count) ?? byNumbers(filter, column, count);
  if (marks !== null) decided.add(name);
  return marks;
}

const texts = new TextCache();

/** Asks once for each distinct value. */
function byEntries(filter: LabelTest, column: ShreddedColumn, count: number): Marks | null {
  const dictionary = column.dictionary();
  if (dictionary === null) return null;
  const { entries, size } = dictionary;
  const good = new Uint8Array(size);
  let found = 0;
  let value = '';
  const one: FilteredLabels = { get: () => value, error: '', errorDetails: '' };
  for (let i = 0; i < size; i++) {
    value = texts.text(entries.bytes, entries.start[i]!, entries.start[i]! + entries.length[i]!, 'plain');
    if (filter.test(one)) {
      good[i] = 1;
      found++;
    }
    // A value that does not convert gives its row an error.
    if (one.error !== '') return null;
  }
  if (found === 0) return 'none';
  if (found === size) return 'all';
  const codes = column.codes();
  const marks = new Uint8Array(count);
  for (let place = 0; place < count; place++) marks[place] = good[codes[place]!]!;
  return marks;
}

/** Nanoseconds of Go's units of durations. */
const unitNs: ReadonlyMap<string, number> = new Map([['ns', 1], ['us', 1e3], ['ms', 1e6], ['s', 1e9], ['m', 60e9], ['h', 3600e9]]);

function byNumbers(filter: LabelFilter, column: ShreddedColumn, count: number): Marks | null {
  if (filter.kind === 'number_filter') {
    const { range } = column.header;
    if (range === null) return null;
    const certain = byRange(filter.op, filter.value, range.min, range.max);
    if (certain !== null) return certain;
    const numbers = column.numbers();
    return numbers === null ? null : compareAll(filter.op, filter.value, numbers, count);
  }
  if (filter.kind !== 'duration_filter') return null;
  const measured = column.measured();
  const unit = unitNs.get(measured?.unit ?? '');
  if (measured === null || unit === undefined) return null;
  const { numbers } = measured;
  const scaled = new Float64Array(count);
  const near: number[] = [];
  for (let place = 0; place < count; place++) {
    const ns = numbers[place]! * unit;
    if (Math.abs(ns) >= 2 ** 52) return null;
    scaled[place] = ns;
    // Go counts in whole nanoseconds and cuts off the rest: near the limit only the text can tell.
    if (!Number.isInteger(numbers[place]!) && Math.abs(ns - filter.value) < 2) near.push(place);
  }
  if (near.length > 0) {
    const { bytes, start, length } = column.textsAt(Uint32Array.from(near));
    for (const [i, place] of near.entries()) {
      const { value, error } = parseDurationGo(texts.text(bytes, start[i]!, start[i]! + length[i]!, 'plain'));
      if (error !== null) return null;
      scaled[place] = value;
    }
  }
  return compareAll(filter.op, filter.value, scaled, count);
}

function byRange(op: CompareOp, value: number, min: number, max: number): Marks | null {
  switch (op) {
    case '>':
      return min > value ? 'all' : max > value ? null : 'none';
    case '>=':
      return min >= value ? 'all' : max >= value ? null : 'none';
    case '<':
      return max < value ? 'all' : min < value ? null : 'none';
    case '<=':
      return max <= value ? 'all' : min <= value ? null : 'none';
    case '==':
      return value < min || value > max ? 'none' : null;
    case '!=':
      return value < min || value > max ? 'all' : null;
  }
}

function compareAll(op: CompareOp, value: number, numbers: Float64Array, count: number): Marks {
  const marks = new Uint8Array(count);
  let found = 0;
  for (let place = 0; place < count; place++) {
    const number = numbers[place]!;
    const passes = op === '>' ? number > value : op === '>=' ? number >= value : op === '<' ? number < value : op === '<=' ? number <= value : op === '==' ? number === value : number !== value;
    if (passes) {
      marks[place] = 1;
      found++;
    }
  }
  return found === 0 ? 'none' : found === count ? 'all' : marks;
}
