import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import { encodeIds, idsName, type DuplicateWindow } from './duplicates.ts';
import { replaceFile, type JournalFile, type JournalFiles } from './files.ts';
import { encodeFileHeader, fileHeaderBytes, frameBytes, idBytesMax } from './frame.ts';
import { packGroup } from './group.ts';
import { Leases } from './lease.ts';
import { LogFile, logFileName } from './log-file.ts';
import { openPartition } from './opening.ts';
import type { Appended, JournalBounds, JournalRecord, Lease, Position } from './port.ts';
import { readRecords } from './reading.ts';
import { recordBytesMax } from './record.ts';
import { Serial } from './serial.ts';
import type { Space } from './space.ts';
import type { StateFile } from './state.ts';
import { Tail } from './tail.ts';

export interface PartitionOptions {
  readonly files: JournalFiles;
  readonly directory: string;
  readonly partition: number;
  readonly clock: Clock;
  readonly fsyncIntervalMs: number;
  readonly fileBytesMax: number;
  readonly duplicateWindowMs: number;
  readonly duplicateIdsMax: number;
  readonly tailBytesMax: number;
  readonly queueBytesMax: number;
  readonly space: Space;
}

/** Bytes that one write and fsync take together; a single larger record goes alone. Also ends the wait to gather more. */
const groupBytesMax = 16 * 2 ** 20;

/** An append that is not durable yet. */
interface Pending {
  readonly id: string;
  readonly idBytes: number;
  readonly data: Uint8Array;
  /** Bytes of its frame. */
  readonly bytes: number;
  readonly settled: PromiseWithResolvers<Appended>;
  /** Called when nobody looks at `data` any more. */
  readonly released: (() => void) | undefined;
}

/** One partition of the disk journal: a chain of files, of which the last is written. */
export class Partition {
  readonly #options: PartitionOptions;
  readonly #state: StateFile;
  readonly #window: DuplicateWindow;
  readonly #logs: LogFile[];
  /** Files that are to be deleted; what could not be is tried again by the next trim, or by opening. */
  readonly #trimmed: LogFile[] = [];
  readonly #leases: Leases;
  readonly #tail: Tail;
  /** Guards the last file: one group or one roll at a time. */
  readonly #writer = new Serial();
  readonly #trimmer = new Serial();
  readonly #closing = new AbortController();
  readonly #inFlight = new Map<string, Pending>();
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #pumping: Promise<void> | undefined;
  /** The last file, open for writing. Undefined where it must not be written any more: after a failure, what it holds behind its durable length is unknown. */
  #handle: JournalFile | undefined;

  private constructor(options: PartitionOptions, state: StateFile, window: DuplicateWindow, logs: LogFile[]) {
    this.#options = options;
    this.#state = state;
    this.#window = window;
    this.#logs = logs;
    this.#tail = new Tail(options.tailBytesMax);
    this.#leases = new Leases(options.partition, state, () => this.next, () => this.#checkOpen());
  }

  static async open(options: PartitionOptions): Promise<Partition> {
    const { state, window, logs } = await openPartition(options);
    const partition = new Partition(options, state, window, logs);
    const last = logs.at(-1);
    for (const log of logs) options.space.take(log.length);
    if (last === undefined) await partition.#roll();
    else partition.#handle = await options.files.open(last.path, 'write');
    return partition;
  }

  /** Position of the next record that becomes durable. */
  get next(): number {
    return this.#logs.at(-1)?.next ?? 1;
  }

  /** First position that can still be read. */
  get first(): number {
    return this.#logs[0]?.first ?? 1;
  }

  bounds(): JournalBounds {
    this.#checkOpen();
    let bytes = 0;
    for (const log of this.#logs) bytes += log.length;
    return { first: BigInt(this.first), next: BigInt(this.next), bytes };
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new SpoorError('journal_closed');
  }

  async append(data: Uint8Array, id: string, released?: () => void): Promise<Appended> {
    const idBytes = Buffer.byteLength(id, 'utf8');
    if (idBytes === 0 || idBytes > idBytesMax) throw new SpoorError('internal', { reason: `an append id has 1 to ${idBytesMax} bytes, not ${idBytes}` });
    if (data.length > recordBytesMax) throw new SpoorError('body_too_large', { limit: recordBytesMax, name: 'journal record' });
    for (;;) {
      this.#checkOpen();
      const known = this.#window.find(id);
      const first = known === undefined ? this.#inFlight.get(id) : undefined;
      if (known === undefined && first === undefined) return this.#enqueue(data, id, idBytes, released);
      try {
        const position = known === undefined ? (await first!.settled.promise).position : BigInt(known);
        released?.();
        return { position, duplicate: true };
      } catch {
        // The first one failed and left nothing behind: this one is written itself.
      }
    }
  }

  #enqueue(data: Uint8Array, id: string, idBytes: number, released: (() => void) | undefined): Promise<Appended> {
    const { space, queueBytesMax } = this.#options;
    const bytes = frameBytes(idBytes, data.length);
    if (this.#queue.length > 0 && this.#queuedBytes + bytes > queueBytesMax) {
      throw new SpoorError('journal_write', { reason: `the disk is slow: ${this.#queuedBytes} bytes wait for it, the limit is ${queueBytesMax}` });
    }
    if (space.used + bytes > space.limit) throw new SpoorError('journal_full', { bytes: space.used, limit: space.limit });
    space.take(bytes);
    const pending: Pending = { id, idBytes, data, bytes, released, settled: Promise.withResolvers() };
    this.#inFlight.set(id, pending);
    this.#queue.push(pending);
    this.#queuedBytes += bytes;
    this.#pumping ??= this.#pump();
    return pending.settled.promise;
  }

  /** Writes groups until nothing is queued. What arrives while one is synced makes the next. */
  async #pump(): Promise<void> {
    // Appends of the same turn of the event loop share the first group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const { fsyncIntervalMs } = this.#options;
      if (fsyncIntervalMs > 0 && this.#queuedBytes < groupBytesMax) await delay(fsyncIntervalMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      await this.#writer.run(() => this.#writeGroup());
    }
    this.#pumping = undefined;
  }

  async #writeGroup(): Promise<void> {
    const { fileBytesMax } = this.#options;
    const last = this.#logs.at(-1)!;
    const full = last.next > last.first && last.length + this.#queue[0]!.bytes > fileBytesMax;
    const room = full || this.#handle === undefined ? fileBytesMax - fileHeaderBytes : fileBytesMax - last.length;
    const group = this.#takeGroup(Math.min(room, groupBytesMax));
    try {
      if (full || this.#handle === undefined) await this.#roll();
      const log = this.#logs.at(-1)!;
      const timeMs = this.#options.clock.nowMs();
      try {
        await this.#handle!.write(packGroup(group, log, timeMs), log.length);
        await this.#handle!.sync();
      } catch (error) {
        // After a failed fsync the kernel may call lost pages clean, so nothing more goes into this file: the next group begins a new one.
        // Cutting only gives the space back: how long this file is stands in the next one's header.
        await this.#handle!.truncate(log.length).catch(() => undefined);
        await this.#abandonHandle();
        throw error;
      }
      this.#becameDurable(group, log, timeMs);
    } catch (error) {
      this.#failed(group, error);
    }
  }

  #takeGroup(room: number): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const pending of this.#queue) {
      if (count > 0 && bytes + pending.bytes > room) break;
      bytes += pending.bytes;
      count++;
    }
    const group = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    this.#queuedBytes -= bytes;
    return group;
  }

  #becameDurable(group: readonly Pending[], log: LogFile, timeMs: number): void {
    for (const { id, data, bytes, settled, released } of group) {
      const position = log.next;
      log.add(log.length + bytes);
      this.#window.add({ id, position, timeMs });
      this.#inFlight.delete(id);
      this.#tail.add(position, data, released);
      settled.resolve({ position: BigInt(position), duplicate: false });
    }
    this.#tail.wake();
  }

  #failed(group: readonly Pending[], cause: unknown): void {
    for (const { id, bytes, settled, released } of group) {
      this.#options.space.free(bytes);
      released?.();
      this.#inFlight.delete(id);
      settled.reject(new SpoorError('journal_write', { reason: reasonOf(cause) }, { cause }));
    }
  }

  async #abandonHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  /**
   * Begins a new file behind the last one. Its header tells how long that is, so that bytes of a failed write there stay dead whatever
   * becomes of them. Nothing is written to the new file before its name is durable.
   */
  async #roll(): Promise<void> {
    const { files, directory, partition, clock, space } = this.#options;
    const last = this.#logs.at(-1);
    // A file without records is replaced, under its own name.
    const replaced = last !== undefined && last.next === last.first ? last : undefined;
    const previous = replaced === undefined ? last : this.#logs.at(-2);
    const first = this.next;
    const salt = randomInt(2 ** 32);
    const previousFirst = previous?.first ?? 0;
    const header = encodeFileHeader({ partition, first, previousFirst, previousLength: previous?.length ?? 0, createdMs: clock.nowMs(), salt });
    await this.#abandonHandle();
    await replaceFile(files, directory, logFileName(first), header);
    const log = new LogFile(`${directory}/${logFileName(first)}`, { first, salt });
    if (replaced === undefined) space.take(fileHeaderBytes);
    else this.#logs.pop();
    this.#logs.push(log);
    this.#handle = await files.open(log.path, 'write');
  }

  /** Deletes the files of which no record is above `upTo`. The ids that a client may still repeat are kept first. */
  trim(upTo: Position): Promise<void> {
    return this.#trimmer.run(async () => {
      this.#checkOpen();
      try {
        await this.#trim(upTo >= BigInt(this.next) ? this.next - 1 : Number(upTo));
      } catch (error) {
        throw error instanceof SpoorError ? error : new SpoorError('journal_write', { reason: reasonOf(error) }, { cause: error });
      }
    });
  }

  async #trim(upTo: number): Promise<void> {
    const { files, directory, space } = this.#options;
    await this.#writer.run(async () => {
      const last = this.#logs.at(-1)!;
      // The last file would otherwise keep what was trimmed until it is full.
      if (last.next > last.first && last.next - 1 <= upTo) await this.#roll();
    });
    const doomed = this.#logs.slice(0, -1).filter((log) => log.next - 1 <= upTo);
    if (doomed.length > 0) {
      const trimmedTo = doomed.at(-1)!.next - 1;
      await replaceFile(files, directory, idsName, encodeIds(this.#window.upTo(trimmedTo)));
      await this.#state.update((state) => ({ ...state, trimmedTo, next: this.next }));
      this.#logs.splice(0, doomed.length);
      this.#trimmed.push(...doomed);
    }
    if (this.#trimmed.length === 0) return;
    for (let log = this.#trimmed[0]; log !== undefined; log = this.#trimmed[0]) {
      await files.delete(log.path);
      space.free(log.length);
      this.#trimmed.shift();
    }
    await files.syncDirectory(directory);
  }

  acquire(owner: string): Promise<Lease | null> {
    return this.#leases.acquire(owner);
  }

  read(from: Position, signal: AbortSignal): AsyncGenerator<JournalRecord, void, undefined> {
    const { files, partition } = this.#options;
    return readRecords({ files, partition, tail: this.#tail, logs: this.#logs, closed: this.#closing.signal, dataBytesMax: recordBytesMax }, from, signal);
  }

  /** Writes what was accepted, ends readers, and notes where the partition ends. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#tail.wake();
    await this.#pumping;
    await this.#trimmer.idle();
    await this.#leases.idle();
    try {
      if (this.#state.state.next !== this.next) await this.#state.update((state) => ({ ...state, next: this.next }));
    } finally {
      await this.#abandonHandle();
    }
  }
}

