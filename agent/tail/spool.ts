import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../discover/members.ts';
import { addMember } from '../discover/members.ts';

/** What the spool of standard input asks of those around it. */
export interface SpoolPorts {
  /** The spool's files as they are now, oldest first. */
  files(members: readonly Member[]): void;
  /** Something was written. */
  changed(): void;
  /** Smallest offset up to which the file with this inode is delivered. */
  deliveredTo(inode: bigint): number;
  failed(path: string, error: unknown): void;
}

/** A file of the spool is followed by the next one at this size. */
const fileBytesMax = 8 * 2 ** 20;
/** While so much is not delivered, standard input is not read. */
const spoolBytesMax = 64 * 2 ** 20;

/**
 * Standard input as a log: what comes in is appended to files in `stdin/` of the state directory, which are tailed like any other and deleted once they are delivered. So a line that came in is
 * there after kill -9, and a slow server holds the writer up instead of filling memory.
 */
export class StdinSpool {
  readonly #dir: string;
  readonly #ports: SpoolPorts;
  #names: string[];
  #fd: number | null = null;
  #bytes = 0;
  /** Input has ended and all of it is in the spool. */
  ended = false;

  constructor(stateDir: string, ports: SpoolPorts) {
    this.#dir = join(stateDir, 'stdin');
    this.#ports = ports;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    this.#names = readdirSync(this.#dir).filter((name) => /^\d{12}\.log$/.test(name)).sort();
  }

  /** Tells of the files; begins a new one, so that what an earlier run left is complete. */
  scan(): void {
    this.#next();
  }

  /** Whether all of standard input is delivered. */
  get drained(): boolean {
    return this.ended && this.#pendingBytes() === 0;
  }

  /** Reads until the input ends or the signal; the input stays open, so that another spool can go on. */
  async run(input: Readable, signal: AbortSignal): Promise<void> {
    let wake = (): void => undefined;
    const onEvent = (): void => wake();
    const events = ['readable', 'end', 'close', 'error'] as const;
    for (const event of events) input.on(event, onEvent);
    signal.addEventListener('abort', onEvent);
    try {
      while (!signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const chunk = input.read() as Buffer | string | null;
        if (chunk !== null) await this.#take(Buffer.from(chunk), signal);
        else if (input.readableEnded || input.destroyed) break;
        else if (!signal.aborted) await promise;
      }
      if (!signal.aborted) {
        if (input.errored !== null) this.#ports.failed('standard input', input.errored);
        // A last line without a newline is complete once a file follows.
        this.#next();
        this.ended = true;
      }
    } finally {
      for (const event of events) input.off(event, onEvent);
      signal.removeEventListener('abort', onEvent);
      if ('unref' in input && typeof input.unref === 'function') input.unref();
      this.close();
    }
  }

  async #take(chunk: Buffer, signal: AbortSignal): Promise<void> {
    const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
    for (let at = this.#write(chunk, 0); at < chunk.length && !signal.aborted; at = this.#write(chunk, at)) await pause(retryMs);
    this.#ports.changed();
    if (this.#bytes >= fileBytesMax && !signal.aborted) this.#next();
    while (!signal.aborted && this.#pendingBytes() > spoolBytesMax) await pause(waitMs);
  }

  /** Deletes files that are delivered and are not written any more. */
  sweep(): void {
    let deleted = false;
    for (const member of this.#members().slice(0, -1)) {
      if (this.#ports.deliveredTo(member.inode) < member.size) continue;
      rmSync(member.path, { force: true });
      this.#names = this.#names.filter((name) => join(this.#dir, name) !== member.path);
      deleted = true;
    }
    if (deleted) this.#ports.files(this.#members());
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** Writes from `from` on; how far it came. A full disk holds the writer up. */
  #write(chunk: Buffer, from: number): number {
    let at = from;
    try {
      while (at < chunk.length) {
        const written = writeSync(this.#fd ?? -1, chunk, at);
        at += written;
        this.#bytes += written;
      }
    } catch (error) {
      this.#ports.failed(this.#dir, error);
    }
    return at;
  }

  #next(): void {
    const last = this.#names.at(-1);
    const name = `${String(last === undefined ? 1 : Number(last.slice(0, 12)) + 1).padStart(12, '0')}.log`;
    const fd = openSync(join(this.#dir, name), 'wx', 0o600);
    this.close();
    this.#fd = fd;
    this.#bytes = 0;
    this.#names.push(name);
    this.#ports.files(this.#members());
  }

  #members(): Member[] {
    const members: Member[] = [];
    for (const name of this.#names) addMember(members, join(this.#dir, name), '', false, []);
    return members;
  }

  #pendingBytes(): number {
    return this.#names.reduce((sum, name) => {
      const stat = lstatSync(join(this.#dir, name), { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? sum : sum + Math.max(0, Number(stat.size) - this.#ports.deliveredTo(stat.ino));
    }, 0);
  }
}

const retryMs = 500;
const waitMs = 20;
