import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressSync as lz4Compress, uncompressSync as lz4Uncompress } from 'lz4-napi';

/** Compresses one block with lz4; the result begins with the raw length as u32. Blocking: for worker threads. */
export function compressLz4(raw: Uint8Array): Buffer {
  return lz4Compress(asBuffer(raw));
}

/**
 * Undoes compressLz4. `rawLength` is what the caller's directory says, already checked against a limit; undefined where the
 * data does not hold exactly that (the caller knows where it came from, and throws).
 */
export function decompressLz4(data: Uint8Array, rawLength: number): Buffer | undefined {
  const buffer = asBuffer(data);
  if (buffer.length < 4 || buffer.readUInt32LE(0) !== rawLength) return undefined;
  try {
    const raw = lz4Uncompress(buffer);
    return raw.length === rawLength ? raw : undefined;
  } catch {
    return undefined;
  }
}

const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Compresses one frame with zstd. Blocking: for worker threads. */
export function compressZstd(raw: Uint8Array): Buffer {
  return zstdCompressSync(raw, zstdOptions);
}

/** Undoes compressZstd; `rawLength` as with decompressLz4. */
export function decompressZstd(data: Uint8Array, rawLength: number): Buffer | undefined {
  try {
    const raw = zstdDecompressSync(data, { maxOutputLength: Math.max(1, rawLength), chunkSize: Math.max(64, rawLength) });
    return raw.length === rawLength ? raw : undefined;
  } catch {
    return undefined;
  }
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
