import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

/** What a writer is told. */
export interface WriterOptions {
  readonly podsDir: string;
  readonly containers: number;
  /** Of all containers together. */
  readonly bytesPerSecond: number;
  readonly rotateBytes: number;
  /** Files of a container, the live one among them. */
  readonly files: number;
  /** Bytes of a record with its newline. */
  readonly recordBytes: number;
}

/** A file that rotation deleted, and the lines that were in it. */
export interface DeletedMember {
  readonly container: number;
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

/** What a writer says when it is stopped. */
export interface Written {
  /** Lines by container, numbered from 0. */
  readonly lines: readonly number[];
  readonly deleted: readonly DeletedMember[];
  readonly rotations: number;
  readonly compressed: number;
}

const gzipAsync = promisify(gzip);
/** Lines that are made at once: a hundred thousand a second would be too many to write one by one. */
const blockLines = 200;
const timeBytes = 30;
const numberBytes = 12;

/** Pods are called so; labels and gap metrics have the name. */
export function podName(container: number): string {
  return `load-${String(container).padStart(3, '0')}`;
}

/** The number in a line of that container, which begins so. */
export function lineStart(container: number): string {
  return `c${String(container).padStart(3, '0')} n`;
}

interface Member {
  readonly path: string;
  readonly first: number;
  readonly end: number;
}

/**
 * Writes numbered lines to a container's log, records all of one length, and rotates it as the kubelet does (pkg/kubelet/logs, container_log_manager.go, in its order): the oldest
 * file goes where there would be too many, all rotated ones are compressed to `.gz` by way of `.tmp`, then the live file is renamed to a time and a new one begun.
 */
class ContainerLog {
  next = 0;
  rotations = 0;
  compressed = 0;
  readonly deleted: DeletedMember[] = [];
  readonly #id: number;
  readonly #path: string;
  readonly #options: WriterOptions;
  readonly #block: Buffer;
  #members: Member[] = [];
  #fd: number;
  #first = 0;
  #size = 0;
  #stamp = '';
  #rotating: Promise<void> | null = null;
  #lastMs = 0;
  #nanos = 0;

  constructor(id: number, options: WriterOptions) {
    this.#id = id;
    this.#options = options;
    this.#path = join(options.podsDir, `torture_${podName(id)}_uid-${id}`, 'main', '0.log');
    mkdirSync(dirname(this.#path), { recursive: true });
    this.#fd = openSync(this.#path, 'a');
    const head = `${' '.repeat(timeBytes)} stdout F ${lineStart(id)}${'0'.repeat(numberBytes)} `;
    const filler = 'the quick brown fox jumps over the lazy dog, level=info method=GET path=/api/orders status=200 duration=12ms user=alice region=eu-central-1 ';
    const record = `${head}${filler.repeat(20).slice(0, options.recordBytes - head.length - 1)}\n`;
    this.#block = Buffer.from(record.repeat(blockLines));
  }

  /** Writes so many lines, with the time of now, each a little later than the one before. */
  write(lines: number): void {
    const { recordBytes, rotateBytes } = this.#options;
    const nowMs = Date.now();
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#nanos = 0;
    }
    const numberAt = timeBytes + ' stdout F '.length + lineStart(this.#id).length;
    const time = `${new Date(this.#lastMs).toISOString().slice(0, 23)}000000Z`;
    for (let left = lines; left > 0; ) {
      const count = Math.min(left, blockLines);
      for (let i = 0; i < count; i++) {
        const at = i * recordBytes;
        this.#block.write(time, at, 'latin1');
        digits(this.#block, at + 23, 6, this.#nanos++ % 1_000_000);
        digits(this.#block, at + numberAt, numberBytes, this.next + i);
      }
      const length = count * recordBytes;
      for (let done = 0; done < length; ) done += writeSync(this.#fd, this.#block, done, length - done);
      this.next += count;
      this.#size += length;
      left -= count;
    }
    if (this.#size >= rotateBytes && this.#rotating === null) {
      this.#rotating = this.#rotate().finally(() => {
        this.#rotating = null;
      });
    }
  }

  async end(): Promise<void> {
    await this.#rotating;
    closeSync(this.#fd);
  }

  async #rotate(): Promise<void> {
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    if (stamp <= this.#stamp) return;
    this.#stamp = stamp;
    while (this.#members.length > this.#options.files - 2) {
      const oldest = this.#members.shift() as Member;
      rmSync(oldest.path);
      this.deleted.push({ container: this.#id, first: oldest.first, end: oldest.end });
    }
    for (const [i, member] of this.#members.entries()) {
      if (member.path.endsWith('.gz')) continue;
      const bytes = await gzipAsync(readFileSync(member.path), { level: constants.Z_BEST_SPEED });
      writeFileSync(`${member.path}.tmp`, bytes);
      renameSync(`${member.path}.tmp`, `${member.path}.gz`);
      rmSync(member.path);
      this.#members[i] = { ...member, path: `${member.path}.gz` };
      this.compressed++;
    }
    const rotated = `${this.#path}.${stamp}`;
    renameSync(this.#path, rotated);
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, 'a');
    this.#members.push({ path: rotated, first: this.#first, end: this.next });
    this.#first = this.next;
    this.#size = 0;
    this.rotations++;
  }
}

function digits(block: Buffer, at: number, width: number, value: number): void {
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    block[i] = 0x30 + rest - next * 10;
    rest = next;
  }
}

/** Writes at the rate until it is told to stop, then says what it wrote; rests while it is told to pause. */
async function main(options: WriterOptions): Promise<void> {
  const logs = Array.from({ length: options.containers }, (_, id) => new ContainerLog(id, options));
  const stopped = new AbortController();
  let paused = false;
  process.on('message', (message) => {
    if (message === 'stop') stopped.abort();
    else paused = message === 'pause';
  });
  const linesPerSecond = options.bytesPerSecond / options.recordBytes;
  let started = performance.now();
  let lookedMs = started;
  let written = 0;
  while (!stopped.signal.aborted) {
    const nowMs = performance.now();
    // Rests are not made up for.
    if (paused) started += nowMs - lookedMs;
    lookedMs = nowMs;
    const due = Math.floor(((performance.now() - started) / 1000) * linesPerSecond) - written;
    // What is missed while the machine is busy elsewhere is made up for, but not all at once.
    const share = Math.min(Math.ceil(due / logs.length), Math.ceil(linesPerSecond / logs.length));
    if (share > 0) {
      for (const log of logs) log.write(share);
      written += share * logs.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const log of logs) await log.end();
  const report: Written = {
    lines: logs.map((log) => log.next), deleted: logs.flatMap((log) => log.deleted), rotations: logs.reduce((sum, log) => sum + log.rotations, 0), compressed: logs.reduce((sum, log) => sum + log.compressed, 0),
  };
  process.send?.(report, () => process.disconnect());
}

/** Files of a container's directory now. */
export function filesOf(podsDir: string, container: number): string[] {
  return readdirSync(join(podsDir, `torture_${podName(container)}_uid-${container}`, 'main'));
}

if (process.argv[2] === 'write') await main(JSON.parse(process.argv[3] ?? '{}') as WriterOptions);
