import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../../src/bytes/mod.ts';
import type { TraceKey } from './trace-key.ts';
import { TraceTable } from './trace-table.ts';

/** What was decided on a trace. */
export type Decision = 0 | 1 | 2;
export const traceDropped: Decision = 0;
/** Kept for what its lines say. */
export const traceKept: Decision = 1;
/** Kept by the stated fraction: its lines have a weight. */
export const traceSampled: Decision = 2;

/** The file, in the state directory; the one before it has `.old` after its name (docs/formats/agent-decisions.md). */
export const decisionsFileName = 'tail-decisions';
const magic = 0x44545053;
const version = 1;
const headerBytes = 8;
const recordBytes = 20;
/** Largest file that is read. */
const fileBytesMax = 64 * 2 ** 20;

/**
 * Decisions on traces that were made, newest and last used ones, so that late lines follow them. Traces that are kept are written to a file before their lines go on, so that
 * after a crash or a restart lines that are read again, or come late, follow as well. That a trace is dropped is not written: without its lines it is decided the same way again.
 */
export class Decisions {
  readonly #path: string | null;
  readonly #max: number;
  readonly #failed: (path: string, error: unknown) => void;
  readonly #table = new TraceTable();
  #kinds = new Uint8Array(this.#table.capacity);
  #fd: number | null = null;
  #fileRecords = 0;
  #pending = Buffer.alloc(0);
  #pendingBytes = 0;

  /**
   * @param dir the state directory; null to remember nothing beyond the process
   * @param max decisions to remember
   * @param failed told of failures to read or write the file; sampling goes on without it
   */
  constructor(dir: string | null, max: number, failed: (path: string, error: unknown) => void) {
    this.#path = dir === null ? null : join(dir, decisionsFileName);
    this.#max = max;
    this.#failed = failed;
    if (this.#path !== null) {
      this.#load(`${this.#path}.old`);
      this.#fileRecords = this.#load(this.#path);
    }
  }

  get size(): number {
    return this.#table.size;
  }

  get memoryBytes(): number {
    return this.#table.memoryBytes + this.#kinds.byteLength;
  }

  /** What was decided on a trace; undefined where nothing was, or it was forgotten. */
  find(key: TraceKey): Decision | undefined {
    const entry = this.#table.find(key);
    if (entry < 0) return undefined;
    this.#table.touch(entry);
    return this.#kinds[entry] as Decision;
  }

  /** Remembers a decision; `write` brings it to disk. The key is key[at … at + 4). */
  add(key: TraceKey, at: number, decision: Decision): void {
    this.#remember(key, at, decision);
    if (decision === traceDropped || this.#path === null) return;
    if (this.#pendingBytes + recordBytes > this.#pending.length) {
      const larger = Buffer.alloc(Math.max(64 * recordBytes, this.#pending.length * 2));
      this.#pending.copy(larger, 0, 0, this.#pendingBytes);
      this.#pending = larger;
    }
    encodeRecord(this.#pending, this.#pendingBytes, key, at, decision);
    this.#pendingBytes += recordBytes;
  }

  /** Hands what was added to the operating system, which keeps it when the process is killed. */
  write(): void {
    if (this.#pendingBytes === 0 || this.#path === null) return;
    try {
      if (this.#fileRecords >= this.#max / 2) this.#turnOver(this.#path);
      this.#fd ??= this.#open(this.#path);
      writeSync(this.#fd, this.#pending, 0, this.#pendingBytes);
      this.#fileRecords += this.#pendingBytes / recordBytes;
    } catch (error) {
      this.#failed(this.#path, error);
      this.close();
    }
    this.#pendingBytes = 0;
  }

  close(): void {
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    closeSync(fd);
  }

  #remember(key: TraceKey, at: number, decision: Decision): void {
    let entry = this.#table.find(key, at);
    if (entry < 0) {
      if (this.#table.size >= this.#max) this.#table.remove(this.#table.oldest);
      entry = this.#table.add(key, at);
      if (entry >= this.#kinds.length) {
        const kinds = new Uint8Array(this.#table.capacity);
        kinds.set(this.#kinds);
        this.#kinds = kinds;
      }
    } else {
      this.#table.touch(entry);
    }
    this.#kinds[entry] = decision;
  }

  #turnOver(path: string): void {
    this.close();
    renameSync(path, `${path}.old`);
    this.#fileRecords = 0;
  }

  /** Opens the file to be appended to, behind the records that were read. */
  #open(path: string): number {
    const whole = this.#fileRecords === 0 ? 0 : headerBytes + this.#fileRecords * recordBytes;
    const fd = openSync(path, 'a', 0o600);
    ftruncateSync(fd, whole);
    if (whole === 0) {
      const header = Buffer.alloc(headerBytes);
      header.writeUInt32LE(magic, 0);
      header.writeUInt32LE(version, 4);
      writeSync(fd, header);
    }
    return fd;
  }

  /** Reads a file as far as it is whole; the number of records. */
  #load(path: string): number {
    let bytes: Buffer;
    try {
      if (statSync(path).size > fileBytesMax) return 0;
      bytes = readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed(path, error);
      return 0;
    }
    if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(4) !== version) return 0;
    const key = new Uint32Array(4);
    let records = 0;
    for (let at = headerBytes; at + recordBytes <= bytes.length; at += recordBytes) {
      const last = bytes.readUInt32LE(at + 16);
      const decision = last & 0xff;
      if (last >>> 8 !== checkOf(bytes, at) || (decision !== traceKept && decision !== traceSampled)) break;
      for (let word = 0; word < 4; word++) key[word] = bytes.readUInt32LE(at + word * 4);
      this.#remember(key, 0, decision);
      records++;
    }
    return records;
  }
}

function encodeRecord(out: Buffer, at: number, key: TraceKey, keyAt: number, decision: Decision): void {
  for (let word = 0; word < 4; word++) out.writeUInt32LE(key[keyAt + word]!, at + word * 4);
  out[at + 16] = decision;
  const check = checkOf(out, at);
  out[at + 17] = check & 0xff;
  out[at + 18] = (check >>> 8) & 0xff;
  out[at + 19] = check >>> 16;
}

/** The low 24 bits of the CRC-32C of key and decision. */
function checkOf(bytes: Buffer, at: number): number {
  return crc32c(bytes.subarray(at, at + 17)) & 0xffffff;
}
