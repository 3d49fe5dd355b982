import { promisify } from 'node:util';
import { gunzip, inflateRaw, type ZlibOptions } from 'node:zlib';
import { uncompressSync } from 'snappy';
import { asBuffer } from '../../bytes/mod.ts';
import { SpoorError, reasonOf } from '../../model/mod.ts';
import type { PushBodyLimits } from '../limits.ts';
import { runInSlices } from '../slices.ts';
import { decompressSnappy } from './snappy.ts';

const gunzipAsync = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflateRawAsync = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

/** Raw length from which a block is decompressed in slices, so that the event loop is not held for more than a few milliseconds. */
const snappySlicedBytes = 8 * 2 ** 20;
/** A snappy copy makes at most 64 bytes of 3. */
const snappyExpansionMax = 22;

/**
 * Undoes a push's Content-Encoding. `snappy` is left alone, as Loki does: it belongs to protobuf, whose blocks are snappy with or without the header.
 * Stops at the limit: `body_too_large` with `push.body_bytes_max` or `push.raw_bytes_max`. Other encodings throw `push_encoding`, damaged ones `push_compression`.
 */
export async function decodeContent(body: Uint8Array, encoding: string, limits: PushBodyLimits): Promise<Buffer> {
  if (body.length > limits.bodyBytesMax) throw new SpoorError('body_too_large', { limit: limits.bodyBytesMax, name: 'push.body_bytes_max' });
  const buffer = asBuffer(body);
  if (encoding === '' || encoding === 'snappy') return buffer;
  if (encoding !== 'gzip' && encoding !== 'deflate') throw new SpoorError('push_encoding', { encoding });
  const options: ZlibOptions = {
    maxOutputLength: limits.rawBytesMax,
    chunkSize: Math.max(16_384, Math.min(2 ** 20, buffer.length * 4)),
  };
  try {
    return await (encoding === 'gzip' ? gunzipAsync(buffer, options) : inflateRawAsync(buffer, options));
  } catch (error) {
    if (error instanceof RangeError) throw new SpoorError('body_too_large', { limit: limits.rawBytesMax, name: 'push.raw_bytes_max' }, { cause: error });
    throw new SpoorError('push_compression', { encoding, reason: reasonOf(error) }, { cause: error });
  }
}

/**
 * Decompresses a raw snappy block. The length that it claims is checked against `push.raw_bytes_max`, and against what so many bytes could
 * ever expand to, before anything is allocated. Throws `push_snappy` and `body_too_large`.
 */
export async function decodeSnappy(block: Buffer, limits: PushBodyLimits): Promise<Buffer> {
  const { claimed, end } = claimedLength(block);
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

/** The varint at the head of a snappy block. */
function claimedLength(block: Buffer): { readonly claimed: number; readonly end: number } {
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
  throw new SpoorError('push_snappy');
}
