import { closeSync, mkdirSync, openSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, SpoorError, type Clock } from '../../../src/model/mod.ts';
import type { Batch } from '../batch.ts';
import { decodeRecord, discard } from './record.ts';
import { appendDone, readDone, readRecord, scanSegment, syncDirectory } from './segment.ts';

export interface DiskBufferOptions {
  readonly dir: string;
  /** Bytes on disk at most. */
  readonly bytesMax: number;
  /** A segment that has so many bytes is not added to. */
  readonly segmentBytesMax: number;
}

/** What the buffer tells those around it. */
export interface DiskBufferEvents {
  /** Bytes are no records, or a record is damaged; it is skipped. */
  damaged(error: SpoorError, rows: number, bytes: number): void;
  /** Writing failed; batches wait in memory. */
  failed(path: string, error: unknown): void;
}

/** A record that is not delivered. */
export interface BufferedRecord {
  readonly segment: BufferSegment;
  readonly offset: number;
  readonly bytes: number;
  readonly rows: number;
}

interface BufferSegment {
  readonly path: string;
  size: number;
  /** Records that are not delivered. */
  live: number;
  done: number | null;
}

/**
 * Batches of one destination on disk, in order: append-only segments of records with checksums, deleted when all in them is delivered. A record counts only after fsync.
 * docs/formats/agent-buffer.md is the format.
 */
export class DiskBuffer {
  readonly #options: DiskBufferOptions;
  readonly #events: DiskBufferEvents;
  readonly #clock: Clock;
  readonly #segments = new Set<BufferSegment>();
  #found: BufferedRecord[] = [];
  #current: { readonly segment: BufferSegment; readonly handle: FileHandle } | null = null;
  /** Records that this process added. */
  added = 0;
  #next = 1;
  #bytes = 0;
  #records = 0;
  #blockedUntilMs = -Infinity;
  #appending = false;

  /** Opens a buffer and finds what an earlier run left. Throws `format_version`, and where the directory cannot be used. */
  constructor(options: DiskBufferOptions, events: DiskBufferEvents, clock: Clock) {
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const names = new Set(readdirSync(options.dir));
    for (const name of Array.from(names).sort()) {
      const [, segment, number, notes] = /^((\d{12})\.buffer)(\.done)?$/.exec(name) ?? [];
      if (segment === undefined) continue;
      this.#next = Math.max(this.#next, Number(number) + 1);
      if (notes === undefined) this.#open(join(options.dir, name));
      // The notes of a segment that is deleted; another segment must not find them.
      else if (!names.has(segment)) rmSync(join(options.dir, name), { force: true });
    }
  }

  /** Records that are not delivered, oldest first, as an earlier run left them. Given once. */
  takeFound(): BufferedRecord[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** Bytes that the files occupy. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that they may occupy. */
  get bytesMax(): number {
    return this.#options.bytesMax;
  }

  /** Records that are not delivered. */
  get records(): number {
    return this.#records;
  }

  /** Whether a record may be added: there is room, and writing did not just fail. */
  get open(): boolean {
    return this.#bytes < this.#options.bytesMax && this.#clock.monotonicMs() >= this.#blockedUntilMs;
  }

  /**
   * Adds records, all in one fsync. Gives those that are durable: the first few where the rest has no room. Where writing fails, nothing is added and for some seconds nothing will be.
   */
  async append(records: readonly Buffer[]): Promise<BufferedRecord[]> {
    let room = this.#options.bytesMax - this.#bytes;
    const fitting: Buffer[] = [];
    for (const record of records) {
      room -= record.length;
      if (room < 0) break;
      fitting.push(record);
    }
    if (fitting.length === 0) {
      // Nothing fits although there is some room: say that it is full, for a moment.
      if (records.length > 0) this.#blockedUntilMs = this.#clock.monotonicMs() + fullForMs;
      return [];
    }
    let from = 0;
    this.#appending = true;
    try {
      const { segment, handle } = await this.#segment();
      from = segment.size;
      let length = 0;
      for (const record of fitting) length += record.length;
      await writeAll(handle, fitting, from);
      await handle.datasync();
      segment.size += length;
      this.#bytes += length;
      const added = fitting.map((record) => {
        const result = { segment, offset: from, bytes: record.length, rows: record.readUInt32LE(12) };
        from += record.length;
        return result;
      });
      segment.live += added.length;
      this.#records += added.length;
      this.added += added.length;
      return added;
    } catch (error) {
      this.#blockedUntilMs = this.#clock.monotonicMs() + failedForMs;
      this.#events.failed(this.#options.dir, error);
      await this.#abandon(from);
      return [];
    } finally {
      this.#appending = false;
    }
  }

  /** Reads a record into an empty batch; false where it is damaged: it is then gone. */
  read(record: BufferedRecord, batch: Batch): boolean {
    let reason = 'the checksum does not match';
    try {
      const fd = openSync(record.segment.path, 'r');
      try {
        const bytes = readRecord(fd, record.offset, record.bytes);
        if (bytes !== undefined) {
          decodeRecord(bytes, batch);
          discard(bytes);
          return true;
        }
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      reason = reasonOf(error);
    }
    batch.clear();
    this.#events.damaged(new SpoorError('agent_buffer_damaged', { path: record.segment.path, offset: record.offset, reason }), record.rows, record.bytes);
    this.delivered(record);
    return false;
  }

  /** Says that a record is delivered, or given up. */
  delivered(record: BufferedRecord): void {
    const { segment } = record;
    segment.live--;
    this.#records--;
    const idle = this.#current?.segment !== segment || (!this.#appending && segment.size >= this.#options.segmentBytesMax / 16);
    if (segment.live === 0 && idle) {
      this.#remove(segment);
      return;
    }
    try {
      segment.done ??= openSync(`${segment.path}.done`, 'a', 0o600);
      appendDone(segment.done, record.offset);
    } catch (error) {
      // Then it is sent again after a restart, and the server drops it.
      this.#events.failed(`${segment.path}.done`, error);
    }
  }

  async close(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    await current?.handle.close();
    for (const segment of this.#segments) {
      closeDone(segment);
      if (segment.live === 0) this.#remove(segment);
    }
  }

  #open(path: string): void {
    const { records, size, tornBytes, damagedBytes } = scanSegment(path);
    if (damagedBytes > 0) this.#events.damaged(new SpoorError('agent_buffer_damaged', { path, offset: 0, reason: `${damagedBytes} bytes are no records` }), 0, damagedBytes);
    if (tornBytes > 0) truncateSync(path, size - tornBytes);
    const done = readDone(`${path}.done`);
    const segment: BufferSegment = { path, size: size - tornBytes, live: 0, done: null };
    for (const record of records) {
      if (done.has(record.offset)) continue;
      segment.live++;
      this.#found.push({ segment, ...record });
    }
    this.#segments.add(segment);
    this.#bytes += segment.size;
    this.#records += segment.live;
    if (segment.live === 0) this.#remove(segment);
  }

  /** The segment that is written to; a new one where there is none or it is large enough. */
  async #segment(): Promise<{ readonly segment: BufferSegment; readonly handle: FileHandle }> {
    const current = this.#current;
    if (current !== null && this.#segments.has(current.segment) && current.segment.size < this.#options.segmentBytesMax) return current;
    this.#current = null;
    await current?.handle.close();
    if (current?.segment.live === 0 && this.#segments.has(current.segment)) this.#remove(current.segment);
    const path = join(this.#options.dir, `${String(this.#next).padStart(12, '0')}.buffer`);
    const handle = await open(path, 'wx', 0o600);
    this.#next++;
    const segment: BufferSegment = { path, size: 0, live: 0, done: null };
    this.#segments.add(segment);
    this.#current = { segment, handle };
    syncDirectory(this.#options.dir);
    return this.#current;
  }

  /** After a failed write: what is not known to be whole is cut off, and the segment is not written to any more. */
  async #abandon(length: number): Promise<void> {
    const current = this.#current;
    this.#current = null;
    if (current === null) return;
    try {
      await current.handle.truncate(length);
    } catch {
      // What stands behind the last whole record is found to be none when it is read, and is of no harm: its lines are still in memory.
    }
    await current.handle.close().catch(() => undefined);
    if (current.segment.live === 0 && this.#segments.has(current.segment)) this.#remove(current.segment);
  }

  #remove(segment: BufferSegment): void {
    if (!this.#segments.delete(segment)) return;
    this.#bytes -= segment.size;
    closeDone(segment);
    const current = this.#current;
    if (current?.segment === segment) {
      this.#current = null;
      void current.handle.close().catch(() => undefined);
    }
    try {
      rmSync(segment.path, { force: true });
      rmSync(`${segment.path}.done`, { force: true });
    } catch (error) {
      this.#events.failed(segment.path, error);
    }
  }
}

/** How long nothing is tried after a write failed, and after the buffer was found full. */
const failedForMs = 5000;
const fullForMs = 500;

function closeDone(segment: BufferSegment): void {
  if (segment.done !== null) closeSync(segment.done);
  segment.done = null;
}

async function writeAll(handle: FileHandle, records: readonly Buffer[], from: number): Promise<void> {
  let at = from;
  for (const record of records) {
    for (let done = 0; done < record.length; ) {
      const { bytesWritten } = await handle.write(record, done, record.length - done, at + done);
      done += bytesWritten;
    }
    at += record.length;
  }
}
