import type { DiskCache } from './disk-cache.ts';

interface Held {
  readonly key: string;
  readonly block: number;
  readonly data: Uint8Array;
  /** The object was replaced or deleted meanwhile. */
  isDropped: boolean;
}

/** Blocks written to disk at the same time: few, since the journal's fsyncs run on the same threads. */
const writesMax = 2;

/**
 * Blocks that were read of the store: until they are on disk, or, where there is no disk, the latest ones. With more than it may hold the oldest go, written or not.
 */
export class BlockMemory {
  readonly #bytesMax: number;
  readonly #disk: DiskCache | null;
  readonly #held = new Map<string, Held>();
  readonly #writing = new Map<Held, Promise<void>>();
  #bytes = 0;
  #closed = false;

  constructor(bytesMax: number, disk: DiskCache | null) {
    this.#bytesMax = bytesMax;
    this.#disk = disk;
  }

  get(key: string, block: number): Uint8Array | undefined {
    const id = idOf(key, block);
    const held = this.#held.get(id);
    if (held !== undefined && this.#disk === null) {
      this.#held.delete(id);
      this.#held.set(id, held);
    }
    return held?.data;
  }

  add(key: string, block: number, data: Uint8Array): void {
    if (data.length === 0 || this.#closed) return;
    const id = idOf(key, block);
    this.#remove(id);
    this.#held.set(id, { key, block, data, isDropped: false });
    this.#bytes += data.length;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#remove(oldest);
    }
    this.#write();
  }

  #remove(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#bytes -= held.data.length;
  }

  #write(): void {
    const disk = this.#disk;
    if (disk === null || this.#closed) return;
    for (const [id, held] of this.#held) {
      if (this.#writing.size >= writesMax) return;
      if (this.#writing.has(held)) continue;
      this.#writing.set(held, this.#writeOne(disk, id, held));
    }
  }

  async #writeOne(disk: DiskCache, id: string, held: Held): Promise<void> {
    await disk.write(held.key, held.block, held.data, () => !held.isDropped);
    this.#writing.delete(held);
    if (this.#held.get(id) === held) this.#remove(id);
    this.#write();
  }

  /** Forgets an object's blocks; resolves when none of them is being written any more. */
  async drop(key: string): Promise<void> {
    for (const [id, held] of this.#held) if (held.key === key) this.#remove(id);
    const own = [...this.#writing].filter(([held]) => held.key === key);
    for (const [held] of own) held.isDropped = true;
    await Promise.all(own.map(([, written]) => written));
  }

  /** Resolves when everything is on disk. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing.values());
  }

  /** Begins no more writes, and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
  }
}

function idOf(key: string, block: number): string {
  return `${block} ${key}`;
}
