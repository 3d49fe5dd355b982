import { decodeRecord, LabelSets, type Journal, type Lease } from '../journal/mod.ts';
import type { Catalogue } from '../index/mod.ts';
import { isSpoorError, reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import { retry, writeGeneration, type FlushParts } from './flush.ts';
import { Generation, type StreamWatcher } from './head/generation.ts';
import type { BlockPool } from './head/pool.ts';

export interface PartitionParts extends Omit<FlushParts, 'onStall'> {
  readonly partition: number;
  /** Number of partitions that share the memory. */
  readonly partitions: number;
  readonly journal: Journal;
  readonly lease: Lease;
  readonly catalogue: Catalogue;
  readonly blocks: BlockPool;
  readonly watcher: StreamWatcher;
  readonly clock: Clock;
}

/** A flush that takes longer than this does not get on, even where the object store has not said so yet. */
const paceMsMax = 10_000;

interface Waiter {
  readonly position: bigint;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Follows one partition's journal, keeps its head, and flushes it. */
export class PartitionIngester {
  readonly #parts: PartitionParts;
  readonly #stop = new AbortController();
  /** Oldest first; the last one takes new rows. */
  readonly #generations: Generation[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #labels = new LabelSets();
  #applied: bigint;
  /** Last position that was in the journal at the start. */
  #replayed: bigint;
  #failure: unknown;
  /** Set while records wait for memory. */
  #full: SpoorError | undefined;
  #following: Promise<void> = Promise.resolve();
  #flushing: Promise<void> | undefined;
  /** Resolves when the running flush ends or has to wait for the object store. */
  #flushPace: Promise<void> = Promise.resolve();
  #listeners = new Set<(generation: Generation) => void>();

  /** `flushed` is the last position of the partition's newest manifest. */
  constructor(parts: PartitionParts, flushed: bigint) {
    this.#parts = parts;
    this.#applied = flushed;
    this.#replayed = flushed;
    this.#generations.push(this.#newGeneration());
  }

  get partition(): number {
    return this.#parts.partition;
  }

  /** Everything up to here is queryable. */
  get appliedPosition(): bigint {
    return this.#applied;
  }

  /** Whether everything that was in the journal at the start is queryable. */
  get caughtUp(): boolean {
    return this.#applied >= this.#replayed;
  }

  /** Why the partition stopped taking rows, if it did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Rows that are not in any manifest, oldest first, and perhaps some that are. */
  get generations(): readonly Generation[] {
    return this.#generations;
  }

  /** Commits what a crash left uncommitted, then replays and follows the journal. */
  async start(): Promise<void> {
    const { lease, journal, partition } = this.#parts;
    if (lease.committed < this.#applied) {
      await lease.commit(this.#applied);
      await journal.trim(partition, this.#applied);
    }
    this.#replayed = (await journal.bounds(partition)).next - 1n;
    this.#following = this.#follow().catch((error: unknown) => this.#fail(error));
  }

  async #follow(): Promise<void> {
    const { journal, partition } = this.#parts;
    for await (const { position, data } of journal.read(partition, this.#applied + 1n, this.#stop.signal)) {
      if (this.#mustWait()) await this.#makeRoom();
      if (this.#mustPace()) await this.#flushPace;
      const generation = this.#generations.at(-1) as Generation;
      const batch = decodeRecord(data, `journal record ${position} of partition ${partition}`, this.#labels);
      generation.append(batch, position, this.#parts.clock.nowMs());
      this.#applied = position;
      this.#wake(generation);
      if (this.#flushing === undefined && this.#isFull(generation)) this.#flushInBackground();
    }
  }

  /** Short lines fill the rows of a block long before its bytes, so that memory counts as well. */
  #isFull(generation: Generation): boolean {
    const { settings, partitions } = this.#parts;
    return generation.usedBytes >= settings.flushBytes || generation.allocatedBytes >= Math.min(settings.headBytesMax / 2, settings.headBytesPaced) / partitions;
  }

  /** Neither replay of a long journal nor pushes that were under way when the memory ran full must fill it faster than flushes empty it. */
  #mustWait(): boolean {
    const current = this.#generations.at(-1);
    return current !== undefined && current.rows > 0 && this.#parts.blocks.usedBytes >= this.#parts.settings.headBytesMax;
  }

  /** Flushes until there is memory again. Pushes do not wait for that: they are durable, are applied in the end, and a repeated one is found to be the same. */
  async #makeRoom(): Promise<void> {
    const { blocks, settings } = this.#parts;
    try {
      while (this.#mustWait()) {
        this.#full = new SpoorError('ingester_memory_full', { bytes: blocks.usedBytes, limit: settings.headBytesMax });
        for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#full);
        await this.flush();
      }
    } finally {
      this.#full = undefined;
    }
  }

  /** While a flush gets on, acknowledgements wait for it rather than that the heads grow to the point where pushes are refused. */
  #mustPace(): boolean {
    return this.#flushing !== undefined && this.#parts.blocks.usedBytes >= this.#parts.settings.headBytesPaced;
  }

  #wake(generation: Generation): void {
    while (this.#waiters.length > 0 && (this.#waiters[0] as Waiter).position <= this.#applied) this.#waiters.shift()?.resolve();
    for (const listener of this.#listeners) listener(generation);
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = error;
    this.#parts.log.error({ partition: this.partition, reason: reasonOf(error) }, 'partition stopped');
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  /** Resolves when the record at `position` is queryable. */
  applied(position: bigint): Promise<void> {
    if (position <= this.#applied) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#stop.signal.aborted) return Promise.reject(new SpoorError('shutting_down'));
    if (this.#full !== undefined) return Promise.reject(this.#full);
    return new Promise((resolve, reject) => {
      const waiter = { position, resolve, reject };
      const at = this.#waiters.findLastIndex((other) => other.position <= position);
      this.#waiters.splice(at + 1, 0, waiter);
    });
  }

  /** Calls `listener` after each applied record, with the generation that got it, until the function returned is called. */
  onApplied(listener: (generation: Generation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes out everything that is applied now; resolves when it is committed. */
  async flush(): Promise<void> {
    const target = this.#applied;
    for (;;) {
      const running = this.#flushing;
      if (running !== undefined) await running;
      const oldest = this.#generations.find((generation) => generation.rows > 0 && !this.#isFlushed(generation));
      if (oldest === undefined || oldest.first > target) return;
      if (this.#flushing === undefined) this.#flushing = this.#flushOldest(oldest).finally(() => (this.#flushing = undefined));
    }
  }

  #flushInBackground(): void {
    this.flush().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#fail(error);
    });
  }

  /** Starts a flush if the oldest rows are older than the settings allow. */
  flushIfOld(): void {
    const oldest = this.#generations.find((generation) => generation.rows > 0 && !this.#isFlushed(generation));
    const sinceMs = oldest?.firstAppendMs;
    const oldEnough = sinceMs !== undefined && this.#parts.clock.nowMs() - sinceMs >= this.#parts.settings.flushAgeMs;
    if (oldEnough && this.#flushing === undefined && this.#failure === undefined) this.#flushInBackground();
  }

  /** Starts a flush of whatever there is, for want of memory. */
  relieve(): void {
    const unflushed = this.#generations.some((generation) => generation.rows > 0 && !this.#isFlushed(generation));
    if (unflushed && this.#flushing === undefined && this.#failure === undefined) this.#flushInBackground();
  }

  #isFlushed(generation: Generation): boolean {
    return generation.last <= (this.#parts.catalogue.snapshot().positions.get(this.partition) ?? 0n);
  }

  #newGeneration(): Generation {
    const { partition, blocks, watcher } = this.#parts;
    return new Generation(partition, this.#applied + 1n, blocks, watcher);
  }

  async #flushOldest(generation: Generation): Promise<void> {
    const { catalogue, lease, journal, clock, hook, log, partition } = this.#parts;
    if (generation === this.#generations.at(-1)) this.#generations.push(this.#newGeneration());
    await hook('cut');
    const startedMs = clock.monotonicMs();
    const paced = Promise.withResolvers<void>();
    this.#flushPace = paced.promise;
    const pace = setTimeout(paced.resolve, paceMsMax);
    const parts = { ...this.#parts, onStall: paced.resolve };
    const manifest = await writeGeneration(parts, generation, lease.epoch, clock.nowMs(), this.#stop.signal).finally(() => {
      clearTimeout(pace);
      paced.resolve();
    });
    // From here on new queries read the segments; generations that running queries hold stay readable for them.
    catalogue.add(manifest);
    this.#generations.splice(this.#generations.indexOf(generation), 1);
    const { rows, usedBytes } = generation;
    generation.release();
    // A disk without space may have some again later; until then the journal only grows.
    await retry(parts, `commit of ${generation.last}`, () => lease.commit(generation.last), this.#stop.signal);
    await hook('committed');
    await journal.trim(partition, generation.last).catch((error: unknown) => {
      if (!isSpoorError(error) || !error.retryable) throw error;
      log.warn({ partition, reason: reasonOf(error) }, 'the journal could not be trimmed; the next flush tries again');
    });
    await hook('trimmed');
    const storedBytes = [...manifest.segments, ...manifest.indexes].reduce((sum, { size }) => sum + size, 0);
    log.info({ partition, rows, bytes: usedBytes, storedBytes, last: String(generation.last), ms: Math.round(clock.monotonicMs() - startedMs) }, 'flushed');
  }

  /** Stops following; running flushes are given up. Unflushed rows stay in the journal. */
  async close(): Promise<void> {
    this.#stop.abort(new SpoorError('shutting_down'));
    await this.#following;
    await this.#flushing?.catch(() => undefined);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new SpoorError('shutting_down'));
    await this.#parts.lease.release();
  }
}
