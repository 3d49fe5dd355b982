import { HeadBlock } from './block.ts';

export interface BlockSizes {
  readonly blockRows: number;
  readonly blockBytes: number;
}

/** Hands out head blocks and takes them back: shared memory is used again instead of being left to the garbage collectors of all threads. */
export class BlockPool {
  readonly #sizes: BlockSizes;
  readonly #free: HeadBlock[] = [];
  #allocatedBytes = 0;
  #usedBlockBytes = 0;

  constructor(sizes: BlockSizes) {
    this.#sizes = sizes;
  }

  /** Memory of all blocks, in use or free. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** Memory of the blocks in use. */
  get usedBytes(): number {
    return this.#usedBlockBytes;
  }

  /** A block with room for at least one row of `bytesMin` bytes; such a row may need a block of its own size. */
  take(partition: number, bytesMin: number): HeadBlock {
    const { blockRows, blockBytes } = this.#sizes;
    const spare = bytesMin <= blockBytes ? this.#free.pop() : undefined;
    const block = spare === undefined ? new HeadBlock(partition, blockRows, Math.max(blockBytes, bytesMin)) : spare.reuse(partition);
    if (spare === undefined) this.#allocatedBytes += block.allocatedBytes;
    this.#usedBlockBytes += block.allocatedBytes;
    return block;
  }

  give(block: HeadBlock): void {
    this.#usedBlockBytes -= block.allocatedBytes;
    if (block.view.arena.length === this.#sizes.blockBytes) this.#free.push(block);
    else this.#allocatedBytes -= block.allocatedBytes;
  }
}
