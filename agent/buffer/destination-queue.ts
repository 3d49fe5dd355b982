import type { Clock } from '../../src/model/mod.ts';
import type { LogChain } from '../tail/chain.ts';
import type { Batch, BatchPool } from './batch.ts';
import type { BufferedRecord, DiskBuffer } from './disk/disk-buffer.ts';
import { discard, encodeRecord } from './disk/record.ts';

/**
 * Which way a batch goes. Lines of chains at risk go the loud way while there is no room: into the disk buffer. The others wait in their files meanwhile, and what was read of them goes the
 * quiet way, which is served in turn with the loud one, so that gigabytes of a loud container are not in front of it.
 */
export type Lane = 'quiet' | 'loud';

/** When the disk buffer takes batches: while there is no room and a chain is at risk; every batch; never. */
export type BufferWhen = 'risk' | 'always' | 'never';

/** Rows that are still to be delivered, all of one tenant. */
export interface Part {
  readonly tenant: string | undefined;
  readonly rows: Uint32Array;
}

/** A sealed batch until it is dealt with. */
export interface QueueItem {
  readonly lane: Lane;
  /** Rises from item to item. */
  readonly number: number;
  /** Null while it is on disk only. */
  batch: Batch | null;
  /** What is left to deliver; null: everything. */
  parts: Part[] | null;
  record: BufferedRecord | null;
  /** Bytes that count as waiting in memory. */
  bytes: number;
  /** See Batch.firstCut; infinite once it is on disk. */
  firstCut: number;
  readonly sinceMs: number;
  /** Somebody works on it. */
  taken: boolean;
  /** Monotonic time before which it is not tried again. */
  notBeforeMs: number;
  attempts: number;
  /** Loud way only: bytes by chain. */
  readonly shares: ReadonlyMap<LogChain, number> | null;
}

export interface QueueOptions {
  /** Bytes of each way at which it is full. */
  readonly bytesMax: number;
  readonly when: BufferWhen;
  /** A destination that need not have every line drops its oldest batch instead of being full. */
  readonly required: boolean;
  /** A destination that leaves a batch waiting so long is stuck: then the disk buffer may take what is at risk. */
  readonly stuckMs: number;
}

/**
 * Sealed batches of one destination, in order, in memory or on disk. What is on disk is dealt with as far as positions in files are concerned. Several batches may be on their way at a time.
 */
export class DestinationQueue {
  readonly #options: QueueOptions;
  readonly #pool: BatchPool;
  readonly #buffer: DiskBuffer | null;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #dropped: (rows: number) => void;
  readonly #items: Record<Lane, QueueItem[]> = { quiet: [], loud: [] };
  readonly #bytes: Record<Lane, number> = { quiet: 0, loud: 0 };
  readonly #shares = new Map<LogChain, { bytes: number; last: number }>();
  #numbers = 0;
  #last: Lane = 'loud';
  #spilling = false;

  /**
   * @param buffer null for none
   * @param changed called at each change
   * @param dropped told how many lines a destination that is not required lost to a full queue
   */
  constructor(options: QueueOptions, pool: BatchPool, buffer: DiskBuffer | null, clock: Clock, changed: () => void, dropped: (rows: number) => void) {
    this.#options = options;
    this.#pool = pool;
    this.#buffer = buffer;
    this.#clock = clock;
    this.#changed = changed;
    this.#dropped = dropped;
    for (const record of buffer?.takeFound() ?? []) this.#add('loud', null, record, null);
  }

  /** Bytes that wait in memory or are on their way. */
  get bytes(): number {
    return this.#bytes.quiet + this.#bytes.loud;
  }

  /** Batches that are not dealt with, on disk or not. */
  get batches(): number {
    return this.#items.quiet.length + this.#items.loud.length;
  }

  /** Batches that are in memory only. */
  get unsafe(): number {
    let count = 0;
    for (const items of [this.#items.quiet, this.#items.loud]) for (const item of items) if (item.record === null) count++;
    return count;
  }

  /** When the oldest waiting batch was sealed, monotonic clock; undefined where none waits. What an earlier run left counts from the start. */
  get oldestMs(): number | undefined {
    const times = [this.#items.quiet[0]?.sinceMs, this.#items.loud[0]?.sinceMs].filter((ms) => ms !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  get buffer(): DiskBuffer | null {
    return this.#buffer;
  }

  /** Whether a batch is there that nobody works on. */
  waiting(lane: Lane): boolean {
    return this.#items[lane].some((item) => !item.taken);
  }

  /** Whether nothing more may be read for this destination the quiet way. What it put on disk counts: it is the loud way that the disk is for. */
  get full(): boolean {
    if (!this.#options.required) return false;
    let bytes = this.#bytes.quiet;
    if (this.#options.when === 'risk') for (const { batch, record } of this.#items.quiet) if (batch === null && record !== null) bytes += record.bytes * 4;
    return bytes >= this.#options.bytesMax;
  }

  /** Whether batches wait longer than they should. */
  get stuck(): boolean {
    if (this.#items.loud.length > 0) return true;
    const oldest = this.#items.quiet[0];
    return oldest !== undefined && this.#clock.monotonicMs() - oldest.sinceMs >= this.#options.stuckMs;
  }

  /** Whether a chain at risk may be read the loud way. */
  mayTakeLoud(chain: LogChain): boolean {
    if (!this.#options.required) return true;
    const buffer = this.#buffer;
    if (buffer === null || this.#options.when === 'never' || !this.stuck) return this.bytes < this.#options.bytesMax;
    if (this.#bytes.loud >= this.#options.bytesMax || !buffer.open) return false;
    // The second half is for those who have less than their share of it.
    const share = this.#shares.get(chain);
    return share === undefined || buffer.bytes < buffer.bytesMax / 2 || share.bytes < (buffer.bytesMax * bufferRatio) / 2 / this.#shares.size;
  }

  /** Whether lines of a chain wait on the loud way: later ones have to go the same way. */
  isLoud(chain: LogChain): boolean {
    return this.#shares.has(chain);
  }

  push(batch: Batch, lane: Lane, shares: ReadonlyMap<LogChain, number> | null): void {
    const item = this.#add(lane, batch, null, shares);
    item.bytes = batch.bytes;
    this.#bytes[lane] += item.bytes;
    if (!this.#options.required) this.#makeRoom();
    this.#changed();
  }

  /** A batch that nobody works on, from both ways in turn, and of each the oldest; undefined where none may be tried now. */
  take(): QueueItem | undefined {
    const now = this.#clock.monotonicMs();
    const ready = (item: QueueItem): boolean => !item.taken && item.notBeforeMs <= now;
    const first: Lane = this.#last === 'quiet' ? 'loud' : 'quiet';
    for (const lane of first === 'quiet' ? (['quiet', 'loud'] as const) : (['loud', 'quiet'] as const)) {
      const item = this.#items[lane].find(ready);
      if (item === undefined) continue;
      item.taken = true;
      this.#last = lane;
      return item;
    }
    return undefined;
  }

  /** The batch of an item that was taken; undefined where it was on disk and is damaged: the item is then gone. */
  load(item: QueueItem): Batch | undefined {
    if (item.batch !== null) return item.batch;
    const batch = this.#pool.take();
    if (item.record !== null && this.#buffer?.read(item.record, batch) === true) {
      item.batch = batch;
      return batch;
    }
    this.#pool.give(batch);
    item.record = null;
    this.done(item);
    return undefined;
  }

  /** Gives an item back that could not be delivered, to be tried again after `waitMs`. */
  giveBack(item: QueueItem, waitMs: number): void {
    item.taken = false;
    // Timers may be a little early.
    item.notBeforeMs = this.#clock.monotonicMs() + waitMs - 2;
    // What is on disk need not be in memory, too, but for the one that is next.
    if (item.record !== null && item !== this.#items[item.lane][0]) this.#release(item);
    this.#changed();
  }

  /** Says that an item is dealt with. */
  done(item: QueueItem): void {
    const items = this.#items[item.lane];
    const at = items.indexOf(item);
    if (at < 0) return;
    items.splice(at, 1);
    this.#release(item);
    if (item.record !== null) this.#buffer?.delivered(item.record);
    for (const [chain, bytes] of item.shares ?? []) {
      const share = this.#shares.get(chain);
      if (share === undefined) continue;
      share.bytes -= bytes;
      if (share.last <= item.number) this.#shares.delete(chain);
    }
    this.#changed();
  }

  /** The last cuts before the first lines of what is in memory only. */
  *firstCuts(): Generator<number> {
    for (const items of [this.#items.quiet, this.#items.loud]) for (const { firstCut } of items) if (firstCut !== Infinity) yield firstCut;
  }

  /**
   * Puts on disk what is in memory only and not on its way, as far as the rules say so.
   * @param risk whether a chain is at risk
   * @param prepare what must have happened before a line is on disk: the labels that it uses are
   * @param everything whatever the rules say; used before the end
   */
  async spill(risk: () => boolean, prepare: (batch: Batch) => Promise<void>, everything = false): Promise<void> {
    const buffer = this.#buffer;
    if (buffer === null || this.#spilling || !buffer.open || this.#options.when === 'never') return;
    this.#spilling = true;
    try {
      for (;;) {
        const due = this.#due(risk, everything);
        if (due.length === 0) return;
        for (const { batch } of due) if (batch !== null) await prepare(batch);
        const records: Buffer[] = [];
        const written: QueueItem[] = [];
        for (const item of due) {
          // Meanwhile somebody may have begun to work on it, or be done with it.
          if (item.taken || item.batch === null || !this.#items[item.lane].includes(item)) continue;
          records.push(encodeRecord(item.batch, rowsLeft(item)));
          written.push(item);
        }
        if (records.length === 0) return;
        for (const item of written) item.taken = true;
        const added = await buffer.append(records);
        for (const record of records) discard(record);
        for (const [i, item] of written.entries()) {
          item.taken = false;
          const record = added[i];
          if (record === undefined) continue;
          item.record = record;
          item.firstCut = Infinity;
          // The record holds the rows that were left, in their order.
          item.parts = null;
          this.#release(item);
        }
        this.#changed();
        if (added.length < written.length) return;
      }
    } finally {
      this.#spilling = false;
    }
  }

  #due(risk: () => boolean, everything: boolean): QueueItem[] {
    const { when, required, bytesMax } = this.#options;
    const inMemory = (lane: Lane): QueueItem[] => this.#items[lane].filter((item) => !item.taken && item.record === null && item.batch !== null);
    const loud = inMemory('loud');
    const quiet = inMemory('quiet');
    if (everything || when === 'always') return [...loud, ...quiet].slice(0, groupMax);
    if (!required) return this.bytes >= bytesMax / 2 ? [...loud, ...quiet].slice(0, groupMax) : [];
    if (!this.stuck) return [];
    // What came the loud way is at risk by that.
    if (quiet.length > 0 && risk()) loud.push(...quiet);
    return loud.slice(0, groupMax);
  }

  #add(lane: Lane, batch: Batch | null, record: BufferedRecord | null, shares: ReadonlyMap<LogChain, number> | null): QueueItem {
    const item: QueueItem = {
      lane, number: ++this.#numbers, batch, parts: null, record, bytes: 0, firstCut: batch === null ? Infinity : batch.firstCut, sinceMs: this.#clock.monotonicMs(), taken: false,
      notBeforeMs: 0, attempts: 0, shares,
    };
    this.#items[lane].push(item);
    for (const [chain, bytes] of shares ?? []) {
      const share = this.#shares.get(chain);
      if (share === undefined) this.#shares.set(chain, { bytes, last: item.number });
      else {
        share.bytes += bytes;
        share.last = item.number;
      }
    }
    return item;
  }

  /** Gives the batch's memory back. */
  #release(item: QueueItem): void {
    if (item.batch === null) return;
    this.#pool.give(item.batch);
    item.batch = null;
    this.#bytes[item.lane] -= item.bytes;
    item.bytes = 0;
  }

  /** Drops the oldest batches of a destination that need not have them: on disk where that is full, else in memory where there is no disk or it cannot keep pace. */
  #makeRoom(): void {
    const buffer = this.#options.when === 'never' ? null : this.#buffer;
    if (buffer !== null) {
      for (const item of [...this.#items.loud, ...this.#items.quiet].filter(({ taken, record }) => !taken && record !== null)) {
        // A segment's worth of room, as records are of any size.
        if (buffer.bytes < buffer.bytesMax * 0.875) break;
        this.#drop(item);
      }
    }
    while (this.bytes > this.#options.bytesMax * (buffer?.open === true ? 2 : 1)) {
      const oldest = lanes.flatMap((lane) => this.#items[lane].find((item) => !item.taken && item.record === null) ?? []);
      if (!this.#drop(oldest.sort((a, b) => a.number - b.number)[0])) return;
    }
  }

  #drop(item: QueueItem | undefined): boolean {
    if (item === undefined) return false;
    this.#dropped(item.batch === null ? (item.record?.rows ?? 0) : rowsLeft(item).length);
    this.done(item);
    return true;
  }
}

/** The rows of an item that are not delivered. */
export function rowsLeft(item: QueueItem): Uint32Array {
  if (item.parts === null) return allRows(item.batch?.rows ?? 0);
  const rows = new Uint32Array(item.parts.reduce((sum, part) => sum + part.rows.length, 0));
  let at = 0;
  for (const part of item.parts) {
    rows.set(part.rows, at);
    at += part.rows.length;
  }
  return rows.sort();
}

let identity = new Uint32Array(0);

/** 0 … rows − 1; a view that all share. */
export function allRows(rows: number): Uint32Array {
  if (identity.length < rows) identity = Uint32Array.from({ length: Math.max(rows, 4096, identity.length * 2) }, (_, i) => i);
  return identity.subarray(0, rows);
}

const lanes = ['quiet', 'loud'] as const;
/** Batches that are written in one fsync. */
const groupMax = 4;
/** Lines are so many times larger than their records, about. */
const bufferRatio = 4;
