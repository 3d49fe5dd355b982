import { SpoorError } from '../../model/mod.ts';
import type { PushBodyLimits } from '../limits.ts';
import { decodeContent, decodedBytesExpected } from '../loki/content.ts';

/** The name of a Content-Encoding as others have it; clients of Elasticsearch write it in several ways. */
function codingOf(encoding: string): string {
  const name = encoding.trim().toLowerCase();
  return name === 'identity' ? '' : name === 'x-gzip' ? 'gzip' : name === 'zlib' ? 'deflate' : name;
}

/** The bytes that a body is expected to be once its Content-Encoding is undone ({@link decodedBytesExpected}). */
export function expandedBytesExpected(body: Buffer, encoding: string, limits: PushBodyLimits): number {
  return decodedBytesExpected(body, 'application/json', codingOf(encoding), limits);
}

/**
 * Undoes the Content-Encoding of a request: none, gzip, deflate (with zlib's header or without), zstd. Stops at `push.raw_bytes_max` with `body_too_large`, whatever a
 * body claims. Other encodings throw `push_encoding`, damaged bodies `push_compression`.
 */
export async function decodeElasticContent(body: Buffer, encoding: string, limits: PushBodyLimits): Promise<Buffer> {
  const coding = codingOf(encoding);
  // For Loki that says something about protobuf.
  if (coding === 'snappy') throw new SpoorError('push_encoding', { encoding });
  return decodeContent(body, coding, limits);
}
