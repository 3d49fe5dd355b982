import type { CatalogueSnapshot } from '../../src/index/mod.ts';
import type { HeadSnapshot, ReadSnapshot } from '../../src/ingester/mod.ts';
import { Generation } from '../../src/ingester/mod.ts';
import { BlockPool } from '../../src/ingester/head/pool.ts';
import { entryBatch, type PlainEntry } from '../support/batches.ts';

/** Heads of blocks with room for a few rows, filled batch by batch. */
export class Heads {
  readonly generation: Generation;
  #position = 0n;

  constructor(blockRows: number) {
    const quiet = { streamAdded: () => undefined, streamRemoved: () => undefined };
    this.generation = new Generation(0, 1n, new BlockPool({ blockRows, blockBytes: 4096 }), quiet);
  }

  push(tenant: string, entries: readonly PlainEntry[]): void {
    this.#position += 1n;
    this.generation.append(entryBatch(tenant, entries), this.#position, 0);
  }

  get snapshots(): readonly HeadSnapshot[] {
    const { generation } = this;
    return [{ generation, last: generation.last, blockRows: generation.blocks.map(({ rows }) => rows) }];
  }

  /** A source of snapshots of these heads, and nothing in segments. */
  get source(): { snapshot(): ReadSnapshot; onApplied(): () => void } {
    const catalogue: CatalogueSnapshot = { positions: new Map(), indexesFor: () => [], tenants: () => [] };
    return { snapshot: () => ({ catalogue, heads: this.snapshots, release: () => undefined }), onApplied: () => () => undefined };
  }
}
