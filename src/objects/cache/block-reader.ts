import { closeSync, fstatSync, futimesSync, openSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../model/mod.ts';
import { blockBytes, blockData, blockHeaderBytes, blockPath, blocksOf, objectId, type ObjectId } from './block.ts';

/** Where blocks lie; plain data, which crosses to worker threads. */
export interface BlockPlace {
  readonly directory: string;
  /** Which store the objects are of. */
  readonly scope: string;
}

/** How a look into the cache ended. */
export interface BlockCounts {
  hits: number;
  hitBytes: number;
  /** Files that were no whole block, and were deleted. */
  damaged: number;
}

/** A block that is used is marked so at most this often; finer than that least recently used is not told apart. */
export const markEveryMs = 60_000;

/** Reads blocks of the cache there and then: for worker threads, which have nothing else to do meanwhile. */
export class BlockReader {
  readonly #place: BlockPlace;
  readonly #clock: Clock;
  /** A byte more than a block has, so that longer files are told. */
  readonly #file = Buffer.allocUnsafeSlow(blockHeaderBytes + blockBytes + 1);
  #key = '';
  #id: ObjectId = Buffer.alloc(0);
  readonly counts: BlockCounts = { hits: 0, hitBytes: 0, damaged: 0 };

  constructor(place: BlockPlace, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /** Bytes of an object, fewer than `length` where it ends; undefined where the cache does not have all of them. */
  read(key: string, offset: number, length: number): Uint8Array | undefined {
    if (offset < 0 || length <= 0) return undefined;
    if (key !== this.#key) {
      this.#key = key;
      this.#id = objectId(this.#place.scope, key);
    }
    const { from, to } = blocksOf(offset, length);
    let out: Buffer | undefined;
    let at = 0;
    for (let block = from; block < to; block++) {
      const data = this.#block(block);
      if (data === undefined) return undefined;
      // Only now, so that a miss costs nothing.
      out ??= Buffer.allocUnsafeSlow(length);
      const start = Math.max(0, offset - block * blockBytes);
      const wanted = data.subarray(start, Math.min(data.length, offset + length - block * blockBytes));
      out.set(wanted, at);
      at += wanted.length;
      if (data.length < blockBytes) break;
    }
    this.counts.hits += to - from;
    this.counts.hitBytes += at;
    return out?.subarray(0, at);
  }

  #block(block: number): Uint8Array | undefined {
    const { folder, name } = blockPath(this.#id, block);
    const path = join(this.#place.directory, folder, name);
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      return undefined;
    }
    try {
      let bytes = 0;
      for (let got = -1; got !== 0 && bytes < this.#file.length; bytes += got) got = readSync(file, this.#file, bytes, this.#file.length - bytes, bytes);
      const data = blockData(this.#file.subarray(0, bytes), this.#id, block);
      if (data === null) {
        this.counts.damaged += 1;
        unlinkSync(path);
        return undefined;
      }
      this.#mark(file);
      return data;
    } catch {
      // A disk that fails is like a cache that has nothing.
      return undefined;
    } finally {
      closeSync(file);
    }
  }

  #mark(file: number): void {
    const nowMs = this.#clock.nowMs();
    if (fstatSync(file).mtimeMs > nowMs - markEveryMs) return;
    try {
      futimesSync(file, nowMs / 1000, nowMs / 1000);
    } catch {
      // Somebody else's file, or a disk that is read-only: it is evicted earlier than it should.
    }
  }
}
