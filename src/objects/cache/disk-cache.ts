import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, type Clock } from '../../model/mod.ts';
import { blockData, blockHeader, blockHeaderBytes, blockPath, objectId, type ObjectId } from './block.ts';
import { markEveryMs, type BlockPlace } from './block-reader.ts';
import { freeBytes, makeRoom, temporaryFolder } from './eviction.ts';

/** What openDiskCache is told. */
export interface DiskCacheOptions extends BlockPlace {
  /** Bytes of all files together, those of other processes on the same directory included. */
  readonly bytesMax: number;
  /** Bytes that stay free on the disk. */
  readonly freeBytesMin: number;
  readonly clock: Clock;
  /** Told why nothing is written, at most once a minute. */
  readonly onTrouble?: (reason: string) => void;
}

/** How the cache is doing, as far as this thread knows. */
export interface DiskCacheStats {
  /** Bytes of its files, of all processes, when they were looked at last, and what was written since. */
  readonly bytes: number;
  readonly hits: number;
  readonly hitBytes: number;
  readonly misses: number;
  readonly writtenBytes: number;
  readonly evictions: number;
  readonly evictedBytes: number;
  readonly damaged: number;
  readonly writeFailures: number;
}

/** Nothing is written for so long after a write failed. */
const pauseMs = 10_000;
/** Space on the disk is asked for after so many bytes written. */
const spaceEveryBytes = 64 * 2 ** 20;
/** Files of others are looked for after this part of the limit was written here. */
const lookEveryPart = 1 / 16;
/** Room is made down to this part of the limit. */
const keptPart = 0.9;

/**
 * Blocks of immutable objects in files of a directory, which several processes may share: each file says of itself what it is and whether it is whole, appears by rename(2), and is
 * deleted when it turns out to be anything else. Nothing is fsynced: what a crash tears is a damaged block. No method fails because of the disk: a cache
 * that cannot be read or written is one that has nothing.
 */
export class DiskCache {
  readonly place: BlockPlace;
  readonly #options: DiskCacheOptions;
  readonly #temporary: string;
  #temporaries = 0;
  #looking: Promise<void> | undefined;
  #closed = false;
  /** The disk had too little room when it was looked at last. */
  #isFull = false;
  #bytes = 0;
  #unseen = 0;
  #unasked = 0;
  #pausedUntilMs = 0;
  #troubledUntilMs = 0;
  readonly #stats = { hits: 0, hitBytes: 0, misses: 0, writtenBytes: 0, evictions: 0, evictedBytes: 0, damaged: 0, writeFailures: 0 };

  private constructor(options: DiskCacheOptions) {
    this.#options = options;
    this.place = { directory: options.directory, scope: options.scope };
    this.#temporary = join(options.directory, temporaryFolder, `${process.pid}-${randomBytes(6).toString('hex')}`);
  }

  /** Makes the directory where it is missing, and begins to look at what is in it. */
  static async open(options: DiskCacheOptions): Promise<DiskCache> {
    const cache = new DiskCache(options);
    try {
      await mkdir(join(options.directory, temporaryFolder), { recursive: true });
    } catch (error) {
      cache.#trouble(error);
    }
    cache.#look();
    return cache;
  }

  stats(): DiskCacheStats {
    return { ...this.#stats, bytes: this.#bytes };
  }

  /** The bytes of a block; undefined where they are not there. */
  async read(key: string, block: number): Promise<Uint8Array | undefined> {
    const id = objectId(this.#options.scope, key);
    const path = this.#path(id, block);
    let file: Uint8Array;
    try {
      file = await readFile(path);
    } catch {
      this.#stats.misses += 1;
      return undefined;
    }
    const data = blockData(file, id, block);
    if (data === null) {
      this.#stats.damaged += 1;
      this.#stats.misses += 1;
      await unlink(path).catch(() => undefined);
      return undefined;
    }
    this.#stats.hits += 1;
    this.#stats.hitBytes += data.length;
    await this.#mark(path).catch(() => undefined);
    return data;
  }

  /** Whether there is a file of a block, whatever is in it. Where there is none it counts as a miss. */
  async has(key: string, block: number): Promise<boolean> {
    const is = await access(this.#path(objectId(this.#options.scope, key), block)).then(() => true, () => false);
    if (!is) this.#stats.misses += 1;
    return is;
  }

  async #mark(path: string): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    if ((await stat(path)).mtimeMs <= nowMs - markEveryMs) await utimes(path, nowMs / 1000, nowMs / 1000);
  }

  /** Keeps a block. `isWanted` is asked right before it appears, and after. */
  async write(key: string, block: number, data: Uint8Array, isWanted: () => boolean): Promise<void> {
    const { clock } = this.#options;
    if (this.#closed || clock.nowMs() < this.#pausedUntilMs) return;
    if (this.#isFull) {
      this.#look();
      return;
    }
    const id = objectId(this.#options.scope, key);
    const temporary = `${this.#temporary}-${this.#temporaries++}`;
    try {
      await writeFile(temporary, Buffer.concat([blockHeader(id, block, data), data]), { flag: 'wx' });
      if (!isWanted()) {
        await unlink(temporary);
        return;
      }
      const path = this.#path(id, block);
      await rename(temporary, path).catch(async () => {
        await mkdir(join(path, '..'), { recursive: true });
        await rename(temporary, path);
      });
      if (!isWanted()) await unlink(path);
      this.#written(data.length + blockHeaderBytes);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      this.#stats.writeFailures += 1;
      this.#pausedUntilMs = clock.nowMs() + pauseMs;
      this.#trouble(error);
      // Somebody may have deleted the whole directory.
      await mkdir(join(this.#options.directory, temporaryFolder), { recursive: true }).catch(() => undefined);
      this.#look();
    }
  }

  #path(id: ObjectId, block: number): string {
    const { folder, name } = blockPath(id, block);
    return join(this.#options.directory, folder, name);
  }

  #written(bytes: number): void {
    const { bytesMax } = this.#options;
    this.#stats.writtenBytes += bytes;
    this.#bytes += bytes;
    this.#unseen += bytes;
    this.#unasked += bytes;
    if (this.#bytes > bytesMax || this.#unseen > bytesMax * lookEveryPart) this.#look();
    else if (this.#unasked > spaceEveryBytes) void this.#askSpace();
  }

  async #askSpace(): Promise<void> {
    this.#unasked = 0;
    if ((await freeBytes(this.#options.directory)) < this.#options.freeBytesMin) this.#look();
  }

  /** Deletes the blocks of an object. */
  async drop(key: string): Promise<void> {
    const { folder, name } = blockPath(objectId(this.#options.scope, key), 0);
    const prefix = name.slice(0, name.lastIndexOf('-') + 1);
    const directory = join(this.#options.directory, folder);
    const names = await readdir(directory).catch(() => []);
    for (const own of names) if (own.startsWith(prefix)) await unlink(join(directory, own)).catch(() => undefined);
  }

  /** Resolves when no look at the directory is under way. */
  async settled(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
  }

  /** Sees what is there, of all processes, and makes room. One look at a time. */
  #look(): void {
    if (this.#looking !== undefined || this.#closed) return;
    this.#looking = this.#makeRoom().catch((error: unknown) => this.#trouble(error)).finally(() => {
      this.#looking = undefined;
    });
  }

  async #makeRoom(): Promise<void> {
    const { directory, bytesMax, freeBytesMin, clock } = this.#options;
    this.#unseen = 0;
    this.#unasked = 0;
    const before = this.#stats.writtenBytes;
    const { left, evicted, evictedBytes, hasRoom } = await makeRoom({ directory, bytesMax, bytesKept: bytesMax * keptPart, freeBytesMin, nowMs: clock.nowMs(), isClosed: () => this.#closed });
    this.#bytes = left + this.#stats.writtenBytes - before;
    this.#stats.evictions += evicted;
    this.#stats.evictedBytes += evictedBytes;
    this.#isFull = !hasRoom;
    if (!hasRoom) {
      this.#pausedUntilMs = clock.nowMs() + pauseMs;
      this.#trouble(new Error(`the disk has less than ${freeBytesMin} bytes free (cache.free_bytes_min)`));
    }
  }

  #trouble(error: unknown): void {
    const { clock, onTrouble } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs < this.#troubledUntilMs) return;
    this.#troubledUntilMs = nowMs + 60_000;
    onTrouble?.(reasonOf(error));
  }

  /** Nothing is written or evicted any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }
}
