import { decodeRecord, type Journal, type Lease } from '../journal/mod.ts';
import type { Catalogue } from '../index/mod.ts';
import { reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import { writeGeneration, type FlushParts } from './flush.ts';
import { Generation, type StreamWatcher } from './head/generation.ts';
import type { BlockPool } from './head/pool.ts';

export interface PartitionParts extends Omit<FlushParts, 'onStall'> {
  readonly partition: number;
  readonly journal: Journal;
  readonly lease: Lease;
  readonly catalogue: Catalogue;
  readonly blocks: BlockPool;
  readonly watcher: StreamWatcher;
  readonly clock: Clock;
}

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
  #applied: bigint;
  #failure: unknown;
  #following: Promise<void> = Promise.resolve();
  #flushing: Promise<void> | undefined;
  /** Resolves when the running flush ends or has to wait for the object store. */
  #flushPace: Promise<void> = Promise.resolve();
  #listeners = new Set<() => void>();

  /** `flushed` is the last position of the partition's newest manifest. */
  constructor(parts: PartitionParts, flushed: bigint) {
    this.#parts = parts;
    this.#applied = flushed;
    this.#generations.push(this.#newGeneration());
  }

  get partition(): number {
    return this.#parts.partition;
  }

  /** Everything up to here is queryable. */
  get appliedPosition(): bigint {
    return this.#applied;
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
    this.#following = this.#follow().catch((error: unknown) => this.#fail(error));
  }

  async #follow(): Promise<void> {
    const { journal, partition } = this.#parts;
    for await (const { position, data } of journal.read(partition, this.#applied + 1n, this.#stop.signal)) {
      while (this.#mustWait()) await this.flush();
      if (this.#mustPace()) await this.#flushPace;
      const generation = this.#generations.at(-1) as Generation;
      const batch = decodeRecord(data, `journal record ${position} of partition ${partition}`);
      generation.append(batch, position, this.#parts.clock.nowMs());
      this.#applied = position;
      this.#wake();
      if (generation.usedBytes >= this.#parts.settings.flushBytes && this.#flushing === undefined) this.#flushInBackground();
    }
  }

  /** Replay of a long journal must not fill the memory faster than flushes empty it. */
  #mustWait(): boolean {
    const current = this.#generations.at(-1);
    return current !== undefined && current.rows > 0 && this.#parts.blocks.usedBytes >= this.#parts.settings.headBytesMax;
  }

  /** While a flush gets on, acknowledgements wait for it rather than that the heads grow to the point where pushes are refused. */
  #mustPace(): boolean {
    return this.#flushing !== undefined && this.#parts.blocks.usedBytes >= this.#parts.settings.headBytesPaced;
  }

  #wake(): void {
    while (this.#waiters.length > 0 && (this.#waiters[0] as Waiter).position <= this.#applied) this.#waiters.shift()?.resolve();
    for (const listener of this.#listeners) listener();
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
    return new Promise((resolve, reject) => {
      const waiter = { position, resolve, reject };
      const at = this.#waiters.findLastIndex((other) => other.position <= position);
      this.#waiters.splice(at + 1, 0, waiter);
    });
  }

  /** Calls `listener` after each applied record, until the function returned is called. */
  onApplied(listener: () => void): () => void {
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
    const parts = { ...this.#parts, onStall: paced.resolve };
    const manifest = await writeGeneration(parts, generation, lease.epoch, clock.nowMs(), this.#stop.signal).finally(paced.resolve);
    // From here on new queries read the segments; generations that running queries hold stay readable for them.
    catalogue.add(manifest);
    this.#generations.splice(this.#generations.indexOf(generation), 1);
    const { rows, usedBytes } = generation;
    generation.release();
    await lease.commit(generation.last);
    await hook('committed');
    await journal.trim(partition, generation.last);
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
