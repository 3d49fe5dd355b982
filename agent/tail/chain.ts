import { closeSync, fstatSync } from 'node:fs';
import type { Member } from '../discover/members.ts';
import type { FileOrigin } from '../discover/origin.ts';
import type { PodPath } from '../discover/paths.ts';
import type { LineSink } from '../join/line.ts';
import { PartialJoiner } from '../join/partials.ts';
import type { StreamIndex } from '../parse/record.ts';
import type { TimeParts } from '../parse/time.ts';
import { LogFile, startPosition, type FilePosition } from './file.ts';
import { gzipHead, gzipSize } from './gzip.ts';
import { fingerprintOf, hasFingerprint, MovedError, openExactly, readHead, type Fingerprint } from './identity.ts';
import { headBytes, isCopy, sameContent, sameInode } from './match.ts';

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
  /** A file was found that was not known, or goes on after a restart. `late`: it had been rotated away before its end was read. */
  opened(file: LogFile, resumed: boolean, chain: LogChain, late: boolean): void;
  /** A file will not come back; `lostBytes` of it were never read. */
  gone(file: LogFile, lostBytes: number, chain: LogChain): void;
  /** A file was truncated or written anew in place; `lostBytes` of the old content were known of and never read, and no copy of it is there. */
  truncated(file: LogFile, lostBytes: number, chain: LogChain): void;
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
  /** All that was there at the last look was read. */
  caughtUp = false;
  /** Lines were read since it was last seen that none is held back. */
  mayHold = true;
  /** A compressed member is being made ready. */
  busy = false;
  /** What the chain is where it belongs to no container; null for a container's. */
  readonly origin: FileOrigin | null;
  /** Bytes and records read in this run. */
  readonly counts = { bytes: 0, records: 0, cut: 0 };
  readonly #events: ChainEvents;
  #files: LogFile[];

  constructor(pod: PodPath, container: string, name: string, lineBytesMax: number, known: readonly KnownFile[], events: ChainEvents, origin: FileOrigin | null = null) {
    this.pod = pod;
    this.container = container;
    this.name = name;
    this.origin = origin;
    this.joiner = new PartialJoiner(lineBytesMax, () => {
      this.counts.cut++;
    });
    this.#events = events;
    this.#files = known.map((file) => {
      const result = new LogFile(file.path, file.device, file.inode, file.gzip, file.fingerprint, file.position);
      result.size = file.size;
      result.sizeMax = file.size;
      return result;
    });
  }

  get files(): readonly LogFile[] {
    return this.#files;
  }

  /** The oldest file that is not read to its end and can be read now; undefined where there is none. */
  current(): LogFile | undefined {
    for (const file of this.#files) if (!file.finished && file.copyOf === null && !file.unreadable) return file;
    return undefined;
  }

  /** Lets files that could not be opened be tried again. */
  retryUnreadable(): void {
    for (const file of this.#files) file.unreadable = false;
  }

  /** How many files come after `file`. */
  successors(file: LogFile): number {
    return this.#files.length - 1 - this.#files.indexOf(file);
  }

  /**
   * Brings the chain in line with what the directory holds. Files keep their position whatever they are called now; a file that left the directory is kept
   * while its descriptor holds it and it is not read to the end. `fromEnd` starts files that are not known at their end. `complete`: all that is there could be looked at, so
   * that what is not among the members is gone.
   */
  reconcile(members: readonly Member[], fromEnd: boolean, complete = true): void {
    const unmatched = new Set(this.#files);
    const matches = new Map<Member, LogFile>();
    let outdated = false;
    for (const match of [sameInode, sameContent]) {
      for (const member of members) {
        if (matches.has(member)) continue;
        try {
          const file = match(member, unmatched);
          if (file === undefined) continue;
          unmatched.delete(file);
          matches.set(member, file);
        } catch (error) {
          // The directory has changed since it was listed; what is missing may have another name by now. Its next listing tells.
          outdated = true;
          this.#failed(member, error);
        }
      }
    }
    const kept: LogFile[] = [];
    for (const file of this.#files) {
      if (!unmatched.has(file)) continue;
      if (!complete || outdated) {
        kept.push(file);
      } else if (!file.finished && file.copyOf === null && (file.fd !== null || file.source !== null || this.#foundElsewhere(file, members))) {
        file.unlinked = true;
        kept.push(file);
      } else {
        this.#forget(file);
      }
    }
    const liveMember = members.find((member) => member.rotation === '' && !member.gzip);
    const live = liveMember === undefined ? undefined : matches.get(liveMember);
    for (const member of members) {
      const file = this.#adopt(member, matches.get(member), fromEnd, live);
      if (file !== undefined) kept.push(file);
    }
    this.#files = kept;
    this.#checkCopies();
    this.flagged = true;
  }

  /** A file that left the directory while no agent ran may be where it was: a link points to another one by now. */
  #foundElsewhere(file: LogFile, members: readonly Member[]): boolean {
    if (file.gzip || members.some((member) => member.path === file.path || (member.inode === file.inode && member.device === file.device))) return false;
    try {
      const fd = openExactly(file);
      const head = readHead(fd);
      if (!hasFingerprint(head, file.fingerprint) || fstatSync(fd).size < Math.max(...file.skip)) {
        closeSync(fd);
        return false;
      }
      file.fd = fd;
      file.head = Buffer.from(head.subarray(0, headBytes));
      return true;
    } catch {
      return false;
    }
  }

  #adopt(member: Member, match: LogFile | undefined, fromEnd: boolean, live: LogFile | undefined): LogFile | undefined {
    const wasOpen = match !== undefined && (match.fd !== null || match.source !== null);
    let file: LogFile | undefined = match;
    try {
      file ??= this.#newFile(member, fromEnd, live);
      if (file === undefined) return undefined;
      file.path = member.path;
      file.modifiedMs = member.modifiedMs;
      file.unlinked = false;
      file.unreadable = false;
      if (member.gzip) {
        // A plain file that was compressed while nobody held it: what is left of it comes from the member. While it is held, the descriptor serves.
        if (file.fd === null && !(file.gzip && file.finished)) {
          file.size = gzipSize(member);
          file.gzip = true;
          file.finished = file.size <= file.readOffset;
          file.device = member.device;
          file.inode = member.inode;
          if (!file.finished && file.source === null) file.source = openExactly(member);
        }
      } else {
        file.device = member.device;
        file.inode = member.inode;
        file.size = member.size;
        file.sizeMax = Math.max(file.sizeMax, member.size);
        if (file.finished && member.size > file.readOffset) file.finished = false;
        if (!file.finished && file.fd === null) this.#open(file);
      }
    } catch (error) {
      this.#failed(member, error);
      if (match !== undefined && match.fd === null && match.source === null && !match.finished) match.unreadable = true;
      return match;
    }
    if (!wasOpen && (file.fd !== null || file.source !== null)) {
      this.#events.opened(file, match !== undefined, this, member.rotation !== '' && file.size > file.readOffset);
    }
    return file;
  }

  #failed(member: Member, error: unknown): void {
    // That a file has gone or moved since it was listed is no failure.
    if (!(error instanceof MovedError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') this.#events.failed(member.path, error);
  }

  #newFile(member: Member, fromEnd: boolean, live: LogFile | undefined): LogFile | undefined {
    if (member.gzip) {
      const head = gzipHead(member);
      const size = gzipSize(member);
      return new LogFile(member.path, member.device, member.inode, true, fingerprintOf(head), fromEnd ? { ...startPosition, offsets: [size, size, size] } : startPosition);
    }
    const fd = openExactly(member);
    try {
      const head = readHead(fd);
      const fingerprint = fingerprintOf(head);
      const end: FilePosition = { ...startPosition, offsets: [member.size, member.size, member.size] };
      // A rotated file that nobody knew, while the live one stayed where it was: copytruncate leaves a copy behind, which may be in the making.
      const original = member.rotation !== '' && live !== undefined && isCopy(fd, live) ? live : undefined;
      const file = new LogFile(member.path, member.device, member.inode, false, fingerprint, fromEnd && original === undefined ? end : startPosition);
      file.fd = fd;
      file.head = Buffer.from(head.subarray(0, headBytes));
      // While the original is there a copy has nothing to add; once it is truncated the copy stands for what was not read of it.
      if (original !== undefined) {
        file.copyOf = original;
        file.startAt(this.positionOf(original));
      }
      return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Copies that turned out to be none. */
  #checkCopies(): void {
    for (const file of this.#files) {
      const original = file.copyOf;
      if (original !== null && (original.gone || (file.fd !== null && !isCopy(file.fd, original)))) file.copyOf = null;
    }
  }

  #open(file: LogFile): void {
    const fd = openExactly(file);
    file.fd = fd;
    file.head = Buffer.from(readHead(fd).subarray(0, headBytes));
  }

  /**
   * The file was truncated or rewritten in place: what follows is another content under the same descriptor. What was not read of the old one is read from a copy, where
   * there is one. Nothing may be held back behind the joiner any more. `sink` takes unfinished lines that will not be finished.
   */
  restart(file: LogFile, sink: LineSink): LogFile {
    const stat = fstatSync(file.fd ?? -1);
    const head = readHead(file.fd ?? -1);
    const next = new LogFile(file.path, file.device, file.inode, false, fingerprintOf(head), startPosition);
    next.fd = file.fd;
    next.head = Buffer.from(head.subarray(0, headBytes));
    next.size = stat.size;
    next.sizeMax = stat.size;
    next.modifiedMs = stat.mtimeMs;
    next.unlinked = file.unlinked;
    const covered = this.#releaseCopy(file);
    if (covered === undefined) this.joiner.flush(sink);
    // The copy has their beginnings, too.
    else this.joiner.forget();
    this.#events.truncated(file, Math.max(0, file.sizeMax - Math.max(file.readOffset, covered ?? 0)), this);
    file.fd = null;
    file.gone = true;
    this.#files = this.#files.map((other) => (other === file ? next : other));
    this.#events.gone(file, 0, this);
    this.#events.opened(next, false, this, false);
    return next;
  }

  /** Looks at the sizes of files that are not read to their ends; true where one has changed. */
  refreshSizes(): boolean {
    let changed = false;
    for (const file of this.#files) {
      if (file.fd === null || file.gzip || file.finished) continue;
      const { size } = fstatSync(file.fd);
      if (size <= file.size) continue;
      file.size = size;
      file.sizeMax = Math.max(file.sizeMax, size);
      changed = true;
    }
    return changed;
  }

  /** Gives up a file that is held only by its descriptor. */
  release(file: LogFile): void {
    this.#files = this.#files.filter((other) => other !== file);
    this.#forget(file);
  }

  /** Lets the copy of a file stand for what was not read of it; the copy's size, or undefined where there is none. */
  #releaseCopy(file: LogFile): number | undefined {
    const copy = this.#files.find((other) => other.copyOf === file);
    if (copy === undefined) return undefined;
    copy.startAt(this.positionOf(file));
    copy.copyOf = null;
    return copy.fd === null ? copy.size : fstatSync(copy.fd).size;
  }

  #forget(file: LogFile): void {
    const covered = this.#releaseCopy(file) ?? 0;
    // A copy that was never needed is no loss.
    const lost = file.finished || file.copyOf !== null ? 0 : Math.max(0, file.size - Math.max(file.readOffset, covered));
    file.close();
    file.gone = true;
    this.#events.gone(file, lost, this);
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
