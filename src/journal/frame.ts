import { crc32c } from '../bytes/mod.ts';
import { SpoorError } from '../model/mod.ts';
import type { JournalFile } from './files.ts';

/** Layout of journal files (docs/formats/journal.md): a header, then frames, each at a multiple of 8. */
export const fileHeaderBytes = 56;
/** Bytes of a frame before its id. */
export const frameHeaderBytes = 40;
/** Longest append id in bytes. */
export const idBytesMax = 255;

const fileMagic = Buffer.from('spoorjnl', 'latin1');
const fileVersion = 1;

/** Header of a journal file. */
export interface FileHeader {
  readonly partition: number;
  /** Position of the first record in the file. */
  readonly first: number;
  /** First position of the file before this one; 0 where there was none. */
  readonly previousFirst: number;
  /** Length of the file before this one; what lies behind that was never durable. */
  readonly previousLength: number;
  readonly createdMs: number;
  /** Random; starts every checksum of frame headers, so that no payload can contain what looks like a frame of this file. */
  readonly salt: number;
}

export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes);
  fileMagic.copy(bytes);
  bytes.writeUInt32LE(fileVersion, 8);
  bytes.writeUInt32LE(header.partition, 12);
  writeU64(bytes, header.first, 16);
  writeU64(bytes, header.previousFirst, 24);
  writeU64(bytes, header.previousLength, 32);
  writeU64(bytes, header.createdMs, 40);
  bytes.writeUInt32LE(header.salt, 48);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 52)), 52);
  return bytes;
}

/** Reads a file header; throws `corruption`. */
export function decodeFileHeader(bytes: Buffer, where: string): FileHeader {
  const damage = (offset: number, reason: string): SpoorError => new SpoorError('corruption', { where, offset, reason });
  if (bytes.length < fileHeaderBytes) throw damage(bytes.length, 'the file ends inside its header');
  if (!bytes.subarray(0, 8).equals(fileMagic)) throw damage(0, 'not a journal file');
  if (crc32c(bytes.subarray(0, 52)) !== bytes.readUInt32LE(52)) throw damage(0, 'checksum of the file header is wrong');
  const version = bytes.readUInt32LE(8);
  if (version !== fileVersion) throw damage(8, `journal file version ${version} is not known`);
  return {
    partition: bytes.readUInt32LE(12),
    first: readU64(bytes, 16),
    previousFirst: readU64(bytes, 24),
    previousLength: readU64(bytes, 32),
    createdMs: readU64(bytes, 40),
    salt: bytes.readUInt32LE(48),
  };
}

/** Bytes of a frame with an id of `idBytes` and a record of `dataBytes`. */
export function frameBytes(idBytes: number, dataBytes: number): number {
  return frameHeaderBytes + padded(idBytes) + padded(dataBytes);
}

/** `bytes` rounded up to a multiple of 8. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** What a frame says of its record. */
export interface FrameHead {
  readonly dataBytes: number;
  readonly idBytes: number;
  readonly position: number;
  /** When it was appended. */
  readonly timeMs: number;
  /** Length of this file that was durable before this frame was written. Damage before it is no torn write. */
  readonly syncedTo: number;
  readonly dataCrc: number;
}

/** Writes a frame's header and id at `at` of `into`; gives the offset behind them. */
export function writeFrameHead(into: Buffer, at: number, head: FrameHead, id: string, salt: number): number {
  into.writeUInt32LE(head.dataBytes, at);
  into.writeUInt16LE(head.idBytes, at + 4);
  into.writeUInt16LE(0, at + 6);
  writeU64(into, head.position, at + 8);
  writeU64(into, head.timeMs, at + 16);
  writeU64(into, head.syncedTo, at + 24);
  into.writeUInt32LE(head.dataCrc, at + 32);
  const idAt = at + frameHeaderBytes;
  const end = idAt + padded(head.idBytes);
  into.fill(0, idAt, end);
  into.write(id, idAt, 'utf8');
  into.writeUInt32LE(headCrc(into, at, end, salt), at + 36);
  return end;
}

function headCrc(bytes: Buffer, at: number, end: number, salt: number): number {
  return crc32c(bytes.subarray(at + frameHeaderBytes, end), crc32c(bytes.subarray(at, at + 36), salt));
}

/** The frame head at `at`, or undefined where none stands there whole and valid. */
function readFrameHead(bytes: Buffer, at: number, end: number, salt: number): FrameHead | undefined {
  if (at + frameHeaderBytes > end) return undefined;
  const idBytes = bytes.readUInt16LE(at + 4);
  const headEnd = at + frameHeaderBytes + padded(idBytes);
  if (idBytes === 0 || idBytes > idBytesMax || bytes.readUInt16LE(at + 6) !== 0 || headEnd > end) return undefined;
  if (headCrc(bytes, at, headEnd, salt) !== bytes.readUInt32LE(at + 36)) return undefined;
  return {
    dataBytes: bytes.readUInt32LE(at),
    idBytes,
    position: readU64(bytes, at + 8),
    timeMs: readU64(bytes, at + 16),
    syncedTo: readU64(bytes, at + 24),
    dataCrc: bytes.readUInt32LE(at + 32),
  };
}

function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value >>> 0, at);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

/** A frame as it was read. `data` is a view of memory that is not used again, and begins at a multiple of 8 in it. */
export interface Frame {
  readonly position: number;
  readonly timeMs: number;
  readonly id: string;
  readonly data: Buffer;
  /** File offsets of the frame's first byte and of the one behind its last. */
  readonly offset: number;
  readonly end: number;
}

/** Why a file could not be read on. */
export interface BadFrame {
  readonly offset: number;
  readonly reason: string;
}

const readBytes = 2 ** 20;

/** Reads the frames of one file in order, a mebibyte at a time. */
export class FrameReader {
  readonly #file: JournalFile;
  readonly #salt: number;
  readonly #limit: number;
  readonly #dataBytesMax: number;
  #position: number;
  /** Bytes of the file from #bufferAt on. */
  #buffer: Buffer = Buffer.alloc(0);
  #bufferAt: number;
  #offset: number;
  /** Set where next() gave undefined before the limit. */
  bad: BadFrame | undefined;

  /** Reads from file offset `offset`, where the frame of `position` stands, up to offset `limit`. */
  constructor(file: JournalFile, options: { readonly salt: number; readonly offset: number; readonly limit: number; readonly position: number; readonly dataBytesMax: number }) {
    this.#file = file;
    this.#salt = options.salt;
    this.#limit = options.limit;
    this.#dataBytesMax = options.dataBytesMax;
    this.#position = options.position;
    this.#offset = options.offset;
    this.#bufferAt = options.offset;
  }

  /** Offset behind the last good frame. */
  get offset(): number {
    return this.#offset;
  }

  /** Position of the frame that comes next. */
  get position(): number {
    return this.#position;
  }

  /** The next frame; undefined at the limit, or where `bad` says why. */
  async next(): Promise<Frame | undefined> {
    if (this.#offset >= this.#limit || this.bad !== undefined) return undefined;
    if (!(await this.#have(frameHeaderBytes))) return this.#fail('the file ends inside a frame');
    const idBytes = this.#buffer.readUInt16LE(this.#offset - this.#bufferAt + 4);
    if (idBytes > 0 && idBytes <= idBytesMax && !(await this.#have(frameHeaderBytes + padded(idBytes)))) return this.#fail('the file ends inside a frame');
    const head = readFrameHead(this.#buffer, this.#offset - this.#bufferAt, this.#buffer.length, this.#salt);
    if (head === undefined) return this.#fail('checksum of a frame header is wrong');
    if (head.position !== this.#position) {
      throw new OutOfOrder(this.#offset, `record ${head.position} stands where ${this.#position} belongs`);
    }
    if (head.dataBytes > this.#dataBytesMax) throw new OutOfOrder(this.#offset, `a record of ${head.dataBytes} bytes, over the limit of ${this.#dataBytesMax}`);
    const bytes = frameBytes(head.idBytes, head.dataBytes);
    if (!(await this.#have(bytes))) return this.#fail('the file ends inside a frame');
    const at = this.#offset - this.#bufferAt;
    const dataAt = at + frameHeaderBytes + padded(head.idBytes);
    const data = this.#buffer.subarray(dataAt, dataAt + head.dataBytes);
    if (crc32c(data) !== head.dataCrc) return this.#fail('checksum of a record is wrong');
    for (let i = dataAt + head.dataBytes; i < at + bytes; i++) if (this.#buffer[i] !== 0) return this.#fail('padding of a frame is not zero');
    const id = this.#buffer.toString('utf8', at + frameHeaderBytes, at + frameHeaderBytes + head.idBytes);
    const offset = this.#offset;
    this.#offset += bytes;
    this.#position++;
    return { position: head.position, timeMs: head.timeMs, id, data, offset, end: this.#offset };
  }

  #fail(reason: string): undefined {
    this.bad = { offset: this.#offset, reason };
  }

  /** Makes sure that `bytes` bytes from the current offset are in the buffer; false where they reach over the limit or the file's end. */
  async #have(bytes: number): Promise<boolean> {
    const at = this.#offset - this.#bufferAt;
    if (at + bytes <= this.#buffer.length) return true;
    if (this.#offset + bytes > this.#limit) return false;
    // A new buffer each time: frames that were handed out keep the old one.
    const rest = this.#buffer.subarray(at);
    const next = Buffer.allocUnsafeSlow(Math.min(Math.max(readBytes, bytes), this.#limit - this.#offset));
    rest.copy(next);
    const read = await this.#file.read(next.subarray(rest.length), this.#offset + rest.length);
    this.#buffer = next.subarray(0, rest.length + read);
    this.#bufferAt = this.#offset;
    return bytes <= this.#buffer.length;
  }
}

/** A frame that is intact and cannot be where it is: never the trace of a torn write. */
export class OutOfOrder extends Error {
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/**
 * Looks behind a bad frame at `badOffset` for an intact frame header which says that the bad bytes were durable before it was written;
 * gives its offset. Where there is none, what stands at `badOffset` was never acknowledged.
 */
export async function findWitness(file: JournalFile, options: { readonly salt: number; readonly badOffset: number; readonly limit: number; readonly position: number }): Promise<number | undefined> {
  const { salt, badOffset, limit, position } = options;
  const headBytesMax = frameHeaderBytes + padded(idBytesMax);
  const buffer = Buffer.allocUnsafeSlow(readBytes + headBytesMax);
  for (let start = badOffset; start < limit; start += readBytes) {
    const bytes = await file.read(buffer.subarray(0, Math.min(buffer.length, limit - start)), start);
    for (let at = 0; at < Math.min(readBytes, bytes); at += 8) {
      // Cheap test first: a later position, not absurdly later.
      if (at + 16 > bytes) break;
      const ahead = readU64(buffer, at + 8) - position;
      if (ahead <= 0 || ahead > limit / frameHeaderBytes) continue;
      const head = readFrameHead(buffer, at, bytes, salt);
      if (head !== undefined && head.syncedTo > badOffset) return start + at;
    }
  }
  return undefined;
}
