import type { Label } from '../model/mod.ts';
import { ByteReader } from './reader.ts';
import { ByteWriter } from './writer.ts';

/**
 * Structured metadata of one entry as bytes: for each pair, sorted by name, LEB128 length and UTF-8 bytes of the name, then of the value.
 * No pairs are no bytes. The same form stands in journal records, heads and segments (docs/formats/metadata.md).
 */
export function encodeMetadata(pairs: readonly Label[]): Uint8Array {
  const writer = new ByteWriter(64);
  for (const pair of pairs) writer.text(pair.name).text(pair.value);
  return writer.view();
}

/** Reads what encodeMetadata wrote from bytes[start … start + length). Throws `corruption` where the bytes are none. */
export function decodeMetadata(bytes: Uint8Array, start: number, length: number): Label[] {
  const reader = new ByteReader(bytes.subarray(start, start + length), 'structured metadata');
  const pairs: Label[] = [];
  while (reader.remaining > 0) {
    const name = reader.text(length, 'name');
    pairs.push({ name, value: reader.text(length, 'value') });
  }
  return pairs;
}

/** What a pair counts for in statistics besides its value. */
const pairBytes = 4;

/**
 * What the metadata of an entry counts for in statistics (index/stats, volumes): each value and four bytes for each pair. Loki counts eight bytes for a pair, and each
 * text once for each of its chunks; this lies between a value that repeats there and one that does not, and needs no memory. Bytes that are no metadata count as they are.
 */
export function countMetadataBytes(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let total = 0;
  let isValue = false;
  for (let at = start; at < end; isValue = !isValue) {
    let size = 0;
    let factor = 1;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      size += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) break;
    }
    at += 1 + size;
    if (at > end) return length;
    if (isValue) total += size + pairBytes;
  }
  return total;
}
