import { fstatSync } from 'node:fs';
import { systemClock } from '../../src/model/mod.ts';
import type { LineSink } from '../join/line.ts';
import { detectFormat, parsers } from '../parse/detect.ts';
import { newRecord } from '../parse/record.ts';
import type { TimeParts } from '../parse/time.ts';
import type { LogChain } from './chain.ts';
import type { LogFile, ReadMark } from './file.ts';
import { fingerprintBytesMax, fingerprintOf, readFully, readHead } from './identity.ts';
import { MemoryReadTimes, type RecordTimes } from './read-times.ts';

/** What one look at a file came to. */
export type ReadOutcome =
  /** A block was taken in; there may be more. */
  | 'more'
  /** Everything that is there was taken in. */
  | 'end'
  /** The file was truncated or written anew: LogChain.restart, then look again. */
  | 'truncated';

/** Counters of what was read. */
export interface ReadCounts {
  bytes: number;
  records: number;
  unparsed: number;
  /** Records that an earlier run delivered, and that are not sent again. */
  skipped: number;
}

/**
 * Reads files block by block, cuts them into records, and hands complete lines to a sink. One buffer serves all files: what is left of a
 * record at the end of a block is read again with the next one, so a file costs no memory while it waits.
 */
export class BlockReader {
  readonly counts: ReadCounts = { bytes: 0, records: 0, unparsed: 0, skipped: 0 };
  readonly #block: Buffer;
  readonly #head = Buffer.allocUnsafe(64);
  readonly #record = newRecord();
  readonly #times: RecordTimes;

  /**
   * Records longer than `blockBytes` are cut, so it must be more than the longest line.
   * @param times gives raw records their time
   */
  constructor(blockBytes: number, times: RecordTimes = new MemoryReadTimes(systemClock)) {
    this.#block = Buffer.allocUnsafeSlow(blockBytes);
    this.#times = times;
  }

  /** Reads the next block of the chain's file `file`, whose descriptor is open. */
  read(chain: LogChain, file: LogFile, sink: LineSink): ReadOutcome {
    const fd = file.fd ?? -1;
    const stat = fstatSync(fd);
    // A member that could be decompressed in part only may end before the place where an earlier run was.
    if (file.gzip && stat.size <= file.seenOffset) return 'end';
    if (stat.size < file.seenOffset || !this.#sameHead(file, fd)) {
      return 'truncated';
    }
    file.size = stat.size;
    file.sizeMax = Math.max(file.sizeMax, stat.size);
    file.modifiedMs = stat.mtimeMs;
    if (stat.size === file.seenOffset) return 'end';
    if (file.fingerprint.bytes < Math.min(fingerprintBytesMax, stat.size)) {
      const head = readHead(fd);
      file.fingerprint = fingerprintOf(head);
      file.head = Buffer.from(head.subarray(0, 64));
    }
    if (file.longScan >= 0) return this.#scanLong(chain, file, fd, sink);
    const length = readFully(fd, this.#block, Math.min(this.#block.length, stat.size - file.readOffset), file.readOffset);
    file.seenOffset = file.readOffset + length;
    const taken = this.#records(chain, file, length, sink);
    file.readOffset += taken;
    this.#count(chain, taken);
    if (taken === 0 && length === this.#block.length) file.longScan = file.seenOffset;
    return file.seenOffset < stat.size ? 'more' : 'end';
  }

  /** Takes what is left of a file that nothing will be appended to: a record without a newline. */
  finish(chain: LogChain, file: LogFile, sink: LineSink): void {
    const left = file.size - file.readOffset;
    if (left > 0 && file.fd !== null) {
      const length = readFully(file.fd, this.#block, Math.min(this.#block.length, left), file.readOffset);
      if (file.format === 'raw') this.#takeRaw(chain, file, 0, length, file.readOffset, left - length, sink);
      else this.#take(chain, file, 0, length, file.readOffset, left - length, sink);
      this.#count(chain, left);
      file.readOffset = file.size;
    }
    file.longScan = -1;
    file.seenOffset = file.readOffset;
  }

  #sameHead(file: LogFile, fd: number): boolean {
    const length = file.head.length;
    if (length === 0) return true;
    return readFully(fd, this.#head, length, 0) === length && this.#head.compare(file.head, 0, length, 0, length) === 0;
  }

  /** Takes the complete records of the block's first `length` bytes; the number of bytes they fill. */
  #records(chain: LogChain, file: LogFile, length: number, sink: LineSink): number {
    const block = this.#block;
    if (file.format === null) setFormat(chain, file);
    if (isRaw(file)) return this.#rawRecords(chain, file, 0, length, sink);
    let start = 0;
    for (;;) {
      const newline = block.indexOf(0x0a, start);
      if (newline < 0 || newline >= length) return start;
      this.#take(chain, file, start, newline, file.readOffset + start, 0, sink);
      start = newline + 1;
      // The first record decides.
      if (isRaw(file)) return this.#rawRecords(chain, file, start, length, sink);
    }
  }

  /** The same for records that are whole lines and get their times from marks. */
  #rawRecords(chain: LogChain, file: LogFile, from: number, length: number, sink: LineSink): number {
    const block = this.#block;
    const record = this.#record;
    const base = file.readOffset;
    const end = block.subarray(0, length).lastIndexOf(0x0a) + 1;
    let mark: ReadMark | null = null;
    record.stream = 0;
    record.partial = false;
    record.bytes = block;
    let start = from;
    while (start < end) {
      const newline = block.indexOf(0x0a, start);
      const offset = base + start;
      if (mark === null || offset >= mark.to) mark = this.#times.markAt(file, offset, base + end);
      this.counts.records++;
      chain.counts.records++;
      if (offset >= file.skip[0]) {
        setTime(record, mark, offset);
        record.start = start;
        record.end = newline;
        chain.joiner.add(record, file.id, offset, 0, sink);
      } else {
        this.counts.skipped++;
      }
      start = newline + 1;
    }
    if (mark !== null) chain.lastTime = { seconds: record.seconds, nanos: record.nanos };
    return start;
  }

  #takeRaw(chain: LogChain, file: LogFile, start: number, end: number, offset: number, missing: number, sink: LineSink): void {
    const record = this.#record;
    this.counts.records++;
    chain.counts.records++;
    if (offset < file.skip[0]) {
      this.counts.skipped++;
      return;
    }
    setTime(record, this.#times.markAt(file, offset, offset + end - start + missing + 1), offset);
    record.stream = 0;
    record.partial = false;
    record.bytes = this.#block;
    record.start = start;
    record.end = end;
    chain.joiner.add(record, file.id, offset, missing, sink);
  }

  #count(chain: LogChain, bytes: number): void {
    this.counts.bytes += bytes;
    chain.counts.bytes += bytes;
  }

  /** Goes on looking for the end of a record that is longer than a block; when it is found, takes the record's beginning. */
  #scanLong(chain: LogChain, file: LogFile, fd: number, sink: LineSink): ReadOutcome {
    const block = this.#block;
    const length = readFully(fd, block, Math.min(block.length, file.size - file.longScan), file.longScan);
    const newline = block.subarray(0, length).indexOf(0x0a);
    if (newline < 0) {
      file.longScan += length;
      file.seenOffset = file.longScan;
      return file.seenOffset < file.size ? 'more' : 'end';
    }
    const end = file.longScan + newline;
    const start = file.readOffset;
    readFully(fd, block, block.length, start);
    if (file.format === 'raw') this.#takeRaw(chain, file, 0, block.length, start, end - start - block.length, sink);
    else this.#take(chain, file, 0, block.length, start, end - start - block.length, sink);
    this.#count(chain, end + 1 - start);
    file.readOffset = end + 1;
    file.seenOffset = file.readOffset;
    file.longScan = -1;
    return file.seenOffset < file.size ? 'more' : 'end';
  }

  /** One record: block[start … end), at `offset` of the file; `missing` more bytes of it are not in the block. */
  #take(chain: LogChain, file: LogFile, start: number, end: number, offset: number, missing: number, sink: LineSink): void {
    const record = this.#record;
    if (file.format === null && this.#isRaw(chain, file, start, end)) {
      this.#takeRaw(chain, file, start, end, offset, missing, sink);
      return;
    }
    this.counts.records++;
    chain.counts.records++;
    if (file.format === null ? this.#detect(file, start, end) : parsers[file.format](this.#block, start, end, record)) {
      if (chain.lastTime === null) chain.lastTime = { seconds: 0, nanos: 0 };
      chain.lastTime.seconds = record.seconds;
      chain.lastTime.nanos = record.nanos;
      if (offset >= file.skip[record.stream]) chain.joiner.add(record, file.id, offset, missing, sink);
      else this.counts.skipped++;
      return;
    }
    if (offset < file.skip[2]) {
      this.counts.skipped++;
      return;
    }
    this.counts.unparsed++;
    chain.lastTime ??= bornAt(file);
    chain.joiner.addUnparsed(this.#block, start, end, file.id, offset, missing, chain.lastTime.seconds, chain.lastTime.nanos, sink);
  }

  /** Whether the file is one whose lines are raw unless its first record is in a container's format, and it is not. */
  #isRaw(chain: LogChain, file: LogFile, start: number, end: number): boolean {
    if (chain.origin?.source.format !== 'auto' || this.#detect(file, start, end)) return false;
    file.format = 'raw';
    return true;
  }

  #detect(file: LogFile, start: number, end: number): boolean {
    const format = detectFormat(this.#block, start, end, this.#record);
    if (format === undefined) return false;
    file.format = format;
    return true;
  }
}

/** When the file was made: the time of records that have none and come before any that has one. Kept with the position from then on. */
function bornAt(file: LogFile): TimeParts {
  const stat = fstatSync(file.fd ?? -1, { bigint: true });
  const ns = stat.birthtimeNs > 0n ? stat.birthtimeNs : stat.mtimeNs;
  return { seconds: Number(ns / 1_000_000_000n), nanos: Number(ns % 1_000_000_000n) };
}

/** Raw records of a block come a nanosecond per byte after one another, so that equal lines are not one entry. */
function setTime(record: TimeParts, mark: ReadMark, offset: number): void {
  const nanos = mark.nanos + (offset - mark.from);
  const over = Math.floor(nanos / 1e9);
  record.seconds = mark.seconds + over;
  record.nanos = nanos - over * 1e9;
}

function isRaw(file: LogFile): boolean {
  return file.format === 'raw';
}

/** Sets the format of a file whose source says what it is. */
function setFormat(chain: LogChain, file: LogFile): void {
  const format = chain.origin?.source.format ?? 'auto';
  if (format !== 'auto') file.format = format;
}
