import { formatLabels, SpoorError, type EntryBatch, type LabelSet } from '../../model/mod.ts';
import type { HeadBlock } from './block.ts';
import type { BlockPool } from './pool.ts';

/** Stream ids of the rows of the batch at hand. */
let streamOf = new Uint32Array(4096);

/** A stream of a generation; its id is its place in `Generation.streams`. */
export interface HeadStream {
  readonly tenant: string;
  readonly labels: LabelSet;
  /** formatLabels(labels). */
  readonly key: string;
}

/** Told which streams a generation brings and takes away. */
export interface StreamWatcher {
  streamAdded(tenant: string, key: string): void;
  streamRemoved(tenant: string, key: string): void;
}

/**
 * The rows of one partition between two flush cuts. A cut ends a generation, so that each generation lies wholly below or wholly above any
 * manifest's last position. Freed when it was flushed and nobody holds it any more.
 */
export class Generation {
  readonly partition: number;
  readonly streams: HeadStream[] = [];
  readonly blocks: HeadBlock[] = [];
  /** Per tenant: stream ids by key. */
  readonly tenants = new Map<string, Map<string, number>>();
  /** Per tenant: stream ids by the arrays of labels that came. */
  readonly #known = new Map<string, WeakMap<LabelSet, number>>();
  readonly first: bigint;
  #firstAppendMs: number | undefined;
  #last: bigint;
  #holders = 1;
  #rows = 0;
  readonly #pool: BlockPool;
  readonly #watcher: StreamWatcher;

  constructor(partition: number, first: bigint, pool: BlockPool, watcher: StreamWatcher) {
    this.partition = partition;
    this.first = first;
    this.#last = first - 1n;
    this.#pool = pool;
    this.#watcher = watcher;
  }

  /** Position of the newest record in it. */
  get last(): bigint {
    return this.#last;
  }

  /** Time of the first append; undefined while it is empty. */
  get firstAppendMs(): number | undefined {
    return this.#firstAppendMs;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of lines and metadata in it. */
  get usedBytes(): number {
    let bytes = 0;
    for (const block of this.blocks) bytes += block.usedBytes;
    return bytes;
  }

  /** Memory that it holds. */
  get allocatedBytes(): number {
    let bytes = 0;
    for (const block of this.blocks) bytes += block.allocatedBytes;
    return bytes;
  }

  append(batch: EntryBatch, position: bigint, nowMs: number): void {
    if (position !== this.#last + 1n) {
      throw new SpoorError('internal', { reason: `partition ${this.partition}: record ${position} follows ${this.#last}` });
    }
    this.#firstAppendMs ??= nowMs;
    const streamOf = this.#streamIds(batch);
    let from = 0;
    while (from < batch.rows) {
      const block = this.blocks.at(-1);
      const fits = block?.room(batch, from) ?? 0;
      if (block === undefined || fits === 0) {
        const lineBytes = (batch.lineStart[from + 1] ?? 0) - (batch.lineStart[from] ?? 0);
        const metadataBytes = (batch.metadataStart[from + 1] ?? 0) - (batch.metadataStart[from] ?? 0);
        this.blocks.push(this.#pool.take(this.partition, lineBytes + metadataBytes));
        continue;
      }
      block.append(batch, streamOf, from, from + fits, Number(position));
      from += fits;
    }
    this.#rows += batch.rows;
    this.#last = position;
  }

  /** The stream id of each row; valid until the next call. */
  #streamIds(batch: EntryBatch): Uint32Array {
    if (streamOf.length < batch.rows) streamOf = new Uint32Array(batch.rows * 2);
    let known = this.#known.get(batch.tenant);
    if (known === undefined) {
      known = new WeakMap();
      this.#known.set(batch.tenant, known);
    }
    let row = 0;
    for (const { labels, rows } of batch.streams) {
      let id = known.get(labels);
      if (id === undefined) {
        id = this.#streamId(batch.tenant, labels);
        known.set(labels, id);
      }
      streamOf.fill(id, row, row + rows);
      row += rows;
    }
    return streamOf;
  }

  #streamId(tenant: string, labels: LabelSet): number {
    let ids = this.tenants.get(tenant);
    if (ids === undefined) {
      ids = new Map();
      this.tenants.set(tenant, ids);
    }
    const key = formatLabels(labels);
    let id = ids.get(key);
    if (id === undefined) {
      id = this.streams.length;
      ids.set(key, id);
      this.streams.push({ tenant, labels, key });
      this.#watcher.streamAdded(tenant, key);
    }
    return id;
  }

  /** Keeps its memory until the matching release. */
  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    for (const block of this.blocks) this.#pool.give(block);
    this.blocks.length = 0;
    for (const stream of this.streams) this.#watcher.streamRemoved(stream.tenant, stream.key);
  }
}
