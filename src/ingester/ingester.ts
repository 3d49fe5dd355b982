import type { Journal } from '../journal/mod.ts';
import type { Catalogue, CatalogueSnapshot } from '../index/mod.ts';
import { SpoorError, type Clock } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import type { Generation } from './head/generation.ts';
import { BlockPool } from './head/pool.ts';
import { PartitionIngester } from './partition.ts';
import type { FlushHook, IngesterLog, IngesterSettings, SealPool } from './ports.ts';

export interface IngesterParts {
  readonly partitions: number;
  /** Name under which the leases are taken. */
  readonly owner: string;
  readonly journal: Journal;
  readonly store: ObjectStore;
  readonly catalogue: Catalogue;
  readonly pool: SealPool;
  readonly settings: IngesterSettings;
  readonly clock: Clock;
  readonly log: IngesterLog;
  readonly hook?: FlushHook;
}

/** Everything that a query reads, fixed at one moment: segments up to each partition's manifest, heads above it. */
export interface ReadSnapshot {
  readonly catalogue: CatalogueSnapshot;
  /** The heads above the catalogue's positions. */
  readonly heads: readonly HeadSnapshot[];
  /** Lets the heads go; must be called once. */
  release(): void;
}

/** A generation as far as it was filled at that moment. */
export interface HeadSnapshot {
  readonly generation: Generation;
  /** Position of the newest record. */
  readonly last: bigint;
  /** Rows of each of its blocks. */
  readonly blockRows: readonly number[];
}

const ageCheckMs = 1000;

/** Follows all partitions of the journal that it holds the leases of. */
export class Ingester {
  readonly #parts: IngesterParts;
  readonly #blocks: BlockPool;
  readonly #partitions: PartitionIngester[] = [];
  readonly #streams = new Map<string, Map<string, number>>();
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(parts: IngesterParts) {
    this.#parts = parts;
    this.#blocks = new BlockPool(parts.settings);
  }

  /** Takes the leases, adopts the chain of manifests, and starts to replay. */
  static async start(parts: IngesterParts): Promise<Ingester> {
    const ingester = new Ingester(parts);
    const positions = parts.catalogue.snapshot().positions;
    for (let partition = 0; partition < parts.partitions; partition++) {
      const lease = await parts.journal.acquire(partition, parts.owner);
      if (lease === null) throw new SpoorError('lease_lost', { partition });
      const flushed = positions.get(partition) ?? 0n;
      if (lease.committed > flushed) {
        const reason = `the journal has committed up to ${lease.committed}, manifests reach only ${flushed}; is this the right object store?`;
        throw new SpoorError('corruption', { where: `manifests of partition ${partition}`, offset: Number(flushed), reason });
      }
      const started = new PartitionIngester(
        {
          ...parts,
          hook: parts.hook ?? (() => undefined),
          partition,
          lease,
          blocks: ingester.#blocks,
          watcher: {
            streamAdded: (tenant, key) => ingester.#streamAdded(tenant, key),
            streamRemoved: (tenant, key) => ingester.#streamRemoved(tenant, key),
          },
        },
        flushed,
      );
      ingester.#partitions.push(started);
      await started.start();
    }
    ingester.#timer = setInterval(() => {
      for (const partition of ingester.#partitions) partition.flushIfOld();
    }, ageCheckMs);
    ingester.#timer.unref();
    return ingester;
  }

  #streamAdded(tenant: string, key: string): void {
    const streams = this.#streams.get(tenant) ?? new Map<string, number>();
    this.#streams.set(tenant, streams);
    streams.set(key, (streams.get(key) ?? 0) + 1);
  }

  #streamRemoved(tenant: string, key: string): void {
    const streams = this.#streams.get(tenant);
    const count = (streams?.get(key) ?? 1) - 1;
    if (count > 0) streams?.set(key, count);
    else streams?.delete(key);
    if (streams?.size === 0) this.#streams.delete(tenant);
  }

  /** Whether the stream has rows in the heads. `key` is formatLabels(labels). */
  has(tenant: string, key: string): boolean {
    return this.#streams.get(tenant)?.has(key) ?? false;
  }

  /** Streams of the tenant that have rows in the heads. */
  count(tenant: string): number {
    return this.#streams.get(tenant)?.size ?? 0;
  }

  /** Tenants with rows in the heads. */
  tenants(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Throws where a push must not be taken now. */
  check(): void {
    this.checkAlive();
    const { headBytesMax } = this.#parts.settings;
    if (this.#blocks.usedBytes < headBytesMax) return;
    // Nothing else might start a flush: a full memory lets no rows in.
    for (const partition of this.#partitions) partition.relieve();
    throw new SpoorError('ingester_memory_full', { bytes: this.#blocks.usedBytes, limit: headBytesMax });
  }

  /** Throws where it will take no more pushes, now or later. */
  checkAlive(): void {
    if (this.#closing) throw new SpoorError('shutting_down');
    for (const { failure } of this.#partitions) if (failure !== undefined) throw failure;
  }

  /** Resolves when the record is queryable. */
  applied(partition: number, position: bigint): Promise<void> {
    return (this.#partitions[partition] as PartitionIngester).applied(position);
  }

  /** Whether everything that was in the journal at the start is queryable again. */
  async caughtUp(): Promise<boolean> {
    for (const { failure } of this.#partitions) if (failure !== undefined) throw failure;
    return this.#partitions.every((partition) => partition.caughtUp);
  }

  /** Fixes what a query reads. Synchronous: nothing can be flushed between its two halves. */
  snapshot(): ReadSnapshot {
    const catalogue = this.#parts.catalogue.snapshot();
    const generations = this.#partitions
      .flatMap((partition) => partition.generations)
      .filter((generation) => generation.rows > 0 && generation.last > (catalogue.positions.get(generation.partition) ?? 0n));
    for (const generation of generations) generation.hold();
    let released = false;
    return {
      catalogue,
      heads: generations.map((generation) => ({ generation, last: generation.last, blockRows: generation.blocks.map((block) => block.rows) })),
      release: () => {
        if (released) return;
        released = true;
        for (const generation of generations) generation.release();
      },
    };
  }

  /** Calls `listener` whenever new rows are queryable, with the generation that got them, until the function returned is called. */
  onApplied(listener: (generation: Generation) => void): () => void {
    const stops = this.#partitions.map((partition) => partition.onApplied(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Writes out the heads; resolves when they are committed. */
  async flush(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.flush()));
  }

  /** Figures for metrics. */
  stats(): IngesterStats {
    const generations = this.#partitions.flatMap((partition) => partition.generations);
    return {
      headBytes: generations.reduce((sum, generation) => sum + generation.usedBytes, 0),
      headMemoryBytes: this.#blocks.allocatedBytes,
      headRows: generations.reduce((sum, generation) => sum + generation.rows, 0),
      streams: [...this.#streams.values()].reduce((sum, streams) => sum + streams.size, 0),
    };
  }

  /** Takes no more pushes from now on. */
  refusePushes(): void {
    this.#closing = true;
  }

  /** Stops; what was not flushed stays in the journal. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    await Promise.all(this.#partitions.map((partition) => partition.close()));
  }
}

export interface IngesterStats {
  readonly headBytes: number;
  readonly headMemoryBytes: number;
  readonly headRows: number;
  readonly streams: number;
}
