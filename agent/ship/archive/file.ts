import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { reasonOf, type Clock } from '../../../src/model/mod.ts';
import type { Batch } from '../../buffer/batch.ts';
import { syncDirectory } from '../../buffer/disk/segment.ts';
import { JsonRows } from '../json-row.ts';
import type { Outcome, RequestCounts, Sender } from '../outcome.ts';
import { archiveBytes, type ArchiveFormat } from './lines.ts';

export interface FileArchiveOptions {
  /** The file that is written to. Full ones are called `<path>.<UTC time>`, with `.gz` where they are compressed. */
  readonly path: string;
  readonly format: ArchiveFormat;
  /** A file of this size is full. */
  readonly rotateBytes: number;
  /** So is one of this age. */
  readonly rotateMs: number;
  /** Full files that are kept; 0 for all. */
  readonly keep: number;
  readonly gzip: boolean;
}

/**
 * Writes lines to a file, which is rotated by size and age. A batch is delivered when it is on disk (fsync). After kill -9 a batch that was written and not yet remembered as delivered is written
 * again; what is cut off at the end is removed. A full file takes its final name by rename, whole.
 */
export class FileArchive implements Sender {
  readonly #options: FileArchiveOptions;
  readonly #counts: RequestCounts;
  readonly #clock: Clock;
  readonly #json = new JsonRows();
  #file: { readonly handle: FileHandle; size: number; sinceMs: number } | null = null;
  #closed = false;

  constructor(options: FileArchiveOptions, counts: RequestCounts, clock: Clock) {
    this.#options = options;
    this.#counts = counts;
    this.#clock = clock;
  }

  get where(): string {
    return this.#options.path;
  }

  async send(batch: Batch, rows: Uint32Array): Promise<Outcome> {
    const bytes = archiveBytes(this.#json, this.#options.format, batch, rows);
    try {
      await this.#rotateIfDue();
      const file = (this.#file ??= await this.#open());
      try {
        for (let done = 0; done < bytes.length; ) done += (await file.handle.write(bytes, done, bytes.length - done, file.size + done)).bytesWritten;
        await file.handle.datasync();
      } catch (error) {
        // What was written of it would stand there twice.
        await file.handle.truncate(file.size).catch(() => undefined);
        throw error;
      }
      file.size += bytes.length;
    } catch (error) {
      return { kind: 'retry', loud: false, reason: reasonOf(error), retryAfterMs: 0 };
    }
    this.#counts.requests++;
    this.#counts.requestBytes += bytes.length;
    return { kind: 'delivered' };
  }

  async tick(): Promise<void> {
    if (!this.#closed) await this.#rotateIfDue();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#file;
    this.#file = null;
    await file?.handle.close();
  }

  async #open(): Promise<{ readonly handle: FileHandle; size: number; sinceMs: number }> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    // Those that an earlier run did not come to compress.
    for (const name of await this.#full(false)) await this.#compress(join(dirname(path), name));
    // 'r+' does not make a file, 'a' writes at the end whatever is said.
    const handle = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return open(path, 'w+', 0o640);
    });
    try {
      const { size, birthtimeMs } = await handle.stat();
      const whole = await endOfLines(handle, size);
      if (whole < size) await handle.truncate(whole);
      syncDirectory(dirname(path));
      return { handle, size: whole, sinceMs: whole === 0 || birthtimeMs === 0 ? this.#clock.nowMs() : Math.min(birthtimeMs, this.#clock.nowMs()) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #rotateIfDue(): Promise<void> {
    const file = this.#file;
    const { path, rotateBytes, rotateMs, keep } = this.#options;
    if (file === null || file.size === 0 || (file.size < rotateBytes && this.#clock.nowMs() - file.sinceMs < rotateMs)) return;
    this.#file = null;
    await file.handle.close();
    const full = await this.#freeName();
    await rename(path, full);
    syncDirectory(dirname(path));
    await this.#compress(full);
    if (keep === 0) return;
    const all = [...(await this.#full(true)), ...(await this.#full(false))].sort();
    for (const name of all.slice(0, Math.max(0, all.length - keep))) await rm(join(dirname(path), name), { force: true });
  }

  /** `<path>.20261122-215801-123`; a time that is not taken. */
  async #freeName(): Promise<string> {
    const taken = new Set([...(await this.#full(true)).map((name) => name.replace(/\.gz$/, '')), ...(await this.#full(false))]);
    for (let ms = this.#clock.nowMs(); ; ms++) {
      const name = `${basename(this.#options.path)}.${new Date(ms).toISOString().replaceAll(/[-:Z]/g, '').replaceAll(/[T.]/g, '-')}`;
      if (!taken.has(name)) return join(dirname(this.#options.path), name);
    }
  }

  /** Names of full files, compressed or not, oldest first. */
  async #full(compressed: boolean): Promise<string[]> {
    const begin = `${basename(this.#options.path)}.`;
    const end = compressed ? /^\d{8}-\d{6}-\d{3}\.gz$/ : /^\d{8}-\d{6}-\d{3}$/;
    return (await readdir(dirname(this.#options.path))).filter((name) => name.startsWith(begin) && end.test(name.slice(begin.length))).sort();
  }

  async #compress(path: string): Promise<void> {
    if (!this.#options.gzip) return;
    const temporary = `${path}.gz.tmp`;
    await pipeline(createReadStream(path), createGzip({ level: 6 }), createWriteStream(temporary, { mode: 0o640, flush: true }));
    await rename(temporary, `${path}.gz`);
    syncDirectory(dirname(path));
    await rm(path);
  }
}

/** Where the last complete line of a file ends. */
async function endOfLines(handle: FileHandle, size: number): Promise<number> {
  const block = Buffer.allocUnsafe(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const newline = block.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
