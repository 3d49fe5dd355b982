import { promisify } from 'node:util';
import { constants, gunzip, inflate, inflateRaw, zstdDecompress, type ZlibOptions, type ZstdOptions } from 'node:zlib';
import { SpoorError, reasonOf } from '../../model/mod.ts';
import type { PushBodyLimits } from '../limits.ts';

const decoders = {
  gzip: promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  zlib: promisify<Buffer, ZlibOptions, Buffer>(inflate),
  raw: promisify<Buffer, ZlibOptions, Buffer>(inflateRaw),
  zstd: promisify<Buffer, ZstdOptions, Buffer>(zstdDecompress),
};

/** One byte of a compressed body makes at most so many: deflate's bound; zstd has none, so its share of memory is that of the limit. */
const deflateExpansionMax = 1032;

/** The window that a zstd frame may ask for: 8 MiB, what every decoder must allow (RFC 8878) and no more. */
const zstdWindowLogMax = 23;

function codingOf(encoding: string): string {
  const name = encoding.trim().toLowerCase();
  return name === 'identity' ? '' : name === 'x-gzip' ? 'gzip' : name;
}

/** The most bytes that a body can be once its Content-Encoding is undone. */
export function expandedBytesMax(body: Uint8Array, encoding: string, limits: PushBodyLimits): number {
  const coding = codingOf(encoding);
  if (coding === '') return body.length;
  return Math.min(limits.rawBytesMax, coding === 'zstd' ? limits.rawBytesMax : body.length * deflateExpansionMax);
}

/**
 * Undoes the Content-Encoding of a request: none, gzip, deflate (with zlib's header or without), zstd. Stops at `push.raw_bytes_max` with `body_too_large`, whatever a
 * body claims. Other encodings throw `push_encoding`, damaged bodies `push_compression`.
 */
export async function decodeElasticContent(body: Buffer, encoding: string, limits: PushBodyLimits): Promise<Buffer> {
  const coding = codingOf(encoding);
  if (coding === '') return body;
  if (coding !== 'gzip' && coding !== 'deflate' && coding !== 'zlib' && coding !== 'zstd') throw new SpoorError('push_encoding', { encoding: encoding.slice(0, 100) });
  const options = { maxOutputLength: limits.rawBytesMax, chunkSize: Math.max(16_384, Math.min(2 ** 20, body.length * 4)) };
  try {
    if (coding === 'zstd') return await decoders.zstd(body, { ...options, params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } });
    if (coding === 'gzip') return await decoders.gzip(body, options);
    return await (hasZlibHeader(body) ? decoders.zlib(body, options) : decoders.raw(body, options));
  } catch (error) {
    if (error instanceof RangeError) throw new SpoorError('body_too_large', { limit: limits.rawBytesMax, name: 'push.raw_bytes_max' }, { cause: error });
    throw new SpoorError('push_compression', { encoding: coding, reason: reasonOf(error) }, { cause: error });
  }
}

/** RFC 1950: the method is 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0;
}
