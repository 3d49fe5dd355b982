import { closeSync } from 'node:fs';
import type { RecordFormat } from '../parse/record.ts';
import type { TimeParts } from '../parse/time.ts';
import type { Fingerprint } from './identity.ts';

/** Offsets up to which records of stdout, stderr and unparsed ones are dealt with: a record that begins before its stream's offset is never sent again. */
export type StreamOffsets = readonly [number, number, number];

/** How far a file was read, and what is needed to go on from there as if it had never stopped. */
export interface FilePosition {
  readonly offsets: StreamOffsets;
  readonly format: RecordFormat | null;
  /** Time of the last record; a record that has none of its own takes it. Null before the first. */
  readonly lastTime: TimeParts | null;
}

/** Where a file begins that nothing is known of. */
export const startPosition: FilePosition = { offsets: [0, 0, 0], format: null, lastTime: null };

/** A range of a file and when it was read: bytes [from … to) begin records that are given this time, plus a nanosecond per byte after `from`. */
export interface ReadMark {
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
  readonly nanos: number;
}

let nextId = 1;

/**
 * One log file: an inode with one content. A file that is truncated and written anew becomes another LogFile. Paths come and go;
 * the descriptor stays open until the file is read to its end.
 */
export class LogFile {
  /** Unique in this process. */
  readonly id = nextId++;
  /** The path it was last seen at. */
  path: string;
  device: bigint;
  inode: bigint;
  /** True where `path` is a compressed member; offsets count decompressed bytes. */
  gzip: boolean;
  fingerprint: Fingerprint;
  /** The first bytes as they were when the file was opened, to notice that it was written anew under the same inode. */
  head: Buffer = Buffer.alloc(0);
  fd: number | null = null;
  /** Start of the next record that was not taken in yet. */
  readOffset: number;
  /** Bytes before this offset were looked at; beyond readOffset they are the beginning of a record whose end is not written yet. */
  seenOffset: number;
  /** Where the search for the end of an overlong record goes on; -1 where there is none. */
  longScan = -1;
  /** Offsets that this run began with: see StreamOffsets. */
  skip: StreamOffsets;
  format: RecordFormat | null;
  /** The time in the position that the file was resumed with. */
  readonly resumedTime: FilePosition['lastTime'];
  /** Read to the end, and nothing is expected to come. */
  finished = false;
  /** The last look at the directory found neither it nor its content compressed; it lives by its descriptor. */
  unlinked = false;
  /** Forgotten: acknowledgements for it mean nothing any more. */
  gone = false;
  /** Since when nothing new came, on the monotonic clock; -1 while there is something to read. */
  quietSinceMs = -1;
  /** Modification time when it was last listed, wall clock. */
  modifiedMs = 0;
  /** Size when it was last looked at. */
  size = 0;
  /** The largest size that it was seen with. */
  sizeMax = 0;
  /** The compressed member, open from when it was found until it is decompressed, so that deleting it loses nothing. */
  source: number | null = null;
  /** The file that this one is a copy of (copytruncate): it is not read until that one is truncated, and then from where that one was. */
  copyOf: LogFile | null = null;
  /** It could not be opened; others of the chain are read meanwhile, until the next look. */
  unreadable = false;
  /** When its records were read, of a file whose records have no time of their own; in order. */
  marks: ReadMark[] = [];

  /** Bytes that an earlier run, or another file with the same content, had read already. */
  get startOffset(): number {
    return Math.min(...this.skip);
  }

  constructor(path: string, device: bigint, inode: bigint, gzip: boolean, fingerprint: Fingerprint, position: FilePosition) {
    this.path = path;
    this.device = device;
    this.inode = inode;
    this.gzip = gzip;
    this.fingerprint = fingerprint;
    this.skip = position.offsets;
    this.readOffset = Math.min(...position.offsets);
    this.seenOffset = this.readOffset;
    this.format = position.format;
    this.resumedTime = position.lastTime;
  }

  /** Bytes that are not read yet, as far as is known. */
  get bytesBehind(): number {
    return this.finished ? 0 : Math.max(0, this.size - this.readOffset);
  }

  /** Goes on from another file's position; nothing was read of this one. */
  startAt(position: FilePosition): void {
    this.skip = position.offsets;
    this.readOffset = Math.min(...position.offsets);
    this.seenOffset = this.readOffset;
    this.format = position.format;
  }

  close(): void {
    const { fd, source } = this;
    this.fd = null;
    this.source = null;
    if (fd !== null) closeSync(fd);
    if (source !== null) closeSync(source);
  }
}
