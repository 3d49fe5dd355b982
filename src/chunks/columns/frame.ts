import type { ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { bitWidth, packBits, packedBytes, unpackBits } from './bits.ts';
import { scratchDoubles, scratchWords } from './scratch.ts';

/** Frame of reference: whole numbers as their distance from the smallest, in the bits that the largest distance needs. No page where that is 0. */
export interface Frame {
  readonly base: number;
  readonly width: number;
}

/** The frame of the first `count` numbers (at least one), all within ±(2^53 - 1); null where they lie further apart than 2^53 - 1. */
export function frameOf(values: Float64Array, count: number): (Frame & { readonly max: number }) | null {
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return Number.isSafeInteger(max - min) ? { base: min, width: bitWidth(max - min), max } : null;
}

/** The page of the numbers; none where the width is 0. */
export function packFrame(values: Float64Array, count: number, { base, width }: Frame): Uint8Array[] {
  if (width === 0) return [];
  if (width > 32) {
    const distances = scratchDoubles(1, count);
    for (let i = 0; i < count; i++) distances[i] = values[i]! - base;
    return [packBits(distances, count, width)];
  }
  const distances = scratchWords(1, count);
  for (let i = 0; i < count; i++) distances[i] = values[i]! - base;
  return [packBits(distances, count, width)];
}

/** Bytes of the page. */
export function frameBytes(count: number, width: number): number {
  return packedBytes(count, width);
}

let words = new Uint32Array(4096);

/** The numbers of a page of packFrame. `page` is null where the width is 0. */
export function unpackFrame(page: Uint8Array | null, count: number, { base, width }: Frame): Float64Array {
  const out = new Float64Array(count);
  if (page === null || width === 0) return out.fill(base);
  if (width > 32) {
    unpackBits(page, count, width, out);
    for (let i = 0; i < count; i++) out[i]! += base;
    return out;
  }
  if (words.length < count) words = new Uint32Array(count);
  unpackBits(page, count, width, words);
  for (let i = 0; i < count; i++) out[i] = base + words[i]!;
  return out;
}

/** The largest of some numbers, at least one. */
export function largest(values: Float64Array): number {
  let max = values[0]!;
  for (let i = 1; i < values.length; i++) if (values[i]! > max) max = values[i]!;
  return max;
}

/** A whole number within ±(2^53 - 1): u8 1 where it is negative, else 0, and the magnitude as varint. */
export function writeSigned(writer: ByteWriter, value: number): void {
  writer.u8(value < 0 ? 1 : 0).varint(Math.abs(value));
}

/** Undoes writeSigned. */
export function readSigned(reader: ByteReader): number {
  const sign = reader.u8();
  if (sign > 1) throw reader.damage(`sign ${sign} of a number`);
  const magnitude = reader.varint();
  return sign === 1 && magnitude > 0 ? -magnitude : magnitude;
}

/** Base and width. */
export function writeFrame(writer: ByteWriter, { base, width }: Frame): void {
  writeSigned(writer, base);
  writer.u8(width);
}

/** Undoes writeFrame; the largest number that the frame can hold is at most 2^53 - 1 above its base, as unpackFrame's callers check. */
export function readFrame(reader: ByteReader): Frame {
  const base = readSigned(reader);
  const width = reader.u8();
  if (width > 53) throw reader.damage(`numbers of ${width} bits`);
  return { base, width };
}
