import { asBuffer } from '../../bytes/mod.ts';
import { formatLabels, type LabelSet, type RowBlock, type ShreddedRows } from '../../model/mod.ts';
import { Holding, rowsPerCheck } from '../control.ts';
import type { Batch, LogOutput, OutputLabels, ScanTask } from '../source.ts';
import { compilePipeline } from '../stages/compile.ts';
import { allLabels } from '../stages/hints.ts';
import { LabelsBuilder } from '../stages/labels-builder.ts';
import { Row, type CompiledStage } from '../stages/stage.ts';
import type { Stage } from '../syntax/mod.ts';
import { BlockLines } from './block-lines.ts';
import { Candidates } from './candidates.ts';
import { splitStages } from './leading.ts';
import { outputRows } from './merge.ts';
import type { BlockScanner, ScanNeeds } from './scanner.ts';
import { LineSelector } from './select.ts';
import { LogRows } from './shredded/log-rows.ts';
import { StatsCounter } from './stats.ts';
import { WantedRows } from './wanted-rows.ts';

/** Stages that can make rows of one stream equal that were not. */
const mergingStages: ReadonlySet<Stage['kind']> = new Set(['drop', 'keep', 'line_format', 'label_format', 'unpack', 'decolorize']);
/** Stages that can give rows of different streams the same labels. */
const relabelling: ReadonlySet<Stage['kind']> = new Set(['drop', 'keep', 'label_format']);

/** Whether stages can make rows of one stream equal that were not; equal rows count once. */
export function isCollapsing(stages: readonly Stage[]): boolean {
  return stages.some(({ kind }) => mergingStages.has(kind));
}

/** What a set of labels takes in memory, about. */
const labelsBytes = 512;

/** Finds the rows of a log task. */
export class LogScanner implements BlockScanner {
  readonly needs: ScanNeeds = { order: true, lineLength: false, lines: true, metadata: true };
  readonly #backward: boolean;
  readonly #selector: LineSelector;
  readonly #stages: readonly CompiledStage[];
  readonly #builder = new LabelsBuilder(allLabels);
  readonly #row = new Row(this.#builder);
  readonly #candidates: Candidates;
  readonly #settleAt: number;
  readonly #settleAtBytes: number;
  readonly #wanted: WantedRows | null;
  readonly #tellOrigins: boolean;
  readonly #stats = new StatsCounter();
  readonly #labels: OutputLabels[] = [];
  /** Index in `#labels` by the builder's number of the labels; one table per origin where origins are told. */
  #indices: number[] = [];
  readonly #indicesByOrigin = new Map<string, number[]>();
  #origin: LabelSet | undefined;
  readonly #shredded: LogRows;
  readonly #holding: Holding;
  #taken = 0;

  constructor(task: ScanTask, output: LogOutput) {
    const { filters, rest } = splitStages(task.stages);
    this.#holding = new Holding(task.control);
    this.#selector = new LineSelector(filters);
    this.#stages = compilePipeline(rest, this.#builder, null);
    this.#backward = output.direction === 'backward';
    this.#tellOrigins = rest.some(({ kind }) => relabelling.has(kind));
    this.#candidates = new Candidates(this.#backward, output.limit, isCollapsing(rest), this.#labels, output.bytesMax);
    this.#settleAt = output.limit > 0 ? 2 * output.limit + 256 : Infinity;
    this.#settleAtBytes = output.bytesMax ?? Infinity;
    this.#shredded = new LogRows({
      filters,
      stages: rest,
      needs: this.needs,
      backward: this.#backward,
      limit: output.limit,
      isBeyond: (day, time) => this.#candidates.isBeyond(day, time),
      addBlock: (block) => this.#addRows(block, null),
      counted: (rows, bytes) => this.#stats.counted(rows, bytes),
      hold: () => this.#hold(),
    });
    this.#wanted = output.after === undefined && output.upTo === undefined ? null : new WantedRows(output);
  }

  addShredded(rows: ShreddedRows): void {
    this.#shredded.add(rows);
    this.#hold();
  }

  add(block: RowBlock): void {
    if (block.rows === 0) return;
    if (block.lines === null) throw new TypeError('a log scan needs lines');
    this.#stats.block(block);
    if (this.#allBeyond(block)) return;
    this.#addRows(block, this.#selector.selectsAll ? null : this.#selector.select(new BlockLines(block.lines, block.rows), this.#holding));
    this.#hold();
  }

  /** Rows that passed the filters; null: all. */
  #addRows(block: RowBlock, selected: Uint32Array | null): void {
    const { lines, order } = block;
    if (lines === null || order === null) throw new TypeError('a log scan needs lines and order');
    const bytes = asBuffer(lines.bytes);
    const count = selected === null ? block.rows : selected.length;
    // Rows of a stream are taken from the end that is wanted, so that the rest can be left as soon as enough were found.
    for (let i = this.#backward ? count - 1 : 0; i >= 0 && i < count; ) {
      const stream = block.stream[selected === null ? i : selected[i]!]!;
      i = this.#run(block, bytes, selected, i, count, stream);
    }
    this.#candidates.settle();
  }

  /** Ends a scan that is not wanted any more, and one that holds too much. */
  #hold(): void {
    this.#holding.checkStop();
    this.#holding.hold(this.#candidates.heldBytes + this.#labels.length * labelsBytes);
  }

  #allBeyond(block: RowBlock): boolean {
    for (let row = 0; row < block.rows; row++) if (!this.#candidates.isBeyond(block.day, block.time[row]!)) return false;
    return true;
  }

  /** The selected rows of one stream from place `from` on; the place of the first of the next stream. */
  #run(block: RowBlock, bytes: Buffer, selected: Uint32Array | null, from: number, count: number, stream: number): number {
    const labels = block.streams[stream]!;
    this.#builder.resetStream(labels);
    this.#wanted?.enterStream(labels);
    if (this.#tellOrigins) this.#enterOrigin(labels);
    const step = this.#backward ? -1 : 1;
    let beyond = false;
    let i = from;
    for (; i >= 0 && i < count; i += step) {
      const row = selected === null ? i : selected[i]!;
      if (block.stream[row] !== stream) break;
      beyond ||= this.#candidates.isBeyond(block.day, block.time[row]!);
      if (!beyond && (this.#wanted === null || this.#wanted.wants(block, row))) this.#take(block, bytes, row);
    }
    return i;
  }

  #enterOrigin(origin: LabelSet): void {
    this.#origin = origin;
    const key = formatLabels(origin);
    let indices = this.#indicesByOrigin.get(key);
    if (indices === undefined) {
      indices = [];
      this.#indicesByOrigin.set(key, indices);
    }
    this.#indices = indices;
  }

  #take(block: RowBlock, bytes: Buffer, at: number): void {
    if (++this.#taken % rowsPerCheck === 0) this.#hold();
    const row = this.#row;
    const lines = block.lines!;
    const order = block.order!;
    row.bytes = bytes;
    row.start = lines.start[at]!;
    row.end = row.start + lines.length[at]!;
    row.day = block.day;
    row.time = block.time[at]!;
    const { metadata } = block;
    this.#builder.resetRow(metadata === null ? null : asBuffer(metadata.bytes), metadata === null ? 0 : metadata.start[at]!, metadata === null ? 0 : metadata.length[at]!);
    for (const stage of this.#stages) if (!stage.process(row)) return;
    this.#stats.matched(1);
    const line = row.bytes.subarray(row.start, row.end);
    this.#candidates.push(block.day, row.time, order.position[at]!, order.index[at]!, order.partition[at]!, this.#labelsIndex(), line);
    if (this.#candidates.length >= this.#settleAt || this.#candidates.unsettledBytes >= this.#settleAtBytes) this.#candidates.settle();
  }

  #labelsIndex(): number {
    const result = this.#builder.result();
    let index = this.#indices[result.id];
    if (index === undefined) {
      const { stream, structuredMetadata, parsed } = result;
      const categories = { stream, structuredMetadata, parsed };
      index = this.#labels.push(this.#origin === undefined ? categories : { ...categories, origin: this.#origin }) - 1;
      this.#indices[result.id] = index;
    }
    return index;
  }

  boundNs(): bigint | null {
    return this.#candidates.boundNs;
  }

  finish(): Batch {
    this.#candidates.settle();
    return { kind: 'batch', stats: this.#stats.stats, ...outputRows(this.#candidates, this.#labels), full: this.#candidates.full };
  }
}
