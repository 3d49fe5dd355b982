import { SpoorError } from '../../model/mod.ts';
import type { PushBodyLimits } from '../limits.ts';
import { decodeContent, decodedBytesExpected, decodeSnappy } from '../loki/content.ts';
import { runInSlices } from '../slices.ts';
import { decompressLz4Frames, lz4BytesExpected } from './lz4-frame.ts';
import { decompressSnappyFrames, isSnappyFramed } from './snappy-frames.ts';

/** The bytes that an export is expected to be once its Content-Encoding is undone, by what it says itself. */
export function otlpBytesExpected(body: Buffer, encoding: string, limits: PushBodyLimits): number {
  if (encoding === 'lz4') return Math.min(limits.rawBytesMax, lz4BytesExpected(body));
  // Of snappy it is protobuf's rule that takes the length from the block.
  if (encoding === 'snappy' || encoding === 'x-snappy-framed') return isSnappyFramed(body) ? Math.min(limits.rawBytesMax, body.length * 22) : decodedBytesExpected(body, '', 'snappy', limits);
  return decodedBytesExpected(body, 'json', encoding === 'zlib' ? 'deflate' : encoding, limits);
}

/**
 * Undoes the Content-Encoding of an export: none, gzip, deflate and zlib (with zlib's head, as the Collector sends both, or without), zstd, lz4 (frames), snappy (a raw block, or
 * framed). It stops at the limit: `body_too_large`. Other encodings throw `push_encoding`, damaged ones `push_compression` or `push_snappy`.
 */
export async function decodeOtlpContent(body: Buffer, encoding: string, limits: PushBodyLimits): Promise<Buffer> {
  if (encoding === 'zlib') return decodeContent(body, 'deflate', limits);
  if (encoding !== 'lz4' && encoding !== 'snappy' && encoding !== 'x-snappy-framed') return decodeContent(body, encoding, limits);
  if (body.length > limits.bodyBytesMax) throw new SpoorError('body_too_large', { limit: limits.bodyBytesMax, name: 'push.body_bytes_max' });
  if (encoding === 'lz4') return runInSlices(decompressLz4Frames(body, limits.rawBytesMax));
  return isSnappyFramed(body) ? runInSlices(decompressSnappyFrames(body, limits.rawBytesMax)) : decodeSnappy(body, limits);
}
