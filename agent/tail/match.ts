import { closeSync } from 'node:fs';
import type { Member } from '../discover/members.ts';
import { isRotationNameUnique } from '../discover/paths.ts';
import type { LogFile } from './file.ts';
import { gzipHead } from './gzip.ts';
import { fingerprintBytesMax, fingerprintOf, hasFingerprint, isTelling, openExactly, readFully, readHead } from './identity.ts';

/** So many first bytes are compared at each look, to notice that a file was written anew. */
export const headBytes = 64;

/** The known file with the member's inode, unless the inode was given to another content meanwhile. */
export function sameInode(member: Member, unmatched: ReadonlySet<LogFile>): LogFile | undefined {
  for (const file of unmatched) {
    if (file.inode !== member.inode || file.device !== member.device || file.gzip !== member.gzip) continue;
    if (file.fd !== null || (member.gzip && file.path === member.path)) return file;
    // A file that shrank while nobody looked (a lost write-back after a power cut, a truncation) is read anew; the server drops what it has.
    if (member.size < Math.max(...file.skip, file.fingerprint.bytes)) continue;
    if (hasFingerprint(headOf(member), file.fingerprint)) return file;
  }
  return undefined;
}

/** The known file whose content the member has under another inode: compressed, copied, or on a disk with another number after a reboot. */
export function sameContent(member: Member, unmatched: ReadonlySet<LogFile>): LogFile | undefined {
  let head: Buffer | undefined;
  for (const file of unmatched) {
    if (member.gzip) {
      const named = isRotationNameUnique(member.rotation) && (file.path === member.path || `${file.path}.gz` === member.path);
      if (named) return file;
      // It may have grown since its fingerprint was taken.
      if (file.fd !== null && file.fingerprint.bytes < fingerprintBytesMax) file.fingerprint = fingerprintOf(readHead(file.fd));
    } else if (file.fd !== null || member.size < Math.max(...file.skip)) {
      continue;
    }
    if (!isTelling(file.fingerprint, file.format)) continue;
    head ??= member.gzip ? gzipHead(member) : headOf(member);
    if (hasFingerprint(head, file.fingerprint) && (file.format !== 'raw' || member.gzip || isRecordEnd(member, Math.max(...file.skip)))) return file;
  }
  return undefined;
}

/** Whether a record ends at `offset`, as one does where reading stopped. */
function isRecordEnd(member: Member, offset: number): boolean {
  if (offset === 0 || offset === member.size) return true;
  const fd = openExactly(member);
  try {
    const byte = Buffer.alloc(1);
    return readFully(fd, byte, 1, offset - 1) === 1 && byte[0] === 0x0a;
  } finally {
    closeSync(fd);
  }
}

/** The first bytes of a member. */
export function headOf(member: Member): Buffer {
  const file = openExactly(member);
  try {
    return readHead(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Whether an open file is a copy of `original`, as that was read, which may be truncated by now: it has its fingerprint, or, in the making and shorter than that (even empty), it is what the
 * original begins with.
 */
export function isCopy(copy: number, original: LogFile): boolean {
  if (original.fd === null) return false;
  const head = readHead(copy);
  const { fingerprint } = original;
  if (head.length >= fingerprint.bytes && fingerprint.bytes > 0) return hasFingerprint(head, fingerprint);
  return readHead(original.fd).subarray(0, head.length).equals(head);
}
