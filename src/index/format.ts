import { asBuffer, ByteReader, type ByteWriter, compressLz4, crc32c, decompressLz4 } from '../bytes/mod.ts';
import { SpoorError } from '../model/mod.ts';

/** First bytes of an index file, and last ones. docs/formats/index.md describes the whole. */
export const indexMagic = Buffer.from('SPOORIDX', 'latin1');
export const indexVersion = 1;
export const headerBytes = 12;
export const trailerBytes = 36;

/** Raw size at which a block is closed. */
export const blockBytesTarget = 64 * 1024;
/** Posting lists of this size stand in a block of their own, so that reading a neighbour does not read them too. */
export const largePostingsBytes = 16 * 1024;

/** Largest numbers that an index file may claim; readers refuse more before they allocate, writers before they write. */
export const indexLimits = {
  streamsMax: 2 ** 24,
  chunksPerStreamMax: 2 ** 21,
  segmentsMax: 2 ** 20,
  labelsPerStreamMax: 2 ** 16,
  textBytesMax: 2 ** 24,
  keyBytesMax: 512,
  tenantBytesMax: 1024,
  blockRawBytesMax: 2 ** 26,
  directoryRawBytesMax: 2 ** 26,
} as const;

/** Where a block lies in its file. A block without content takes no bytes. */
export interface BlockRef {
  readonly offset: number;
  /** Bytes in the file. */
  readonly stored: number;
  /** Bytes after decompression. */
  readonly raw: number;
  /** CRC-32C of the stored bytes. */
  readonly crc: number;
}

/** Compresses a block and appends it to the file. */
export function writeBlock(file: ByteWriter, raw: Uint8Array): BlockRef {
  if (raw.length > indexLimits.blockRawBytesMax) throw new SpoorError('internal', { reason: `an index block of ${raw.length} bytes is over the limit of ${indexLimits.blockRawBytesMax}` });
  const offset = file.length;
  if (raw.length === 0) return { offset, stored: 0, raw: 0, crc: 0 };
  const stored = compressLz4(raw);
  file.bytes(stored);
  return { offset, stored: stored.length, raw: raw.length, crc: crc32c(stored) };
}

/** Checks and decompresses a block. `where` names the file for errors. */
export function openBlock(stored: Uint8Array, ref: BlockRef, where: string): Buffer {
  if (stored.length !== ref.stored) throw damage(where, ref.offset, `${stored.length} of ${ref.stored} bytes of the block are there`);
  if (ref.stored === 0) return Buffer.alloc(0);
  if (crc32c(stored) !== ref.crc) throw damage(where, ref.offset, 'the checksum of the block is wrong');
  const raw = decompressLz4(stored, ref.raw);
  if (raw === undefined) throw damage(where, ref.offset, 'the block does not decompress');
  return raw;
}

/** An error about the bytes at `offset`. */
export function damage(where: string, offset: number, reason: string): SpoorError {
  return new SpoorError('corruption', { where, offset, reason });
}

/** Appends what a directory keeps of a block; the offset follows from the blocks before. */
export function writeBlockRef(directory: ByteWriter, ref: BlockRef): void {
  directory.varint(ref.stored).varint(ref.raw).u32(ref.crc);
}

/** Reads what writeBlockRef wrote. */
export function readBlockRef(directory: ByteReader, offset: number, endOffset: number): BlockRef {
  const stored = directory.varint(endOffset - offset, 'size of a block');
  const raw = directory.varint(indexLimits.blockRawBytesMax, 'raw size of a block');
  if ((stored === 0) !== (raw === 0)) throw directory.damage('a block is empty on one side only');
  return { offset, stored, raw, crc: directory.u32() };
}

/** Where an index file and its directory end; the last bytes of the file. */
export interface Trailer {
  readonly stored: number;
  readonly raw: number;
  readonly crc: number;
  readonly fileBytes: number;
}

/** Appends directory and trailer, which finishes the file. */
export function writeTrailer(file: ByteWriter, directory: Uint8Array): void {
  if (directory.length > indexLimits.directoryRawBytesMax) throw new SpoorError('internal', { reason: `an index directory of ${directory.length} bytes is over the limit of ${indexLimits.directoryRawBytesMax}` });
  const stored = compressLz4(directory);
  file.bytes(stored);
  const at = file.length;
  file.u32(stored.length).u32(directory.length).u32(crc32c(stored)).u64(BigInt(at + trailerBytes)).u32(indexVersion);
  file.u32(crc32c(file.view().subarray(at))).bytes(indexMagic);
}

/** Reads the last `trailerBytes` of a file of `fileBytes` bytes. */
export function readTrailer(bytes: Uint8Array, fileBytes: number, where: string): Trailer {
  const at = fileBytes - trailerBytes;
  if (bytes.length !== trailerBytes) throw damage(where, at, 'the file is too short');
  if (!asBuffer(bytes).subarray(trailerBytes - indexMagic.length).equals(indexMagic)) throw damage(where, at, 'this is no index file, or its end is missing');
  const reader = new ByteReader(bytes, where);
  const stored = reader.u32();
  const raw = reader.u32();
  const crc = reader.u32();
  const size = reader.u64();
  const version = reader.u32();
  if (reader.u32() !== crc32c(bytes.subarray(0, trailerBytes - indexMagic.length - 4))) throw damage(where, at, 'the checksum of the trailer is wrong');
  if (version !== indexVersion) throw damage(where, at, `version ${version} is unknown; this spoor reads version ${indexVersion}`);
  if (size !== BigInt(fileBytes)) throw damage(where, at, `the file was ${size} bytes long when it was written, and is ${fileBytes} now`);
  if (stored > fileBytes - trailerBytes - headerBytes) throw damage(where, at, `the directory claims ${stored} bytes`);
  if (raw > indexLimits.directoryRawBytesMax) throw damage(where, at, `the directory claims ${raw} raw bytes, over the limit of ${indexLimits.directoryRawBytesMax}`);
  return { stored, raw, crc, fileBytes };
}
