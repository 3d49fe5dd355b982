import { closeSync, fdatasync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../src/bytes/mod.ts';
import type { Clock } from '../../src/model/mod.ts';
import type { LogFile, ReadMark } from './file.ts';
import { gzipHead } from './gzip.ts';
import { hasFingerprint, readHead } from './identity.ts';

/** Gives records without a time of their own the time at which they were read, and the same one when they are read again. */
export interface RecordTimes {
  /** The mark that covers the record at `offset`; made now, for what was just read up to `to`, where there is none yet. */
  markAt(file: LogFile, offset: number, to: number): ReadMark;
}

/** Times of reading that live only in memory. */
export class MemoryReadTimes implements RecordTimes {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  markAt(file: LogFile, offset: number, to: number): ReadMark {
    return findMark(file, offset) ?? newMark(file, offset, to, this.#clock);
  }
}

interface EarlierMark extends ReadMark {
  readonly device: string;
  readonly inode: string;
  readonly bytes: number;
  readonly hash: string;
}

const fileName = 'read-times.log';
/** The file is written anew when it has grown by so much. */
const rewriteBytes = 2 ** 20;
/** A file with more than that is damaged or not ours; marks of 300,000 blocks fit. */
const readBytesMax = 64 * 2 ** 20;

/**
 * Times of reading that survive the process: `read-times.log` in the state directory (docs/formats/agent-read-times.md). A mark is written before the lines that have its time
 * are handed on, so that it is there after kill -9, and synced each second, so that a machine that loses power forgets a second of them at most.
 */
export class ReadTimes implements RecordTimes {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #failed: (path: string, error: unknown) => void;
  /** Marks of earlier runs by device and inode, and by hash, until their file is found. */
  readonly #earlier: EarlierMark[] = [];
  readonly #asked = new WeakSet<LogFile>();
  #fd: number | null = null;
  #bytes = 0;
  #bytesRewritten = 0;
  #dirty = false;
  /** The descriptor that is being synced. */
  #syncing: number | null = null;

  /** @param failed told when the log cannot be read or written; times are then kept in memory only */
  constructor(dir: string, clock: Clock, failed: (path: string, error: unknown) => void) {
    this.#path = join(dir, fileName);
    this.#clock = clock;
    this.#failed = failed;
    this.#load();
  }

  markAt(file: LogFile, offset: number, to: number): ReadMark {
    this.claim(file);
    const known = findMark(file, offset);
    if (known !== undefined) return known;
    const last = file.marks.at(-1);
    const next = last === undefined || last.from <= offset ? undefined : file.marks.find((mark) => mark.from > offset);
    const mark = newMark(file, offset, next === undefined ? to : Math.min(to, next.from), this.#clock);
    this.#append(lineOf(file, mark));
    return mark;
  }

  /** Gives a file that was found the marks of earlier runs. Only the first call for a file does something. */
  claim(file: LogFile): void {
    if (this.#asked.has(file)) return;
    this.#asked.add(file);
    if (this.#earlier.length > 0) this.#claim(file);
  }

  /** Forgets marks of what is delivered, and syncs. Call it about each second. `deliveredTo`: smallest offset up to which a file is delivered. */
  keep(files: Iterable<LogFile>, deliveredTo: (file: LogFile) => number): void {
    if (this.#bytes - this.#bytesRewritten >= rewriteBytes) this.#rewrite(files, deliveredTo);
    const fd = this.#fd;
    if (!this.#dirty || this.#syncing !== null || fd === null) return;
    this.#dirty = false;
    this.#syncing = fd;
    fdatasync(fd, (error) => {
      this.#syncing = null;
      if (this.#fd !== fd) closeSync(fd);
      if (error !== null) this.#failed(this.#path, error);
    });
  }

  /** The first scan is complete: marks that no file claimed are of no use any more. */
  forgetEarlier(): void {
    this.#earlier.length = 0;
  }

  close(): void {
    // One that is being synced is closed after that.
    if (this.#fd !== null && this.#fd !== this.#syncing) closeSync(this.#fd);
    this.#fd = null;
  }

  #load(): void {
    let text = '';
    try {
      const bytes = readFileSync(this.#path);
      if (bytes.length <= readBytesMax) text = bytes.toString('latin1');
      else this.#failed(this.#path, new Error(`${bytes.length} bytes, more than ${readBytesMax}: not read`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed(this.#path, error);
    }
    for (const line of text.split('\n')) {
      const mark = parseLine(line);
      if (mark !== undefined) this.#earlier.push(mark);
    }
    this.#bytes = text.length;
    this.#bytesRewritten = text.length;
  }

  #claim(file: LogFile): void {
    const head = file.fd === null ? gzipHead(file) : readHead(file.fd);
    const mine = this.#earlier.filter((mark) => {
      const sameFile = mark.inode === String(file.inode) && mark.device === String(file.device);
      return (sameFile || mark.bytes >= copiedBytesMin) && hasFingerprint(head, mark);
    });
    const first = new Map(mine.map((mark) => [mark.from, mark] as const));
    file.marks = [...Array.from(first.values(), ({ from, to, seconds, nanos }) => ({ from, to, seconds, nanos })), ...file.marks].toSorted((a, b) => a.from - b.from);
  }

  #append(line: string): void {
    try {
      this.#fd ??= openSync(this.#path, 'a', 0o600);
      this.#bytes += writeSync(this.#fd, line);
      this.#dirty = true;
    } catch (error) {
      this.#failed(this.#path, error);
    }
  }

  #rewrite(files: Iterable<LogFile>, deliveredTo: (file: LogFile) => number): void {
    const lines: string[] = this.#earlier.map((mark) => encode(mark.device, mark.inode, mark.bytes, mark.hash, mark));
    for (const file of files) {
      if (file.marks.length === 0) continue;
      const delivered = deliveredTo(file);
      file.marks = file.marks.filter((mark) => mark.to > delivered);
      for (const mark of file.marks) lines.push(lineOf(file, mark));
    }
    const temporary = `${this.#path}.tmp`;
    try {
      const fd = openSync(temporary, 'w', 0o600);
      try {
        for (let i = 0; i < lines.length; i += 1000) writeSync(fd, lines.slice(i, i + 1000).join(''));
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      renameSync(temporary, this.#path);
      this.close();
      this.#fd = fd;
      this.#bytes = fstatSync(fd).size;
      this.#bytesRewritten = this.#bytes;
      this.#dirty = true;
    } catch (error) {
      this.#bytesRewritten = this.#bytes;
      this.#failed(temporary, error);
    }
  }
}

/** A mark of another inode is believed where so many first bytes are the same: a copied or restored file. */
const copiedBytesMin = 64;

function findMark(file: LogFile, offset: number): ReadMark | undefined {
  const { marks } = file;
  for (let i = marks.length - 1; i >= 0; i--) {
    const mark = marks[i] as ReadMark;
    if (mark.from <= offset) return offset < mark.to ? mark : undefined;
  }
  return undefined;
}

/** Now, and never before what the mark before it may have given: a nanosecond per byte. */
function newMark(file: LogFile, from: number, to: number, clock: Clock): ReadMark {
  const index = file.marks.findLastIndex((mark) => mark.from < from);
  const before = file.marks[index];
  let ns = clock.nowNs();
  if (before !== undefined) {
    const least = BigInt(before.seconds) * 1_000_000_000n + BigInt(before.nanos) + BigInt(before.to - before.from);
    if (ns < least) ns = least;
  }
  if (ns < 0n) ns = 0n;
  const mark = { from, to, seconds: Number(ns / 1_000_000_000n), nanos: Number(ns % 1_000_000_000n) };
  file.marks.splice(index + 1, 0, mark);
  return mark;
}

function lineOf(file: LogFile, mark: ReadMark): string {
  return encode(String(file.device), String(file.inode), file.fingerprint.bytes, file.fingerprint.hash, mark);
}

function encode(device: string, inode: string, bytes: number, hash: string, { from, to, seconds, nanos }: ReadMark): string {
  const row = [device, inode, bytes, hash, from, to, seconds, nanos].join(' ');
  return `${row} ${crc32c(Buffer.from(row))}\n`;
}

function parseLine(line: string): EarlierMark | undefined {
  const match = /^((\d{1,20}) (\d{1,20}) (\d{1,4}) ([0-9a-f]{32}) (\d{1,15}) (\d{1,15}) (\d{1,12}) (\d{1,9})) (\d{1,10})$/.exec(line);
  if (match === null || crc32c(Buffer.from(match[1] ?? '')) !== Number(match[10])) return undefined;
  const [, , device = '', inode = '', bytes, hash = '', from, to, seconds, nanos] = match;
  return { device, inode, bytes: Number(bytes), hash, from: Number(from), to: Number(to), seconds: Number(seconds), nanos: Number(nanos) };
}
