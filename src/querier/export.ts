import type { CatalogueSnapshot, SelectedStream } from '../index/mod.ts';
import type { ReadSnapshot } from '../ingester/mod.ts';
import { isCollapsing, streamOrder, type Batch, type LogOutput, type OutputLabels, type OutputRow, type RowPlace, type ScanTask } from '../logql/mod.ts';
import { formatLabels } from '../model/mod.ts';
import { firstWindow, nextPeriod, type Stretch } from './export-windows.ts';
import { piecesOf, planUnits } from './pieces.ts';
import type { Querier } from './querier.ts';

/** How a walk through rows holds memory. */
export interface WalkSizes {
  /** Rows and bytes of lines that are read at once; two such pages are held at most, the one that is being taken and the next. */
  readonly pageRows: number;
  readonly pageBytes: number;
  /** Bytes of rows, by the index, that are looked through for a page: as few at first, more where few of them match. */
  readonly windowBytesMin: number;
  readonly windowBytesMax: number;
}

export const walkSizes: WalkSizes = { pageRows: 4096, pageBytes: 4 * 2 ** 20, windowBytesMin: 16 * 2 ** 20, windowBytesMax: 1024 * 2 ** 20 };

/** Which rows a walk gives. */
export interface Walk {
  /** A log task. Its limit counts over the whole walk; 0 is all rows. */
  readonly task: ScanTask;
  /** Only rows of the stream that formatLabels prints like this. */
  readonly stream?: string;
  /** The newest rows that are seen, by journal position; where it is left out, what is there at the beginning. */
  readonly upTo?: LogOutput['upTo'] | undefined;
  readonly sizes?: WalkSizes;
}

/** The last journal position of each partition that a snapshot holds: names what is in it without holding it. */
export function positionsOf(snapshot: ReadSnapshot): readonly (readonly [partition: number, position: number])[] {
  const positions = new Map<number, number>();
  for (const [partition, position] of snapshot.catalogue.positions) positions.set(partition, Number(position));
  for (const { generation, last } of snapshot.heads) positions.set(generation.partition, Math.max(positions.get(generation.partition) ?? 0, Number(last)));
  return [...positions];
}

/**
 * Reads the rows of a log task in order, page by page, so that memory stays the same however many there are: every row that was queryable at the beginning, once.
 * The next page is read while one is taken, none further. Heads are held only while a page is read, never while the caller takes his time; what is seen is
 * fixed by journal positions instead. When it ends, also early or with an error, nothing works on any more.
 */
export async function* walkRows(querier: Querier, walk: Walk, signal: AbortSignal): AsyncGenerator<Batch> {
  const stop = new AbortController();
  const walker = new Walker(querier, walk, AbortSignal.any([signal, stop.signal]));
  let next: Promise<Batch | null> | null = walker.page();
  try {
    while (next !== null) {
      const batch: Batch | null = await next;
      next = batch === null ? null : walker.page();
      // Looked at again when it is this one's turn.
      next?.catch(() => undefined);
      if (batch !== null) yield batch;
    }
  } finally {
    stop.abort();
    await next?.catch(() => undefined);
  }
}

/** What the index said of a period; right as long as the catalogue is the same. */
interface Known {
  readonly catalogue: CatalogueSnapshot;
  readonly period: Stretch;
  readonly streams: readonly SelectedStream[];
}

class Walker {
  readonly #querier: Querier;
  readonly #task: ScanTask;
  readonly #output: LogOutput;
  readonly #stream: string | undefined;
  readonly #signal: AbortSignal;
  readonly #sizes: WalkSizes;
  #upTo: LogOutput['upTo'];
  /** What is left of the time range. */
  #rest: Stretch;
  #left: number;
  #after: RowPlace | undefined;
  #windowBytes: number;
  #known: Known | undefined;
  /** Rows of the last time that stages have made equal to others: later pages must not bring them again. */
  readonly #repeats: Repeats | null;

  constructor(querier: Querier, { task, stream, upTo, sizes = walkSizes }: Walk, signal: AbortSignal) {
    if (task.output.kind !== 'log') throw new TypeError('only rows can be walked through');
    this.#querier = querier;
    this.#task = task;
    this.#output = task.output;
    this.#stream = stream;
    this.#signal = signal;
    this.#sizes = sizes;
    this.#upTo = upTo;
    this.#rest = { fromNs: task.startNs, toNs: task.endNs };
    this.#left = task.output.limit > 0 ? task.output.limit : Infinity;
    this.#after = task.output.after;
    this.#windowBytes = sizes.windowBytesMin;
    this.#repeats = isCollapsing(task.stages) ? new Repeats() : null;
  }

  /** The next rows, at least one; null at the end. */
  async page(): Promise<Batch | null> {
    while (this.#left > 0) {
      this.#signal.throwIfAborted();
      const snapshot = this.#querier.snapshot();
      try {
        this.#upTo ??= positionsOf(snapshot);
        const period = this.#rest.fromNs < this.#rest.toNs ? nextPeriod(snapshot, this.#task.tenant, this.#rest, this.#backward) : null;
        if (period === null) return null;
        const batch = await this.#read(snapshot, period);
        if (batch !== null && batch.rows.length > 0) return batch;
      } finally {
        snapshot.release();
      }
    }
    return null;
  }

  get #backward(): boolean {
    return this.#output.direction === 'backward';
  }

  /** Reads what comes next in a period and moves on. */
  async #read(snapshot: ReadSnapshot, period: Stretch): Promise<Batch | null> {
    const whole: ScanTask = { ...this.#task, startNs: period.fromNs, endNs: period.toNs };
    const streams = piecesOf(whole, await this.#select(snapshot, whole), snapshot, this.#stream);
    const window = firstWindow(period, streams, this.#windowBytes, this.#backward);
    const task: ScanTask = {
      ...this.#task,
      startNs: window.fromNs,
      endNs: window.toNs,
      output: {
        ...this.#output,
        limit: Math.min(this.#sizes.pageRows, this.#left),
        bytesMax: this.#sizes.pageBytes,
        ...(this.#after === undefined ? {} : { after: this.#after }),
        ...(this.#upTo === undefined ? {} : { upTo: this.#upTo }),
      },
    };
    let batch: Batch | null = null;
    for await (const found of this.#querier.run(task, planUnits(task, streams), this.#signal)) if (found.kind === 'batch') batch = found;
    return this.#advance(window, batch);
  }

  async #select(snapshot: ReadSnapshot, task: ScanTask): Promise<readonly SelectedStream[]> {
    const known = this.#known;
    if (known !== undefined && known.catalogue === snapshot.catalogue && known.period.fromNs <= task.startNs && known.period.toNs >= task.endNs) return known.streams;
    const streams = await this.#querier.select(task, snapshot, this.#signal);
    this.#known = { catalogue: snapshot.catalogue, period: { fromNs: task.startNs, toNs: task.endNs }, streams };
    return streams;
  }

  #advance(window: Stretch, batch: Batch | null): Batch | null {
    const last = batch?.rows.at(-1);
    if (batch === null || last === undefined || batch.full !== true) {
      this.#rest = this.#backward ? { fromNs: this.#rest.fromNs, toNs: window.fromNs } : { fromNs: window.toNs, toNs: this.#rest.toNs };
      this.#windowBytes = Math.min(this.#windowBytes * 2, this.#sizes.windowBytesMax);
    } else {
      this.#rest = this.#backward ? { fromNs: this.#rest.fromNs, toNs: last.timeNs + 1n } : { fromNs: last.timeNs, toNs: this.#rest.toNs };
      this.#windowBytes = Math.max(this.#windowBytes / 2, this.#sizes.windowBytesMin);
      this.#after = placeOf(last, batch.labels[last.labels]);
    }
    if (batch === null || last === undefined) return batch;
    const rows = this.#repeats === null ? batch.rows : this.#repeats.without(batch);
    this.#left -= rows.length;
    return { ...batch, rows };
  }
}

/** The place of a row in the order of rows. */
export function placeOf(row: OutputRow, labels: OutputLabels | undefined): RowPlace {
  return { timeNs: row.timeNs, stream: labels === undefined ? 0 : streamOrder(labels.origin ?? labels.stream), position: row.position, index: row.index, partition: row.partition };
}

class Repeats {
  #timeNs: bigint | undefined;
  #keys = new Set<string>();

  /** The rows of a batch that equal none of an earlier one; only those of its first time can. */
  without(batch: Batch): readonly OutputRow[] {
    const rows: OutputRow[] = [];
    for (const row of batch.rows) {
      if (row.timeNs === this.#timeNs && this.#keys.has(keyOf(batch, row))) continue;
      rows.push(row);
    }
    const last = batch.rows.at(-1)?.timeNs;
    if (last !== this.#timeNs) this.#keys = new Set();
    this.#timeNs = last;
    for (let i = batch.rows.length - 1; i >= 0 && batch.rows[i]!.timeNs === last; i--) this.#keys.add(keyOf(batch, batch.rows[i]!));
    return rows;
  }
}

function keyOf(batch: Batch, row: OutputRow): string {
  const { origin = [], stream, structuredMetadata, parsed } = batch.labels[row.labels]!;
  return `${[origin, stream, structuredMetadata, parsed].map(formatLabels).join('|')}|${Buffer.from(row.line.buffer, row.line.byteOffset, row.line.length).toString('latin1')}`;
}

