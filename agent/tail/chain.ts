import { closeSync, fstatSync } from 'node:fs';
import type { Member } from '../discover/members.ts';
import type { PodPath } from '../discover/paths.ts';
import { isRotationNameUnique } from '../discover/paths.ts';
import { PartialJoiner } from '../join/partials.ts';
import type { StreamIndex } from '../parse/record.ts';
import type { TimeParts } from '../parse/time.ts';
import { LogFile, startPosition, type FilePosition } from './file.ts';
import { gzipHead, gzipSize } from './gzip.ts';
import { fingerprintBytesMax, fingerprintOf, hasFingerprint, isTelling, MovedError, openExactly, readHead, type Fingerprint } from './identity.ts';

/** What a file was known as when the agent last ran. */
export interface KnownFile {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  readonly gzip: boolean;
  readonly fingerprint: Fingerprint;
  /** Size when it was last looked at. */
  readonly size: number;
  readonly position: FilePosition;
}

/** Lines that were read and are not handed on yet. */
export interface HeldLines {
  /** Offset of the first line that is held of a file and stream; null where none is. */
  heldFrom(file: number, stream: StreamIndex): number | null;
}

/** What a chain tells those around it. */
export interface ChainEvents {
  /** A file was found that was not known, or goes on after a restart. */
  opened(file: LogFile, resumed: boolean): void;
  /** A file will not come back; `lostBytes` of it were never read. */
  gone(file: LogFile, lostBytes: number): void;
  /** A file was truncated or written anew in place; `lostBytes` of the old content were known of and never read. */
  truncated(file: LogFile, lostBytes: number): void;
  /** A file could not be opened or looked at; it is tried again. */
  failed(path: string, error: unknown): void;
}

/**
 * The log files of one container run, oldest first: what was rotated away, then the live file. They are read one after another as one log, so that a line whose
 * parts lie in two files is joined, and none is skipped however often the log was rotated since the last look.
 */
export class LogChain {
  readonly pod: PodPath;
  readonly container: string;
  /** `<namespace>_<pod>_<uid>/<container>/<n>.log`. */
  readonly name: string;
  readonly joiner: PartialJoiner;
  /** What holds lines of this chain back behind the joiner; null while its pipeline is not built. */
  held: HeldLines | null = null;
  /** Time of the last record read. */
  lastTime: TimeParts | null = null;
  /** Something may be there to read. */
  flagged = true;
  /** A compressed member is being made ready. */
  busy = false;
  readonly #events: ChainEvents;
  #files: LogFile[];

  constructor(pod: PodPath, container: string, name: string, lineBytesMax: number, known: readonly KnownFile[], events: ChainEvents) {
    this.pod = pod;
    this.container = container;
    this.name = name;
    this.joiner = new PartialJoiner(lineBytesMax);
    this.#events = events;
    this.#files = known.map((file) => {
      const result = new LogFile(file.path, file.device, file.inode, file.gzip, file.fingerprint, file.position);
      result.size = file.size;
      return result;
    });
  }

  get files(): readonly LogFile[] {
    return this.#files;
  }

  /** The oldest file that is not read to its end; undefined where all are. */
  current(): LogFile | undefined {
    for (const file of this.#files) if (!file.finished) return file;
    return undefined;
  }

  /** How many files come after `file`. */
  successors(file: LogFile): number {
    return this.#files.length - 1 - this.#files.indexOf(file);
  }

  /**
   * Brings the chain in line with what the directory holds. Files keep their position whatever they are called now; a file that left the directory is kept
   * while its descriptor holds it and it is not read to the end. `fromEnd` starts files that are not known at their end.
   */
  reconcile(members: readonly Member[], fromEnd: boolean): void {
    const unmatched = new Set(this.#files);
    const matches = new Map<Member, LogFile>();
    for (const match of [sameInode, sameContent]) {
      for (const member of members) {
        if (matches.has(member)) continue;
        try {
          const file = match(member, unmatched);
          if (file === undefined) continue;
          unmatched.delete(file);
          matches.set(member, file);
        } catch (error) {
          this.#failed(member, error);
        }
      }
    }
    const kept: LogFile[] = [];
    for (const file of this.#files) {
      if (!unmatched.has(file)) continue;
      if (file.fd !== null && !file.finished) {
        file.unlinked = true;
        kept.push(file);
      } else {
        this.#forget(file);
      }
    }
    for (const member of members) {
      const file = this.#adopt(member, matches.get(member), fromEnd);
      if (file !== undefined) kept.push(file);
    }
    this.#files = kept;
    this.flagged = true;
  }

  #adopt(member: Member, match: LogFile | undefined, fromEnd: boolean): LogFile | undefined {
    const wasOpen = match !== undefined && match.fd !== null;
    let file: LogFile | undefined = match;
    try {
      file ??= this.#newFile(member, fromEnd);
      if (file === undefined) return undefined;
      file.path = member.path;
      file.modifiedMs = member.modifiedMs;
      file.unlinked = false;
      if (member.gzip) {
        // A plain file that was compressed while nobody held it: what is left of it comes from the member. While it is held, the descriptor serves.
        if (file.fd === null && !(file.gzip && file.finished)) {
          file.size = gzipSize(member);
          file.gzip = true;
          file.finished = file.size <= file.readOffset;
          file.device = member.device;
          file.inode = member.inode;
        }
      } else {
        file.device = member.device;
        file.inode = member.inode;
        file.size = member.size;
        if (file.finished && member.size > file.readOffset) file.finished = false;
        if (!file.finished && file.fd === null) this.#open(file);
      }
    } catch (error) {
      this.#failed(member, error);
      return match;
    }
    if (!wasOpen && file.fd !== null) this.#events.opened(file, match !== undefined);
    return file;
  }

  #failed(member: Member, error: unknown): void {
    if (!(error instanceof MovedError)) this.#events.failed(member.path, error);
  }

  #newFile(member: Member, fromEnd: boolean): LogFile | undefined {
    if (member.gzip) {
      const head = gzipHead(member);
      const size = gzipSize(member);
      return new LogFile(member.path, member.device, member.inode, true, fingerprintOf(head), fromEnd ? { ...startPosition, offsets: [size, size, size] } : startPosition);
    }
    const fd = openExactly(member);
    const head = readHead(fd);
    const fingerprint = fingerprintOf(head);
    const end: FilePosition = { ...startPosition, offsets: [member.size, member.size, member.size] };
    const position = this.#positionOfTwin(member, fingerprint) ?? (fromEnd ? end : startPosition);
    const file = new LogFile(member.path, member.device, member.inode, false, fingerprint, position);
    file.fd = fd;
    file.head = Buffer.from(head.subarray(0, headBytes));
    return file;
  }

  /** How far a file with the same content was read: copytruncate leaves a copy behind. */
  #positionOfTwin(member: Member, fingerprint: Fingerprint): FilePosition | undefined {
    for (const file of this.#files) {
      if (file.fingerprint.hash !== fingerprint.hash || !isTelling(fingerprint, file.format)) continue;
      const position = this.positionOf(file);
      if (Math.max(...position.offsets) <= member.size) return position;
    }
    return undefined;
  }

  #open(file: LogFile): void {
    const fd = openExactly(file);
    file.fd = fd;
    file.head = Buffer.from(readHead(fd).subarray(0, headBytes));
  }

  /** The file was truncated or rewritten in place: what follows is another content under the same descriptor. */
  restart(file: LogFile): LogFile {
    const stat = fstatSync(file.fd ?? -1);
    const head = readHead(file.fd ?? -1);
    const next = new LogFile(file.path, file.device, file.inode, false, fingerprintOf(head), startPosition);
    next.fd = file.fd;
    next.head = Buffer.from(head.subarray(0, headBytes));
    next.size = stat.size;
    next.modifiedMs = stat.mtimeMs;
    next.unlinked = file.unlinked;
    this.#events.truncated(file, Math.max(0, file.size - file.readOffset));
    file.fd = null;
    file.gone = true;
    this.#files = this.#files.map((other) => (other === file ? next : other));
    this.#events.gone(file, 0);
    this.#events.opened(next, false);
    return next;
  }

  /** Gives up a file that is held only by its descriptor. */
  release(file: LogFile): void {
    this.#files = this.#files.filter((other) => other !== file);
    this.#forget(file);
  }

  #forget(file: LogFile): void {
    const lost = file.finished ? 0 : Math.max(0, file.size - file.readOffset);
    file.close();
    file.gone = true;
    this.#events.gone(file, lost);
  }

  /** How far `file` is dealt with once every line read so far is delivered. */
  positionOf(file: LogFile): FilePosition {
    const offset = (stream: StreamIndex): number => {
      const held = this.held?.heldFrom(file.id, stream) ?? null;
      return held === null ? joined(stream) : Math.min(held, joined(stream));
    };
    const joined = (stream: StreamIndex): number => {
      const began = this.joiner.pendingStart(stream);
      const known = file.skip[stream];
      if (began === null) return Math.max(known, file.readOffset);
      if (began.file === file.id) return Math.max(known, began.offset);
      const beganAt = this.#files.findIndex((other) => other.id === began.file);
      const at = this.#files.indexOf(file);
      // A file after the one with the first part: all of the stream in it belongs to the unfinished line.
      return beganAt >= 0 && at > beganAt ? known : Math.max(known, file.readOffset);
    };
    return { offsets: [offset(0), offset(1), offset(2)], format: file.format, lastTime: this.lastTime === null ? null : { ...this.lastTime } };
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}

const headBytes = 64;

/** The known file with the member's inode, unless the inode was given to another content meanwhile. */
function sameInode(member: Member, unmatched: ReadonlySet<LogFile>): LogFile | undefined {
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
function sameContent(member: Member, unmatched: ReadonlySet<LogFile>): LogFile | undefined {
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
    if (hasFingerprint(head, file.fingerprint)) return file;
  }
  return undefined;
}

function headOf(member: Member): Buffer {
  const file = openExactly(member);
  try {
    return readHead(file);
  } finally {
    closeSync(file);
  }
}
