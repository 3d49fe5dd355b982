import { encodeMetadata } from '../../src/bytes/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import { newLine, unlabelled, type LineSink, type LineView } from './line.ts';
import type { MultilineBudget, MultilineCounts } from './multiline.ts';

/** Metadata of an entry that ends because of a limit (`lines`, `bytes`, `memory`), not because its text does; what follows may belong to it. */
export const multilineCutMetadataName = 'spoor_multiline_cut';

/** Why an entry was cut. */
export type CutReason = 'lines' | 'bytes' | 'memory';

const cutMetadata: Readonly<Record<CutReason, Buffer>> = {
  lines: Buffer.from(encodeMetadata([{ name: multilineCutMetadataName, value: 'lines' }])),
  bytes: Buffer.from(encodeMetadata([{ name: multilineCutMetadataName, value: 'bytes' }])),
  memory: Buffer.from(encodeMetadata([{ name: multilineCutMetadataName, value: 'memory' }])),
};

/** A line that is held: where its text begins in the group's bytes, and what it came with. */
interface HeldLine {
  readonly start: number;
  readonly end: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly file: number;
  readonly offset: number;
  readonly metadata: Uint8Array | null;
}

/** A buffer that is larger is given back when its group ends. */
const keptBytesMax = 4096;

/**
 * Lines of one stream that are held because they are, or may be, one entry. The first `confirmed` of them belong together; those behind are there on trial, and go
 * as lines of their own unless a later line confirms them.
 */
export class LineGroup {
  readonly stream: 0 | 1;
  lines = 0;
  /** Lines ever added; tells whether something came. */
  taken = 0;
  confirmed = 0;
  confirmedEnd = 0;
  /** Bytes held: the lines with a newline between each two. */
  length = 0;
  bytes: Buffer = Buffer.alloc(0);
  labels: StreamLabels = unlabelled;
  first: HeldLine | null = null;
  /** Lines that are not confirmed; with none confirmed the first is among them. */
  trial: HeldLine[] = [];
  readonly #budget: MultilineBudget;
  /** The first held line in each file that the group reaches into. */
  #firstIn: { readonly file: number; readonly offset: number }[] = [];
  #seconds = 0;
  #nanos = 0;

  constructor(stream: 0 | 1, budget: MultilineBudget) {
    this.stream = stream;
    this.#budget = budget;
  }

  /** Milliseconds by which `line` is later than the last line of the group. */
  msBefore(line: LineView): number {
    return (line.seconds - this.#seconds) * 1000 + (line.nanos - this.#nanos) / 1e6;
  }

  /** Offset of the first held line in a file; null where none is. */
  heldFrom(file: number): number | null {
    for (const first of this.#firstIn) if (first.file === file) return first.offset;
    return null;
  }

  /** Adds a copy of a line; false where the budget has no room for it. A confirmed line confirms those before it. */
  add(line: LineView, confirmed: boolean): boolean {
    const size = line.end - line.start;
    const start = this.lines === 0 ? 0 : this.length + 1;
    if (!this.#reserve(start + size)) return false;
    if (this.lines > 0) this.bytes[this.length] = 0x0a;
    line.bytes.copy(this.bytes, start, line.start, line.end);
    this.length = start + size;
    this.lines++;
    this.taken++;
    this.#seconds = line.seconds;
    this.#nanos = line.nanos;
    if (this.heldFrom(line.file) === null) this.#firstIn.push({ file: line.file, offset: line.offset });
    if (this.first === null || !confirmed) {
      const held: HeldLine = {
        start, end: this.length, seconds: line.seconds, nanos: line.nanos, file: line.file, offset: line.offset,
        metadata: line.metadata === null ? null : Buffer.from(line.metadata),
      };
      if (this.first === null) {
        this.first = held;
        this.labels = line.labels;
      }
      if (!confirmed) this.trial.push(held);
    }
    if (confirmed) {
      this.confirmed = this.lines;
      this.confirmedEnd = this.length;
      if (this.trial.length > 0) this.trial = [];
    }
    return true;
  }

  clear(): void {
    this.lines = 0;
    this.confirmed = 0;
    this.confirmedEnd = 0;
    this.length = 0;
    this.first = null;
    if (this.trial.length > 0) this.trial = [];
    if (this.#firstIn.length > 0) this.#firstIn = [];
    if (this.bytes.length <= keptBytesMax) return;
    this.#budget.bytes -= this.bytes.length;
    this.bytes = Buffer.alloc(0);
  }

  #reserve(length: number): boolean {
    if (length <= this.bytes.length) return true;
    const size = Math.max(1024, 2 ** Math.ceil(Math.log2(length)));
    if (this.#budget.bytes + size - this.bytes.length > this.#budget.bytesMax) return false;
    this.#budget.bytes += size - this.bytes.length;
    const grown = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    return true;
  }
}

/** Hands on what groups hold. One line object serves all of a stage. */
export class GroupEmitter {
  readonly #counts: MultilineCounts;
  readonly #line: LineView = newLine();

  constructor(counts: MultilineCounts) {
    this.#counts = counts;
  }

  /** Ends a group: its confirmed lines are one entry, the others entries of their own. */
  end(group: LineGroup, next: LineSink): void {
    this.#emit(group, null, next);
  }

  /** Ends a group for the sake of a limit. */
  cut(group: LineGroup, reason: CutReason, next: LineSink): void {
    if (group.lines === 0) return;
    if (group.confirmed > 0) {
      this.#counts.cut++;
      if (reason === 'memory') this.#counts.cutForMemory++;
    }
    this.#emit(group, reason, next);
  }

  #emit(group: LineGroup, reason: CutReason | null, next: LineSink): void {
    const { first, confirmed, trial } = group;
    if (first !== null && confirmed > 0) {
      if (confirmed > 1) {
        this.#counts.joined++;
        this.#counts.joinedLines += confirmed;
      }
      this.#send(group, first, group.confirmedEnd, reason === null ? first.metadata : mark(first.metadata, reason), next);
    }
    for (const held of trial) this.#send(group, held, held.end, held.metadata, next);
    group.clear();
  }

  #send(group: LineGroup, held: HeldLine, end: number, metadata: Uint8Array | null, next: LineSink): void {
    const line = this.#line;
    line.stream = group.stream;
    line.seconds = held.seconds;
    line.nanos = held.nanos;
    line.bytes = group.bytes;
    line.start = held.start;
    line.end = end;
    line.metadata = metadata;
    line.file = held.file;
    line.offset = held.offset;
    line.labels = group.labels;
    line.fields = null;
    line.level = null;
    line.trace = null;
    next(line);
  }
}

/** Metadata is sorted by name, and `spoor_multiline_cut` comes after the names that the joiner of partial lines gives. */
function mark(metadata: Uint8Array | null, reason: CutReason): Buffer {
  return metadata === null ? cutMetadata[reason] : Buffer.concat([metadata, cutMetadata[reason]]);
}
