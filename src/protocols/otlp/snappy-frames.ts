import { uncompressSync } from 'snappy';
import { crc32c } from '../../bytes/mod.ts';
import { SpoorError } from '../../model/mod.ts';

/** How a framed stream begins: a chunk of type 0xff that says so. */
const identifier = Buffer.from('ff060000734e61507059', 'hex');
/** What a chunk may hold, uncompressed. */
const chunkBytesMax = 65_536;

/** Whether the bytes are a snappy stream with frames; a raw block cannot begin so and be sound. */
export function isSnappyFramed(bytes: Buffer): boolean {
  return bytes.length >= identifier.length && bytes.compare(identifier, 0, identifier.length, 0, identifier.length) === 0;
}

/** Decompresses a snappy stream with frames (github.com/google/snappy, framing_format.txt) in slices. Throws `push_snappy` and `body_too_large`. */
export function* decompressSnappyFrames(bytes: Buffer, rawBytesMax: number): Generator<void, Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 4) throw new SpoorError('push_snappy');
    const type = bytes[at]!;
    const start = at + 4;
    at = start + bytes.readUIntLE(at + 1, 3);
    if (at > bytes.length) throw new SpoorError('push_snappy');
    if (type === 0xff || type >= 0x80) continue;
    if (type > 1 || at - start < 4) throw new SpoorError('push_snappy');
    const part = type === 1 ? bytes.subarray(start + 4, at) : uncompressed(bytes.subarray(start + 4, at));
    length += part.length;
    if (part.length > chunkBytesMax) throw new SpoorError('push_snappy');
    if (length > rawBytesMax) throw new SpoorError('body_too_large', { limit: rawBytesMax, name: 'push.raw_bytes_max' });
    if (masked(crc32c(part)) !== bytes.readUInt32LE(start)) throw new SpoorError('push_snappy');
    parts.push(part);
    yield;
  }
  return Buffer.concat(parts, length);
}

function uncompressed(block: Buffer): Buffer {
  // The length that the block claims, a varint: at most three bytes for what a chunk may hold.
  const claimed = (block[0] ?? 0) < 0x80 ? (block[0] ?? 0) : (block[1] ?? 0) < 0x80 ? (block[0]! & 0x7f) | (block[1]! << 7) : (block[0]! & 0x7f) | ((block[1]! & 0x7f) << 7) | ((block[2] ?? 0x7f) << 14);
  if (claimed > chunkBytesMax) throw new SpoorError('push_snappy');
  try {
    const raw = uncompressSync(block, { copyOutputData: true });
    if (typeof raw !== 'string') return raw;
  } catch (error) {
    throw new SpoorError('push_snappy', {}, { cause: error });
  }
  throw new SpoorError('push_snappy');
}

/** Checksums are stored rotated and shifted. */
function masked(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
