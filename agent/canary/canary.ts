import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/model/mod.ts';
import { formatCanaryLine, parseCanaryLine, type CanaryLine } from './line.ts';

/** UID that the canary's directory has instead of a pod's. */
export const canaryUid = 'canary';
const podDirectory = `spoor_canary_${canaryUid}`;
const container = 'canary';
const liveName = '0.log';

export interface CanaryOptions {
  /** A directory of the canary alone, laid out as /var/log/pods is. */
  readonly dir: string;
  readonly intervalMs: number;
  /** Size at which the file is rotated. */
  readonly fileBytesMax: number;
  /** Rotated files that are kept. */
  readonly filesMax: number;
}

export const canaryDefaults = { fileBytesMax: 2 ** 20, filesMax: 4 } as const;

/**
 * Writes numbered lines to a log file of its own, as a container runtime would: CRI records, rotation by rename. The agent finds, reads and sends that file like any other, so that what
 * arrives proves the whole way: discovery, rotation, checkpoint, batches, delivery. A line that was put straight into a batch would prove half of it.
 *
 * The file is also the memory: the sequence goes on from its last line. Each line is on disk before the next one is made, so that no number is given twice even where the power fails.
 */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #clock: Clock;
  readonly #failed: (path: string, error: unknown) => void;
  readonly #directory: string;
  readonly #path: string;
  #file: FileHandle | null = null;
  #size = 0;
  #last: CanaryLine | null = null;

  /** @param failed told of what cannot be written; it is tried again with the next line */
  constructor(options: CanaryOptions, clock: Clock, failed: (path: string, error: unknown) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#failed = failed;
    this.#directory = join(options.dir, podDirectory, container);
    this.#path = join(this.#directory, liveName);
  }

  /** Writes a line each interval, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.write();
        await sleep(this.#options.intervalMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await this.#file?.close();
      this.#file = null;
    }
  }

  /** Writes the next line. Never rejects: what fails is told, and the number is used for the next try. */
  async write(): Promise<void> {
    try {
      this.#file ??= await this.#open();
      if (this.#size >= this.#options.fileBytesMax) await this.#rotate();
      const last = this.#last as CanaryLine;
      const line = { ...last, sequence: last.sequence + 1, intervalMs: this.#options.intervalMs };
      const bytes = Buffer.from(`${timeText(this.#clock.nowNs())} stdout F ${formatCanaryLine(line)}\n`);
      const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, null);
      this.#size += bytesWritten;
      if (bytesWritten < bytes.length) throw new Error(`${bytesWritten} of ${bytes.length} bytes written`);
      this.#last = line;
      await this.#file.datasync();
    } catch (error) {
      this.#failed(this.#path, error);
      // Opened again: a record that was written in part is ended there, and the sequence read from the disk.
      await this.#file?.close().catch(() => undefined);
      this.#file = null;
    }
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const rotated = (await this.#rotated()).at(-1);
    const before = this.#last ?? (rotated === undefined ? null : await lastLine(join(this.#directory, rotated)));
    const known = (await lastLine(this.#path)) ?? before;
    const file = await open(this.#path, 'a', 0o600);
    try {
      this.#size = (await file.stat()).size;
      if (this.#size > 0 && !(await endsLine(this.#path, this.#size))) {
        await file.write('\n');
        this.#size++;
      }
      if (this.#last === null) this.#last = known === null ? { run: randomBytes(6).toString('hex'), sequence: 0, start: 1, intervalMs: 0 } : { ...known, start: known.start + 1 };
      else if (known !== null && known.run === this.#last.run) this.#last = { ...this.#last, sequence: Math.max(this.#last.sequence, known.sequence) };
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
    const stamp = timeText(this.#clock.nowNs()).slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    await rename(this.#path, `${this.#path}.${stamp}`);
    for (const name of (await this.#rotated()).slice(0, -this.#options.filesMax)) await rm(join(this.#directory, name), { force: true });
    this.#file = await open(this.#path, 'a', 0o600);
    this.#size = 0;
  }

  /** Names of rotated files, oldest first. */
  async #rotated(): Promise<string[]> {
    return (await readdir(this.#directory)).filter((name) => /^0\.log\.\d{8}-\d{6}$/.test(name)).toSorted();
  }
}

/** RFC 3339 with nanoseconds, as container runtimes write it. */
function timeText(ns: bigint): string {
  const nanos = ns % 1_000_000_000n;
  return `${new Date(Number((ns - nanos) / 1_000_000n)).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
}

const tailBytes = 4096;

/** The last line of the canary in a file, whose newline may be missing; null where there is none. */
async function lastLine(path: string): Promise<CanaryLine | null> {
  const tail = await readTail(path);
  for (const record of tail.toString('latin1').split('\n').toReversed()) {
    const at = record.indexOf(' F ');
    const line = at < 0 ? undefined : parseCanaryLine(record.slice(at + 3));
    if (line !== undefined) return line;
  }
  return null;
}

async function readTail(path: string): Promise<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytes), 0, tailBytes, Math.max(0, size - tailBytes));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function endsLine(path: string, size: number): Promise<boolean> {
  const tail = await readTail(path);
  return size === 0 || tail.at(-1) === 0x0a;
}
