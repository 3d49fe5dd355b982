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
