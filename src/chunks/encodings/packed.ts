/**
 * Whole numbers in a fixed number of bytes each: value = base + scale × q. The part that the encodings frame and delta share.
 * Layout, at a multiple of 8: f64 base, f64 scale, u32 width, u32 count, then q as unsigned integers of `width` bytes, then zeros up to a
 * multiple of 8. Widths 3, 5, 6 and 8 are two planes: all low parts (u16, u32, u32, u32), then all high parts (u8, u8, u16, u32).
 */
export interface Packed {
  readonly width: number;
  readonly base: number;
  readonly scale: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** Where the high parts begin: in `bytes` for widths 3 and 5, in `halves` for 6, in `words` for 8. */
  readonly highAt: number;
}

const headerBytes = 24;
const halfRange = 0x1_0000;
const wordRange = 0x1_0000_0000;
const widths: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8];

/** Bytes per value that the quotients 0 … `max` need. */
export function packedWidth(max: number): number {
  if (max === 0) return 0;
  if (max < 0x100) return 1;
  if (max < halfRange) return 2;
  if (max < 0x100_0000) return 3;
  if (max < wordRange) return 4;
  if (max < 0x100 * wordRange) return 5;
  return max < halfRange * wordRange ? 6 : 8;
}

/** Bytes that `count` values of `width` take, header and padding included. */
export function packedBytes(width: number, count: number): number {
  return headerBytes + Math.ceil((width * count) / 8) * 8;
}

/** Writes values[0 … count) at `at`, a multiple of 8 in a zeroed buffer that begins one. Each must be base + scale × q exactly. */
export function writePacked(target: ArrayBuffer, at: number, values: Float64Array, count: number, base: number, scale: number, width: number): void {
  const header = new DataView(target, at, headerBytes);
  header.setFloat64(0, base, true);
  header.setFloat64(8, scale, true);
  header.setUint32(16, width, true);
  header.setUint32(20, count, true);
  const start = at + headerBytes;
  if (width === 1) packBytes(new Uint8Array(target, start, count), values, base, scale);
  else if (width === 2) packHalves(new Uint16Array(target, start, count), values, base, scale);
  else if (width === 4) packWords(new Uint32Array(target, start, count), values, base, scale);
  else if (width === 3) packPlanes(new Uint16Array(target, start, count), new Uint8Array(target, start + 2 * count, count), halfRange, values, base, scale);
  else if (width === 5) packPlanes(new Uint32Array(target, start, count), new Uint8Array(target, start + 4 * count, count), wordRange, values, base, scale);
  else if (width === 6) packPlanes(new Uint32Array(target, start, count), new Uint16Array(target, start + 4 * count, count), wordRange, values, base, scale);
  else if (width === 8) packPlanes(new Uint32Array(target, start, count), new Uint32Array(target, start + 4 * count, count), wordRange, values, base, scale);
}

function packBytes(out: Uint8Array, values: Float64Array, base: number, scale: number): void {
  for (let i = 0; i < out.length; i++) out[i] = (values[i]! - base) / scale;
}
function packHalves(out: Uint16Array, values: Float64Array, base: number, scale: number): void {
  for (let i = 0; i < out.length; i++) out[i] = (values[i]! - base) / scale;
}
function packWords(out: Uint32Array, values: Float64Array, base: number, scale: number): void {
  for (let i = 0; i < out.length; i++) out[i] = (values[i]! - base) / scale;
}
function packPlanes(
  low: Uint16Array | Uint32Array, high: Uint8Array | Uint16Array | Uint32Array, lowRange: number, values: Float64Array, base: number, scale: number,
): void {
  for (let i = 0; i < low.length; i++) {
    const quotient = (values[i]! - base) / scale;
    const top = Math.floor(quotient / lowRange);
    high[i] = top;
    low[i] = quotient - top * lowRange;
  }
}

/** Reads what writePacked wrote for `count` values at `at` of a payload whose first byte is aligned to 8; a text says what is wrong. */
export function readPacked(payload: Uint8Array, at: number, count: number): Packed | string {
  if (at + headerBytes > payload.length) return 'header of packed numbers is cut';
  const header = new DataView(payload.buffer, payload.byteOffset + at, headerBytes);
  const base = header.getFloat64(0, true);
  const scale = header.getFloat64(8, true);
  const width = header.getUint32(16, true);
  if (header.getUint32(20, true) !== count) return `${header.getUint32(20, true)} packed numbers where ${count} belong`;
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(scale) || scale < 1) return 'base or scale of packed numbers makes no sense';
  if (!widths.includes(width)) return `packed numbers of ${width} bytes`;
  const length = packedBytes(width, count) - headerBytes;
  if (at + headerBytes + length > payload.length) return 'packed numbers are cut';
  const start = payload.byteOffset + at + headerBytes;
  return {
    width, base, scale, count,
    bytes: new Uint8Array(payload.buffer, start, length),
    halves: new Uint16Array(payload.buffer, start, length / 2),
    words: new Uint32Array(payload.buffer, start, length / 4),
    highAt: width === 5 ? 4 * count : width === 8 ? count : 2 * count,
  };
}

/** Values from … to to out[at …). */
export function unpack(packed: Packed, from: number, to: number, out: Float64Array, at: number): void {
  const { base, scale, highAt } = packed;
  switch (packed.width) {
    case 0: out.fill(base, at, at + to - from); break;
    case 1: unpackBytes(packed.bytes, base, scale, from, to, out, at); break;
    case 2: unpackHalves(packed.halves, base, scale, from, to, out, at); break;
    case 3: unpackHalvesAndBytes(packed.halves, packed.bytes, highAt, base, scale, from, to, out, at); break;
    case 4: unpackWords(packed.words, base, scale, from, to, out, at); break;
    case 5: unpackWordsAndBytes(packed.words, packed.bytes, highAt, base, scale, from, to, out, at); break;
    case 6: unpackWordsAndHalves(packed.words, packed.halves, highAt, base, scale, from, to, out, at); break;
    default: unpackLong(packed.words, highAt, base, scale, from, to, out, at);
  }
}

// One loop for each element type: a loop over several types of arrays is several times slower in V8.
function unpackBytes(source: Uint8Array, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * source[i]!;
}
function unpackHalves(source: Uint16Array, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * source[i]!;
}
function unpackWords(source: Uint32Array, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * source[i]!;
}
function unpackHalvesAndBytes(low: Uint16Array, high: Uint8Array, highAt: number, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * (low[i]! + high[highAt + i]! * halfRange);
}
function unpackWordsAndBytes(low: Uint32Array, high: Uint8Array, highAt: number, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * (low[i]! + high[highAt + i]! * wordRange);
}
function unpackWordsAndHalves(low: Uint32Array, high: Uint16Array, highAt: number, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * (low[i]! + high[highAt + i]! * wordRange);
}
function unpackLong(words: Uint32Array, highAt: number, base: number, scale: number, from: number, to: number, out: Float64Array, at: number): void {
  for (let i = from, o = at; i < to; i++, o++) out[o] = base + scale * (words[i]! + words[highAt + i]! * wordRange);
}

/** Running sums: out[at] = first, each next one more by the value of from, from + 1 … to - 1. Writes to - from + 1 numbers. */
export function unpackSums(packed: Packed, from: number, to: number, first: number, out: Float64Array, at: number): void {
  const { base, scale, highAt } = packed;
  out[at] = first;
  switch (packed.width) {
    case 0: sumConstant(base, to - from, first, out, at + 1); break;
    case 1: sumBytes(packed.bytes, base, scale, from, to, first, out, at + 1); break;
    case 2: sumHalves(packed.halves, base, scale, from, to, first, out, at + 1); break;
    case 3: sumHalvesAndBytes(packed.halves, packed.bytes, highAt, base, scale, from, to, first, out, at + 1); break;
    case 4: sumWords(packed.words, base, scale, from, to, first, out, at + 1); break;
    case 5: sumWordsAndBytes(packed.words, packed.bytes, highAt, base, scale, from, to, first, out, at + 1); break;
    case 6: sumWordsAndHalves(packed.words, packed.halves, highAt, base, scale, from, to, first, out, at + 1); break;
    default: sumLong(packed.words, highAt, base, scale, from, to, first, out, at + 1);
  }
}

function sumConstant(step: number, count: number, first: number, out: Float64Array, at: number): void {
  for (let i = 0, value = first; i < count; i++) out[at + i] = value += step;
}
function sumBytes(source: Uint8Array, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * source[i]!;
}
function sumHalves(source: Uint16Array, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * source[i]!;
}
function sumWords(source: Uint32Array, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * source[i]!;
}
function sumHalvesAndBytes(low: Uint16Array, high: Uint8Array, highAt: number, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * (low[i]! + high[highAt + i]! * halfRange);
}
function sumWordsAndBytes(low: Uint32Array, high: Uint8Array, highAt: number, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * (low[i]! + high[highAt + i]! * wordRange);
}
function sumWordsAndHalves(low: Uint32Array, high: Uint16Array, highAt: number, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * (low[i]! + high[highAt + i]! * wordRange);
}
function sumLong(words: Uint32Array, highAt: number, base: number, scale: number, from: number, to: number, first: number, out: Float64Array, at: number): void {
  for (let i = from, o = at, value = first; i < to; i++, o++) out[o] = value += base + scale * (words[i]! + words[highAt + i]! * wordRange);
}
