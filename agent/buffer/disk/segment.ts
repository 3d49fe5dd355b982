import { closeSync, fsyncSync, openSync, readSync, fstatSync, readFileSync, writeSync } from 'node:fs';
import { crc32c } from '../../../src/bytes/mod.ts';
import { SpoorError } from '../../../src/model/mod.ts';
import { readRecordHeader, recordBodyMax, recordChecksum, recordHeaderBytes, recordMagic, recordVersion } from './record.ts';

/** Where a record stands. */
export interface FoundRecord {
  readonly offset: number;
  readonly bytes: number;
  readonly rows: number;
}

/** What a scan of a segment found. */
export interface SegmentScan {
  readonly records: readonly FoundRecord[];
  /** Size of the file. */
  readonly size: number;
  /** Bytes at the end that are the beginning of a record: a write that a crash cut off, and of which no position was taken. */
  readonly tornBytes: number;
  /** Bytes in between that are no records. */
  readonly damagedBytes: number;
}

/**
 * Finds the records of a segment by their headers; bodies are checked when they are read. Where no header stands, the next record whose checksum holds is looked for.
 * Throws `format_version` where a newer spoor wrote it.
 */
export function scanSegment(path: string): SegmentScan {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const records: FoundRecord[] = [];
    const head = Buffer.alloc(recordHeaderBytes);
    let damagedBytes = 0;
    let at = 0;
    while (at < size) {
      const read = readAt(fd, head, recordHeaderBytes, at);
      const header = readRecordHeader(head.subarray(0, read), 0);
      if (header !== undefined && at + recordHeaderBytes + header.bodyBytes <= size) {
        const bytes = recordHeaderBytes + header.bodyBytes;
        records.push({ offset: at, bytes, rows: header.rows });
        at += bytes;
        continue;
      }
      if (read >= 4 && head.compare(recordMagic, 0, 3, 0, 3) === 0 && (head[3] as number) > recordVersion) {
        throw new SpoorError('format_version', { where: `${path}, byte ${at}`, version: head[3] as number, known: recordVersion });
      }
      const next = findRecord(fd, at + 1, size);
      if (next === undefined) return { records, size, tornBytes: size - at, damagedBytes };
      damagedBytes += next - at;
      at = next;
    }
    return { records, size, tornBytes: 0, damagedBytes };
  } finally {
    closeSync(fd);
  }
}

/** The first place from `from` on where a whole record with the right checksum stands. */
function findRecord(fd: number, from: number, size: number): number | undefined {
  const window = Buffer.allocUnsafe(Math.min(size - from, searchBytes));
  for (let base = from; base < size; base += window.length - (recordMagic.length - 1)) {
    const length = readAt(fd, window, Math.min(window.length, size - base), base);
    if (length < recordMagic.length) return undefined;
    for (let hit = window.indexOf(recordMagic); hit >= 0 && hit < length; hit = window.indexOf(recordMagic, hit + 1)) {
      if (isRecord(fd, base + hit, size)) return base + hit;
    }
    if (base + length >= size) return undefined;
  }
  return undefined;
}

const searchBytes = 2 ** 20;

function isRecord(fd: number, at: number, size: number): boolean {
  const head = Buffer.alloc(recordHeaderBytes);
  const header = readRecordHeader(head.subarray(0, readAt(fd, head, recordHeaderBytes, at)), 0);
  if (header === undefined || at + recordHeaderBytes + header.bodyBytes > size) return false;
  return readRecord(fd, at, recordHeaderBytes + header.bodyBytes) !== undefined;
}

/** Reads a record whose place is known; undefined where it is not whole or its checksum does not hold. */
export function readRecord(fd: number, offset: number, bytes: number): Buffer | undefined {
  if (bytes > recordHeaderBytes + recordBodyMax) return undefined;
  const record = Buffer.allocUnsafeSlow(bytes);
  if (readAt(fd, record, bytes, offset) !== bytes) return undefined;
  const header = readRecordHeader(record, 0);
  if (header === undefined || header.bodyBytes !== bytes - recordHeaderBytes || header.checksum !== recordChecksum(record)) return undefined;
  return record;
}

function readAt(fd: number, into: Buffer, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const read = readSync(fd, into, done, length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

const doneBytes = 8;

/** Offsets of the records that are delivered, as `<segment>.done` lists them; entries that are cut or damaged count for nothing. */
export function readDone(path: string): Set<number> {
  const done = new Set<number>();
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return done;
    throw error;
  }
  for (let at = 0; at + doneBytes <= bytes.length; at += doneBytes) {
    if (crc32c(bytes.subarray(at, at + 4)) === bytes.readUInt32LE(at + 4)) done.add(bytes.readUInt32LE(at));
  }
  return done;
}

/** Adds an entry to a `.done` file. It survives the process; after a power cut the record may be sent again. */
export function appendDone(fd: number, offset: number): void {
  const entry = Buffer.alloc(doneBytes);
  entry.writeUInt32LE(offset, 0);
  entry.writeUInt32LE(crc32c(entry.subarray(0, 4)), 4);
  writeSync(fd, entry);
}

/** Makes the names in a directory durable. */
export function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
