import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { RecordFormat } from '../parse/record.ts';

/** What names a file while it exists. */
export interface FileIdentity {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/** Between listing a directory and opening a file in it, another file took its path. The next look at the directory shows what became of it. */
export class MovedError extends Error {
  constructor(path: string) {
    super(`${path} is another file by now`);
    this.name = 'MovedError';
  }
}

/**
 * Opens the file that `identity` names, and no other that took its path meanwhile (MovedError). Never waits: not for the writer of a named pipe, and nothing but a plain file
 * is kept open.
 */
export function openExactly(identity: FileIdentity): number {
  const fd = openSync(identity.path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = fstatSync(fd, { bigint: true });
  if (stat.ino === identity.inode && stat.dev === identity.device && stat.isFile()) return fd;
  closeSync(fd);
  throw new MovedError(identity.path);
}

/** A hash of a file's first bytes, which tells a file from another one that was given the same inode. */
export interface Fingerprint {
  /** How many bytes were hashed: the file's length when it was taken, at most fingerprintBytesMax. */
  readonly bytes: number;
  /** SHA-256 of them, first 32 hex digits. */
  readonly hash: string;
}

/** Bytes that a full fingerprint covers. */
export const fingerprintBytesMax = 1024;
/** A fingerprint over fewer bytes tells files apart only together with the inode: the same first line may stand in many files. */
const fingerprintBytesTelling = 64;
/** A CRI record begins with its time, to the nanosecond, in 30 bytes: no two files of a container begin alike. */
const fingerprintBytesTellingCri = 32;

/** Raw lines may begin with the same banner in every file; the first KiB holds more than that. */
const fingerprintBytesTellingRaw = 1024;

/** Whether a fingerprint of a file in this format (null: not known yet) says by itself that the content is the same. */
export function isTelling(fingerprint: Fingerprint, format: RecordFormat | null): boolean {
  return fingerprint.bytes >= (format === 'cri' ? fingerprintBytesTellingCri : format === 'raw' ? fingerprintBytesTellingRaw : fingerprintBytesTelling);
}

/** The fingerprint of a file that begins with `head`. */
export function fingerprintOf(head: Uint8Array): Fingerprint {
  const bytes = Math.min(head.length, fingerprintBytesMax);
  return { bytes, hash: createHash('sha256').update(head.subarray(0, bytes)).digest('hex').slice(0, 32) };
}

/** Whether a file that begins with `head` (at least the fingerprint's length, where the file has that) has this fingerprint. */
export function hasFingerprint(head: Uint8Array, fingerprint: Fingerprint): boolean {
  return head.length >= fingerprint.bytes && fingerprintOf(head.subarray(0, fingerprint.bytes)).hash === fingerprint.hash;
}

/** The first bytes of an open file, at most fingerprintBytesMax. */
export function readHead(fd: number): Buffer {
  const head = Buffer.allocUnsafe(fingerprintBytesMax);
  return head.subarray(0, readFully(fd, head, fingerprintBytesMax, 0));
}

/** Reads `length` bytes at `position` unless the file ends before; the number of bytes read. */
export function readFully(fd: number, into: Buffer, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const read = readSync(fd, into, done, length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
