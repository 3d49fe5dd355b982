import { asBuffer } from '../../bytes/mod.ts';
import { dayStartNs, someShreddedRows, type RowBlock, type ShreddedRows } from '../../model/mod.ts';
import { Holding, rowsPerCheck } from '../control.ts';
import { PatternClusters } from '../patterns/clusters.ts';
import { LevelReader } from '../patterns/levels.ts';
import { shreddedLevels } from '../patterns/shredded-levels.ts';
import type { Partial, PatternsOutput, ScanTask } from '../source.ts';
import { BlockLines } from './block-lines.ts';
import { splitStages } from './leading.ts';
import type { BlockScanner, ScanNeeds } from './scanner.ts';
import { LineSelector } from './select.ts';
import { StatsCounter } from './stats.ts';

/** Finds the patterns of lines. The partial has one series without labels, whose state is a PatternsState. */
export class PatternsScanner implements BlockScanner {
  readonly needs: ScanNeeds = { order: false, lineLength: false, lines: true, metadata: true };
  readonly #selector: LineSelector;
  readonly #stepNs: bigint;
  readonly #firstStep: bigint;
  readonly #oneOf: number;
  readonly #clusters = new PatternClusters();
  readonly #levels = new LevelReader();
  readonly #holding: Holding;
  readonly #stats = new StatsCounter();

  constructor(task: ScanTask, output: PatternsOutput) {
    this.#holding = new Holding(task.control);
    this.#selector = new LineSelector(splitStages(task.stages).filters);
    this.#stepNs = output.stepNs;
    this.#firstStep = floorDivide(task.startNs, output.stepNs);
    this.#oneOf = output.oneOf;
  }

  add(block: RowBlock): void {
    this.#add(block, null);
  }

  /** Only the lines of rows that are looked at are put together, and of their metadata only the level is read. */
  addShredded(group: ShreddedRows): void {
    let count = 0;
    for (const { from, to } of group.runs) count += to - from;
    const rows = new Uint32Array(count);
    const streams = new Uint32Array(count);
    const time = this.#oneOf > 1 ? group.time() : null;
    const length = this.#oneOf > 1 ? group.lineLength() : null;
    let kept = 0;
    for (const { stream, from, to } of group.runs) {
      for (let row = from; row < to; row++) {
        if (time !== null && length !== null && !isSampled(time[row]!, length[row]!, this.#oneOf)) continue;
        rows[kept] = row;
        streams[kept++] = stream;
      }
    }
    const own = rows.subarray(0, kept);
    const levels = shreddedLevels(group, this.#levels);
    const block = someShreddedRows(group, own, streams.subarray(0, kept), { ...this.needs, metadata: levels === null });
    this.#add(block, levels === null ? null : Uint8Array.from(own, (row) => levels[row]!));
  }

  /** `levels` are those of the rows, where they are known. */
  #add(block: RowBlock, levels: Uint8Array | null): void {
    const { rows, lines, metadata, time } = block;
    if (rows === 0) return;
    if (lines === null) throw new TypeError('a scan for patterns needs lines');
    this.#stats.block(block);
    const selected = this.#selector.selectsAll ? null : this.#selector.select(new BlockLines(lines, rows), this.#holding);
    const count = selected?.length ?? rows;
    this.#stats.matched(count);
    const metadataBytes = metadata === null ? null : asBuffer(metadata.bytes);
    // Steps begin at multiples of the step since 1970; the day may begin within one.
    const step = Number(this.#stepNs);
    const dayNs = dayStartNs(block.day);
    const dayStep = floorDivide(dayNs, this.#stepNs);
    const offset = Number(dayNs - dayStep * this.#stepNs);
    const first = Number(dayStep - this.#firstStep);
    for (let i = 0; i < count; i++) {
      if (i % rowsPerCheck === 0) this.#holding.checkStop();
      const row = selected === null ? i : selected[i]!;
      if (this.#oneOf > 1 && !isSampled(time[row]!, lines.length[row]!, this.#oneOf)) continue;
      const length = metadata === null ? 0 : metadata.length[row]!;
      let level = levels === null ? 0 : levels[row]!;
      if (metadataBytes !== null && length > 0) level = this.#levels.read(metadataBytes, metadata!.start[row]!, length);
      this.#clusters.addLine(lines, row, level, first + Math.floor((offset + time[row]!) / step));
    }
    this.#holding.hold(this.#clusters.heldBytes);
  }

  boundNs(): null {
    return null;
  }

  finish(): Partial {
    return { kind: 'partial', stats: this.#stats.stats, series: [{ labels: [], state: this.#clusters.finish() }] };
  }
}

function floorDivide(value: bigint, unit: bigint): bigint {
  return (value - (((value % unit) + unit) % unit)) / unit;
}

/** Whether a row is the one of `oneOf` that is looked at: a question of its time and length only, so that it is the same row however the work is spread. */
function isSampled(time: number, length: number, oneOf: number): boolean {
  let hash = Math.imul((time % 0x1_0000_0000) ^ Math.floor(time / 0x1_0000_0000), 0x85ebca6b) ^ Math.imul(length, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return (hash >>> 0) % oneOf === 0;
}
