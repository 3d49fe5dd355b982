import type { Clock } from '../../../src/model/mod.ts';
import type { StreamLabels } from '../../buffer/batch.ts';
import { newLine, type LineSink, type LineView } from '../../join/line.ts';
import type { ShapeCounts } from '../counts.ts';
import { countDropped } from '../counts.ts';
import { Threshold, type Randomness } from '../randomness.ts';
import { traceDropped, traceKept, traceSampled, type Decision, type Decisions } from './decisions.ts';
import { FileOrder } from './file-order.ts';
import { HeldLines, nowhere, type Address } from './held-lines.ts';
import { Interned } from './interned.ts';
import { randomnessOfKey, readTraceKey } from './trace-key.ts';
import { TraceTable } from './trace-table.ts';
import { Watermark, type Progress } from './watermark.ts';

/** Why a trace is kept whole; 0 is no reason yet. */
export type Mark = 0 | 1 | 2 | 3;
export const errorMark: Mark = 1;
export const slowMark: Mark = 2;
export const ruleMark: Mark = 3;

export interface TailSamplerOptions {
  /** How long the lines of a trace are waited for, in the time of the logs, from its first line on. */
  readonly windowMs: number;
  /** Fraction kept of the traces that nothing speaks for. */
  readonly fraction: number;
  /** A trace whose lines span at least this is slow; Infinity for never. */
  readonly slowMs: number;
  /** Memory for held lines. */
  readonly bytesMax: number;
  /** Traces that are open at a time. */
  readonly tracesMax: number;
}

/** Gives a line the weight that it has: metadata `spoor_sample_rate`, the fraction that was kept. */
export type Weigh = (line: LineView, fraction: number) => void;

/** A container's end of the sampler. */
export interface TailPort extends Progress {
  next: LineSink | null;
  readonly number: number;
  /** Lines that are held. */
  held: number;
  closed: boolean;
}

const levels: readonly (string | null)[] = [null, 'trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal'];

/**
 * Holds the lines of traces, of all containers of the node, until it is decided whether the trace is kept: whole, if one of its lines is marked or they span long; else by a hash of its ID. A trace is
 * decided when every container that is behind has been read `windowMs` beyond its first line, as the lines' own times tell, so that catching up after an outage decides as well as following
 * along. Where memory is full, the oldest traces are decided early, by what is known of them.
 */
export class TailSampler {
  readonly #options: TailSamplerOptions;
  readonly #counts: ShapeCounts;
  readonly #clock: Clock;
  readonly #decisions: Decisions;
  readonly #weigh: Weigh;
  readonly #threshold: Threshold;
  readonly #lines: HeldLines;
  readonly #order: FileOrder;
  readonly #table = new TraceTable();
  readonly #ports: (TailPort | null)[] = [];
  readonly #labels = new Interned<StreamLabels>();
  readonly #watermark: Watermark;
  readonly #key = new Uint32Array(4);
  readonly #randomness: Randomness = { high: 0, low: 0 };
  readonly #line = newLine();
  readonly #due: number[] = [];
  // Columns by entry of the table.
  #first = new Float64Array(0);
  #last = new Float64Array(0);
  #firstMs = new Float64Array(0);
  #lastMs = new Float64Array(0);
  #openedMs = new Float64Array(0);
  #marks = new Uint8Array(0);

  constructor(options: TailSamplerOptions, decisions: Decisions, weigh: Weigh, clock: Clock, counts: ShapeCounts) {
    this.#options = options;
    this.#decisions = decisions;
    this.#weigh = weigh;
    this.#clock = clock;
    this.#counts = counts;
    this.#threshold = new Threshold(options.fraction);
    this.#lines = new HeldLines(options.bytesMax);
    this.#order = new FileOrder(this.#lines);
    this.#watermark = new Watermark(clock);
  }

  /** Bytes of memory for held lines, open traces and decisions. */
  get memoryBytes(): number {
    const columns = this.#first.byteLength + this.#last.byteLength + this.#firstMs.byteLength + this.#lastMs.byteLength + this.#openedMs.byteLength + this.#marks.byteLength;
    return this.#lines.bytes + this.#table.memoryBytes + columns + this.#decisions.memoryBytes;
  }

  /** A port for a container. */
  open(): TailPort {
    const free = this.#ports.indexOf(null);
    const port: TailPort = { next: null, number: free < 0 ? this.#ports.length : free, held: 0, closed: false, lastMs: -Infinity, behind: false };
    this.#ports[port.number] = port;
    return port;
  }

  /** Nothing more comes through a port. Its lines stay until their traces are decided: those of a container that crashed are wanted most. */
  close(port: TailPort): void {
    port.closed = true;
    port.behind = false;
    if (port.held === 0) this.#ports[port.number] = null;
  }

  /** Sees how far a container was read; every line is told, also one without a trace ID. Milliseconds since the epoch. */
  saw(port: TailPort, line: LineView): number {
    const nowMs = this.#clock.nowMs();
    const lineMs = Math.min(nowMs, line.seconds * 1000 + line.nanos / 1e6);
    this.#watermark.saw(port, lineMs, nowMs);
    return lineMs;
  }

  /** Takes a line that has a trace ID. */
  take(port: TailPort, line: LineView, mark: Mark, next: LineSink): void {
    port.next = next;
    const lineMs = this.saw(port, line);
    const key = this.#key;
    readTraceKey(line.trace ?? '', key);
    let entry = this.#table.find(key);
    if (entry < 0) {
      const decided = this.#decisions.find(key);
      if (decided !== undefined) {
        this.#counts.tail.late++;
        this.#follow(decided, line, next);
        return;
      }
    }
    if (!this.#lines.fits(line) || (entry < 0 && this.#table.size >= this.#options.tracesMax)) {
      this.#makeRoom(line);
      entry = this.#table.find(key);
      if (entry < 0) {
        const decided = this.#decisions.find(key);
        // Its trace was the oldest one, or there is room for nothing at all.
        if (decided !== undefined || !this.#lines.fits(line)) {
          this.#follow(decided ?? this.#decideAlone(key, mark), line, next);
          return;
        }
      }
    }
    if (entry < 0) entry = this.#open(key, lineMs);
    this.#hold(port, line, entry);
    this.#firstMs[entry] = Math.min(this.#firstMs[entry]!, lineMs);
    this.#lastMs[entry] = Math.max(this.#lastMs[entry]!, lineMs);
    if (mark !== 0 && (this.#marks[entry] === 0 || this.#marks[entry]! > mark)) this.#marks[entry] = mark;
  }

  /** Decides what is due; cheap, may be called for each container. `caughtUp`: all that is in the container's files was read. */
  tick(port: TailPort, caughtUp: boolean): void {
    port.behind = !caughtUp;
    this.look();
  }

  /** Decides what is due, also where no container is left that would ask. */
  look(): void {
    if (this.#watermark.tick()) this.#advance();
  }

  /** Offset of the first line that is held of a file and stream; null where none is. */
  heldFrom(file: number, stream: number): number | null {
    return this.#order.first(file, stream);
  }

  #open(key: Uint32Array, lineMs: number): number {
    const entry = this.#table.add(key);
    if (entry >= this.#first.length) this.#grow(this.#table.capacity);
    this.#first[entry] = nowhere;
    this.#last[entry] = nowhere;
    this.#firstMs[entry] = lineMs;
    this.#lastMs[entry] = lineMs;
    this.#openedMs[entry] = this.#watermark.readingMs;
    this.#marks[entry] = 0;
    this.#counts.tail.openTraces = this.#table.size;
    return entry;
  }

  #hold(port: TailPort, line: LineView, entry: number): void {
    const level = line.level === null ? 0 : Math.max(0, levels.indexOf(line.level));
    const address = this.#lines.add(line, this.#labels.take(line.labels), port.number, level);
    const last = this.#last[entry]!;
    if (last === nowhere) this.#first[entry] = address;
    else this.#lines.setNextOfTrace(last, address);
    this.#last[entry] = address;
    this.#order.add(address, line.file, line.stream);
    port.held++;
    this.#countHeld();
  }

  #countHeld(): void {
    const { tail } = this.#counts;
    tail.heldLines = this.#lines.lines;
    tail.heldBytes = this.#lines.bytes;
    if (tail.heldBytes > tail.heldBytesPeak) tail.heldBytesPeak = tail.heldBytes;
  }

  /** Decides traces whose window is over. */
  #advance(): void {
    const due = this.#watermark.value(this.#ports) - this.#options.windowMs;
    // Whatever clocks do: what was waited for that long is not waited for any longer.
    const given = this.#watermark.readingMs - Math.max(readingMsMin, this.#options.windowMs * 4);
    for (let entry = this.#table.oldest; entry >= 0 && (this.#firstMs[entry]! <= due || this.#openedMs[entry]! <= given); entry = this.#table.oldest) this.#decide(entry);
    this.#release();
  }

  /** Decides the oldest traces until there is room for the line and for a trace. */
  #makeRoom(line: LineView): void {
    while (this.#table.oldest >= 0 && (this.#table.size >= this.#options.tracesMax || !this.#lines.fits(line))) {
      // Several at a time, so that their decisions are written at once.
      for (let i = 0; i < earlyTraces && this.#table.oldest >= 0; i++) {
        this.#counts.tail.early++;
        this.#decide(this.#table.oldest);
      }
      this.#release();
    }
  }

  /** Decides a trace and takes it out of the table; its lines go with #release. */
  #decide(entry: number): void {
    const { tail } = this.#counts;
    const keys = this.#table.keys;
    let mark = this.#marks[entry] as Mark;
    if (mark === 0 && this.#lastMs[entry]! - this.#firstMs[entry]! >= this.#options.slowMs) mark = slowMark;
    const decision = this.#judge(keys, entry * 4, mark);
    if (decision === traceDropped) tail.dropped++;
    else if (decision === traceSampled) tail.keptByFraction++;
    else if (mark === errorMark) tail.keptByError++;
    else if (mark === slowMark) tail.keptBySlow++;
    else tail.keptByRule++;
    this.#decisions.add(keys, entry * 4, decision);
    this.#due.push(this.#first[entry]!, decision);
    this.#table.remove(entry);
    tail.openTraces = this.#table.size;
  }

  #judge(key: Uint32Array, at: number, mark: Mark): Decision {
    if (mark !== 0) return traceKept;
    randomnessOfKey(key, at, this.#randomness);
    return this.#threshold.keeps(this.#randomness) ? traceSampled : traceDropped;
  }

  /** A trace of which a single line is known, for which there is no memory. */
  #decideAlone(key: Uint32Array, mark: Mark): Decision {
    const decision = this.#judge(key, 0, mark);
    this.#counts.tail.early++;
    this.#decisions.add(key, 0, decision);
    this.#decisions.write();
    return decision;
  }

  /** Hands on or drops the lines of the traces that were decided, after the decisions are written. */
  #release(): void {
    const due = this.#due;
    if (due.length === 0) return;
    this.#decisions.write();
    for (let i = 0; i < due.length; i += 2) {
      for (let address = due[i]!; address !== nowhere; ) address = this.#letGo(address, due[i + 1] as Decision);
    }
    due.length = 0;
    this.#countHeld();
  }

  /** The line after it in the trace. */
  #letGo(address: Address, decision: Decision): Address {
    const lines = this.#lines;
    const line = this.#line;
    lines.read(address, line);
    const labels = lines.labels(address);
    line.labels = this.#labels.get(labels);
    line.level = levels[lines.level(address)] ?? null;
    const next = lines.nextOfTrace(address);
    const port = this.#ports[lines.port(address)];
    this.#order.remove(address, line.file, line.stream);
    this.#follow(decision, line, port?.next ?? nobody);
    this.#labels.drop(labels);
    lines.remove(address);
    if (port !== null && port !== undefined && --port.held === 0 && port.closed) this.#ports[port.number] = null;
    return next;
  }

  #follow(decision: Decision, line: LineView, next: LineSink): void {
    if (decision === traceDropped) {
      countDropped(this.#counts, 'tail_sample', line.end - line.start);
      return;
    }
    this.#counts.sampled++;
    if (decision === traceSampled) this.#weigh(line, this.#threshold.fraction);
    next(line);
  }

  #grow(capacity: number): void {
    this.#first = grown(this.#first, capacity);
    this.#last = grown(this.#last, capacity);
    this.#firstMs = grown(this.#firstMs, capacity);
    this.#lastMs = grown(this.#lastMs, capacity);
    this.#openedMs = grown(this.#openedMs, capacity);
    const marks = new Uint8Array(capacity);
    marks.set(this.#marks);
    this.#marks = marks;
  }
}

const readingMsMin = 60_000;
/** Traces that are decided at a time when memory is full. */
const earlyTraces = 64;

function nobody(): void {
  // A port without a sink never took a line.
}

function grown(column: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(length);
  result.set(column);
  return result;
}
