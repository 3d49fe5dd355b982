import { isSpoorError } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import { WeightedCache, type CacheStats } from './cache.ts';
import { decodeDirectory, type IndexDirectory } from './directory.ts';
import { damage, headerBytes, indexMagic, openBlock, readTrailer, trailerBytes, type BlockRef } from './format.ts';
import type { IndexRef } from './manifest.ts';
import { SharedLoads } from './shared-loads.ts';
import type { StreamBlock } from './streams.ts';

/** Read from the end of a file at first; a file of this size is read at once. */
const tailBytesMin = 64 * 1024;
/** A directory grows with the file: about a five-hundredth of it. */
const tailShare = 512;
/** Two blocks with a gap of at most this are read together, gap included: cheaper than a second request. */
const gapBytesMax = 256 * 1024;
/** Longest single read. */
const readBytesMax = 8 * 2 ** 20;

/** The directory of an index file, and the bytes that came with it: all from `tailOffset` on. */
export interface OpenIndex {
  readonly key: string;
  readonly where: string;
  readonly directory: IndexDirectory;
  readonly tailOffset: number;
  readonly tail: Uint8Array;
}

/** Reads blocks of index files from an object store, through one cache. */
export class IndexFiles {
  readonly #store: ObjectStore;
  readonly #blocks: WeightedCache<Buffer>;
  /** Blocks of streams, opened, with what was read of them. */
  readonly #streams: WeightedCache<StreamBlock>;
  readonly #directories: WeightedCache<OpenIndex>;
  readonly #opening = new SharedLoads<OpenIndex>();

  /** @param cacheBytesMax a quarter for directories, another for blocks, the rest for streams that were read */
  constructor(store: ObjectStore, cacheBytesMax: number) {
    this.#store = store;
    this.#directories = new WeightedCache(cacheBytesMax / 4);
    this.#blocks = new WeightedCache(cacheBytesMax / 4);
    this.#streams = new WeightedCache(cacheBytesMax / 2);
  }

  cacheStats(): { readonly directories: CacheStats; readonly blocks: CacheStats } {
    return { directories: this.#directories.stats(), blocks: this.#blocks.stats() };
  }

  /** The directory of a file; one ranged read unless it is cached. */
  async open(ref: IndexRef, signal: AbortSignal): Promise<OpenIndex> {
    const cached = this.#directories.get(ref.key);
    if (cached !== undefined) return cached;
    return this.#opening.run(ref.key, signal, async (shared) => {
      const opened = await this.#read(ref.key, ref.size, shared).catch((error: unknown) => this.#failed(ref.key, error));
      const { tenant, day } = opened.directory;
      if (tenant !== ref.tenant || day !== ref.day) throw damage(opened.where, 0, `it is of tenant ${tenant} and day ${day}, its manifest says ${ref.tenant} and ${ref.day}`);
      this.#directories.set(ref.key, opened, opened.tail.length + weightOf(opened.directory));
      return opened;
    });
  }

  async #read(key: string, size: number, signal: AbortSignal): Promise<OpenIndex> {
    const where = `index file ${key}`;
    if (size < headerBytes + trailerBytes) throw damage(where, 0, `a file of ${size} bytes is no index`);
    let tailOffset = Math.max(0, size - tailBytesMin - Math.floor(size / tailShare));
    let tail = await this.#store.getRange(key, tailOffset, size - tailOffset, signal);
    if (tail.length !== size - tailOffset) throw damage(where, tailOffset + tail.length, `the file ends here, its manifest says at ${size}`);
    const trailer = readTrailer(tail.subarray(tail.length - trailerBytes), size, where);
    const offset = size - trailerBytes - trailer.stored;
    if (offset < tailOffset) {
      const rest = await this.#store.getRange(key, offset, tailOffset - offset, signal);
      tail = Buffer.concat([rest, tail]);
      tailOffset = offset;
    }
    if (tailOffset === 0 && !indexMagic.equals(tail.subarray(0, indexMagic.length))) throw damage(where, 0, 'this is no index file');
    const at = offset - tailOffset;
    const raw = openBlock(tail.subarray(at, at + trailer.stored), { offset, stored: trailer.stored, raw: trailer.raw, crc: trailer.crc }, where);
    return { key, where, directory: decodeDirectory(raw, offset, where), tailOffset, tail };
  }

  /**
   * The blocks that `refs`, which rise, name, in their order. Blocks near each other come in one ranged read. Each is decompressed when it is called
   * for, so that the work can be spread over turns of the event loop.
   */
  async blocks(index: OpenIndex, refs: readonly BlockRef[], signal: AbortSignal): Promise<(() => Buffer)[]> {
    const found: (() => Buffer)[] = [];
    const runs: Run[] = [];
    for (const [i, ref] of refs.entries()) {
      const known = this.#known(index, ref);
      if (known === undefined) addToRuns(runs, ref, i);
      else found[i] = known;
    }
    await Promise.all(runs.map(async (run) => {
      const bytes = await this.#store.getRange(index.key, run.start, run.end - run.start, signal);
      for (const { ref, i } of run.refs) found[i] = () => this.#open(index, ref, bytes, run.start);
    }));
    return found;
  }

  /** A block of streams that was opened before, if it is kept. */
  streamBlock(index: OpenIndex, ref: BlockRef): StreamBlock | undefined {
    return this.#streams.get(`${index.key}@${ref.offset}`);
  }

  /** Keeps a block of streams that was opened; gives it. */
  keepStreamBlock(index: OpenIndex, ref: BlockRef, block: StreamBlock): StreamBlock {
    this.#streams.set(`${index.key}@${ref.offset}`, block, block.weight);
    return block;
  }

  #known(index: OpenIndex, ref: BlockRef): (() => Buffer) | undefined {
    const cached = this.#blocks.get(`${index.key}@${ref.offset}`);
    if (cached !== undefined) return () => cached;
    if (ref.stored > 0 && ref.offset < index.tailOffset) return undefined;
    return () => this.#open(index, ref, index.tail, index.tailOffset);
  }

  /** What is damaged may be so only in what is kept nearby: next time it comes from the store itself. */
  #failed(key: string, error: unknown): never {
    if (isSpoorError(error, 'corruption')) {
      this.#directories.delete(key);
      void this.#store.forget?.(key);
    }
    throw error;
  }

  /** Opens a block out of bytes that begin at `start` of the file, and keeps it. */
  #open(index: OpenIndex, ref: BlockRef, bytes: Uint8Array, start: number): Buffer {
    const at = ref.offset - start;
    let block: Buffer;
    try {
      block = openBlock(ref.stored === 0 ? new Uint8Array(0) : bytes.subarray(at, at + ref.stored), ref, index.where);
    } catch (error) {
      return this.#failed(index.key, error);
    }
    if (ref.stored > 0) this.#blocks.set(`${index.key}@${ref.offset}`, block, block.length);
    return block;
  }
}

/** Blocks that are read together. */
interface Run {
  readonly start: number;
  end: number;
  readonly refs: { readonly ref: BlockRef; readonly i: number }[];
}

function addToRuns(runs: Run[], ref: BlockRef, i: number): void {
  const end = ref.offset + ref.stored;
  const run = runs.at(-1);
  if (run !== undefined && ref.offset - run.end <= gapBytesMax && end - run.start <= readBytesMax) {
    run.end = end;
    run.refs.push({ ref, i });
  } else {
    runs.push({ start: ref.offset, end, refs: [{ ref, i }] });
  }
}

/** About what a directory takes in memory. */
function weightOf(directory: IndexDirectory): number {
  return 500 + directory.segments.length * 200 + (directory.streamBlocks.length + directory.nameBlocks.length) * 120 + directory.pairBlocks.length * 400;
}
