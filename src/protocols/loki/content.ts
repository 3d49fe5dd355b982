import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';
import { uncompressSync } from 'snappy';
import { asBuffer } from '../../bytes/mod.ts';
import { reasonOf, SpoorError } from '../../model/mod.ts';
import type { PushBodyLimits } from '../limits.ts';
import { runInSlices } from '../slices.ts';
import { decompressZstd } from '../zstd.ts';
import { decompressSnappy } from './snappy.ts';

type Decompress = (buffer: Buffer, options: ZlibOptions) => Promise<Buffer>;

const gunzipAsync: Decompress = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflateRawAsync: Decompress = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const inflateAsync: Decompress = promisify<Buffer, ZlibOptions, Buffer>(inflate);

/** Raw length from which a block is decompressed in slices, so that the event loop is not held for more than a few milliseconds. */
const snappySlicedBytes = 8 * 2 ** 20;
/** A snappy copy makes at most 64 bytes of 3. */
const snappyExpansionMax = 22;

/** Bytes that one byte of a body is expected to make at most where it does not say how long it will be. */
const expansionExpected = 24;
/** Small bodies may well be of little but repetition. */
const bytesExpectedMin = 65_536;
/** One byte of a deflate stream makes no more. */
const deflateExpansionMax = 1032;

/**
 * The bytes that a body is expected to be once its Content-Encoding and, for protobuf, its snappy block are undone, by what it says itself: the memory that a push is to be given
 * before that is known. `decodeContent` takes longer ones too, but only one at a time.
 */
export function decodedBytesExpected(body: Buffer, contentType: string, encoding: string, limits: PushBodyLimits): number {
  if (encoding === 'gzip' || encoding === 'deflate' || encoding === 'zstd') return Math.min(limits.rawBytesMax, expectedBytes(body, encoding));
  if (contentType.toLowerCase().includes('json')) return body.length;
  return Math.min(limits.rawBytesMax, body.length * snappyExpansionMax, lengthVarint(body)?.claimed ?? 0);
}

function expectedBytes(body: Buffer, encoding: 'gzip' | 'deflate' | 'zstd'): number {
  return claimedBytes(body, encoding) ?? Math.max(bytesExpectedMin, body.length * expansionExpected);
}

function claimedBytes(body: Buffer, encoding: 'gzip' | 'deflate' | 'zstd'): number | undefined {
  return encoding === 'gzip' ? gzipClaim(body) : encoding === 'zstd' ? zstdClaim(body) : undefined;
}

/** The length at the end of a gzip member, modulo 2^32; that of the last one where there are several. Undefined where it cannot be true. */
function gzipClaim(body: Buffer): number | undefined {
  const claimed = body.length < 18 ? undefined : body.readUInt32LE(body.length - 4);
  return claimed === undefined || claimed > body.length * deflateExpansionMax ? undefined : claimed;
}

/** The length in the header of a zstd frame (RFC 8878, 3.1.1.1); undefined where there is none. */
function zstdClaim(body: Buffer): number | undefined {
  if (body.length < 14 || body.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const descriptor = body[4]!;
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  switch (descriptor >> 6) {
    case 0:
      return single ? body[at] : undefined;
    case 1:
      return body.readUInt16LE(at) + 256;
    case 2:
      return body.readUInt32LE(at);
    default:
      return at + 8 > body.length ? undefined : Number(body.readBigUInt64LE(at));
  }
}

/** Bodies that turn out longer than they say are decompressed one after another. */
let overrun: Promise<unknown> = Promise.resolve();

/**
 * Undoes a push's Content-Encoding: gzip, deflate (raw, as Loki has it, or with the zlib header that RFC 9110 wants) and zstd. `snappy` is left alone, as Loki does: it belongs to
 * protobuf, whose blocks are snappy with or without the header. A length that the body claims is checked before anything is allocated, and decompression stops at the limit:
 * `body_too_large` with `push.body_bytes_max` or `push.raw_bytes_max`. Other encodings throw `push_encoding`, damaged bodies `push_compression`.
 */
export async function decodeContent(body: Uint8Array, encoding: string, limits: PushBodyLimits): Promise<Buffer> {
  if (body.length > limits.bodyBytesMax) throw new SpoorError('body_too_large', { limit: limits.bodyBytesMax, name: 'push.body_bytes_max' });
  const buffer = asBuffer(body);
  if (encoding === '' || encoding === 'snappy') return buffer;
  if (encoding !== 'gzip' && encoding !== 'deflate' && encoding !== 'zstd') throw new SpoorError('push_encoding', { encoding });
  const tooLarge = (cause?: unknown): SpoorError => new SpoorError('body_too_large', { limit: limits.rawBytesMax, name: 'push.raw_bytes_max' }, { cause });
  if ((claimedBytes(buffer, encoding) ?? 0) > limits.rawBytesMax) throw tooLarge();
  const first = Math.max(1, Math.min(expectedBytes(buffer, encoding), limits.rawBytesMax));
  try {
    return await decompress(buffer, encoding, first);
  } catch (error) {
    if (!(error instanceof RangeError)) throw new SpoorError('push_compression', { encoding, reason: reasonOf(error) }, { cause: error });
    if (first === limits.rawBytesMax) throw tooLarge(error);
  }
  const turn = overrun.then(() => decompress(buffer, encoding, limits.rawBytesMax));
  overrun = turn.catch(() => undefined);
  try {
    return await turn;
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(error);
    throw new SpoorError('push_compression', { encoding, reason: reasonOf(error) }, { cause: error });
  }
}

/** Rejects with a RangeError where more than `bytesMax` come out. */
async function decompress(buffer: Buffer, encoding: 'gzip' | 'deflate' | 'zstd', bytesMax: number): Promise<Buffer> {
  if (encoding === 'zstd') return decompressZstd(buffer, bytesMax);
  const options = { maxOutputLength: bytesMax, chunkSize: Math.max(1024, Math.min(bytesMax, 2 ** 20)) };
  if (encoding === 'gzip') return gunzipAsync(buffer, options);
  return hasZlibHeader(buffer) ? inflateAsync(buffer, options) : inflateRawAsync(buffer, options);
}

/** Whether a zlib header (RFC 1950) stands there: as raw deflate it would be a stored block with padding that no encoder writes. */
function hasZlibHeader(buffer: Buffer): boolean {
  return buffer.length >= 2 && (buffer[0]! & 0x0f) === 8 && buffer.readUInt16BE(0) % 31 === 0;
}

/**
 * Decompresses a raw snappy block. The length that it claims is checked against `push.raw_bytes_max`, and against what so many bytes could
 * ever expand to, before anything is allocated. Throws `push_snappy` and `body_too_large`.
 */
export async function decodeSnappy(block: Buffer, limits: PushBodyLimits): Promise<Buffer> {
  const header = lengthVarint(block);
  if (header === null) throw new SpoorError('push_snappy');
  const { claimed, end } = header;
  if (claimed > limits.rawBytesMax) throw new SpoorError('body_too_large', { limit: limits.rawBytesMax, name: 'push.raw_bytes_max' });
  if (claimed > block.length * snappyExpansionMax) throw new SpoorError('push_snappy');
  if (claimed >= snappySlicedBytes) return runInSlices(decompressSnappy(block, end, claimed));
  let raw: Buffer | string;
  try {
    // Copied into memory that V8 counts: what the native module allocates is given back only by a collection that nothing hastens, and then late.
    raw = uncompressSync(block, { copyOutputData: true });
  } catch (error) {
    throw new SpoorError('push_snappy', {}, { cause: error });
  }
  if (typeof raw === 'string' || raw.length !== claimed) throw new SpoorError('push_snappy');
  return raw;
}

/** The varint at the head of a snappy block: the length that it claims, and where the varint ends; null where there is none below 2^32. */
function lengthVarint(block: Buffer): { readonly claimed: number; readonly end: number } | null {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (length >= 2 ** 32) break;
      return { claimed: length, end: i + 1 };
    }
  }
  return null;
}
