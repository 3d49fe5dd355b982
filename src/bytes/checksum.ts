import { crc32c as nativeCrc32c } from '@node-rs/crc32';
import { asBuffer } from './compression.ts';

/** CRC-32C (Castagnoli, as in iSCSI, RFC 3720), the checksum of all formats of spoor. `initial` continues an earlier one. */
export function crc32c(data: Uint8Array, initial?: number): number {
  return nativeCrc32c(asBuffer(data), initial);
}
