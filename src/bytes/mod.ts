export { BufferPool } from './buffer-pool.ts';
export { crc32c } from './checksum.ts';
export { asBuffer, compressLz4, compressZstd, decompressLz4, decompressZstd } from './compression.ts';
export { countMetadataBytes, decodeMetadata, encodeMetadata } from './metadata.ts';
export { releaseNativeMemory } from './native-memory.ts';
export { ByteReader } from './reader.ts';
export { ByteWriter } from './writer.ts';
export { xxhash64 } from './xxhash64.ts';
