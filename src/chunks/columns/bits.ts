/**
 * Whole numbers in a fixed number of bits each, one after another: value i occupies the bits [i × width, (i + 1) × width), where bit b is bit b mod 8
 * (from the lowest) of byte b div 8. Widths 0 to 53.
 */

/** Bytes that `count` values of `width` bits take. */
export function packedBytes(count: number, width: number): number {
  return Math.ceil((count * width) / 8);
}

/** Bits that numbers from 0 to `max` need; `max` is at most 2^53 - 1. */
export function bitWidth(max: number): number {
  if (max < 0x1_0000_0000) return max === 0 ? 0 : 32 - Math.clz32(max);
  return 64 - Math.clz32(Math.floor(max / 0x1_0000_0000));
}

/** The first `count` values in `width` bits each; each must be a whole number below 2^width. */
export function packBits(values: Float64Array | Uint32Array, count: number, width: number): Uint8Array {
  const length = packedBytes(count, width);
  if (width === 8) return bytesOf(values, count);
  const words = new Uint32Array((length + 3) >>> 2);
  if (width === 16) new Uint16Array(words.buffer, 0, count).set(values.subarray(0, count));
  else if (width > 32) packLong(values instanceof Float64Array ? values : Float64Array.from(values), count, width, words);
  else if (width > 0) packShort(values instanceof Uint32Array ? values : Uint32Array.from(values.subarray(0, count)), count, width, words);
  return new Uint8Array(words.buffer, 0, length);
}

function bytesOf(values: Float64Array | Uint32Array, count: number): Uint8Array {
  const out = new Uint8Array(count);
  out.set(values.subarray(0, count));
  return out;
}

function packShort(values: Uint32Array, count: number, width: number, words: Uint32Array): void {
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]! | 0;
    held |= value << bits;
    bits += width;
    if (bits >= 32) {
      words[at++] = held;
      bits -= 32;
      held = bits === 0 ? 0 : value >>> (width - bits);
    }
  }
  if (bits > 0) words[at] = held;
}

function packLong(values: Float64Array, count: number, width: number, words: Uint32Array): void {
  const highWidth = width - 32;
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const high = Math.floor(values[i]! / 0x1_0000_0000);
    const low = (values[i]! - high * 0x1_0000_0000) | 0;
    words[at++] = held | (low << bits);
    held = bits === 0 ? 0 : low >>> (32 - bits);
    held |= high << bits;
    bits += highWidth;
    if (bits >= 32) {
      words[at++] = held;
      bits -= 32;
      held = bits === 0 ? 0 : high >>> (highWidth - bits);
    }
  }
  if (bits > 0) words[at] = held;
}

let scratch = new Int32Array(16_384);

/** The bytes as words, with one word behind them that may be anything; valid until the next call. */
function wordsOf(bytes: Uint8Array, length: number): Int32Array {
  const words = (length + 3) >>> 2;
  if (words + 2 > scratch.length) scratch = new Int32Array(words * 2);
  new Uint8Array(scratch.buffer).set(bytes.length === length ? bytes : bytes.subarray(0, length));
  return scratch;
}

/** Where values go; wide enough for the width. */
export type BitsTarget = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Undoes packBits: `count` values into out[0 … count). `bytes` holds at least packedBytes(count, width). */
export function unpackBits(bytes: Uint8Array, count: number, width: number, out: BitsTarget): void {
  const length = packedBytes(count, width);
  if (width === 0) out.fill(0, 0, count);
  else if (width === 8) out.set(bytes.subarray(0, count));
  else if (width > 32) unpackLong(wordsOf(bytes, length), count, width, doublesOf(out));
  else if (width === 16) out.set(new Uint16Array(wordsOf(bytes, length).buffer, 0, count));
  else if (out instanceof Uint8Array) unpackToBytes(bytes, length, count, width, out);
  else if (out instanceof Uint16Array) unpackToHalves(wordsOf(bytes, length), count, width, out);
  else if (out instanceof Uint32Array) unpackToWords(wordsOf(bytes, length), count, width, out);
  else unpackToDoubles(wordsOf(bytes, length), count, width, out);
}

function doublesOf(out: BitsTarget): Float64Array {
  if (out instanceof Float64Array) return out;
  throw new TypeError('values of more than 32 bits need doubles');
}

// One loop for each element type: a loop over several types of arrays is several times slower in V8.
function unpackToHalves(words: Int32Array, count: number, width: number, out: Uint16Array): void {
  const mask = (1 << width) - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += width) {
    const word = bit >>> 5;
    out[i] = ((words[word]! >>> bit) | ((words[word + 1]! << 1) << (31 - (bit & 31)))) & mask;
  }
}

function unpackToWords(words: Int32Array, count: number, width: number, out: Uint32Array): void {
  const mask = width === 32 ? -1 : (1 << width) - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += width) {
    const word = bit >>> 5;
    out[i] = ((words[word]! >>> bit) | ((words[word + 1]! << 1) << (31 - (bit & 31)))) & mask;
  }
}

function unpackToDoubles(words: Int32Array, count: number, width: number, out: Float64Array): void {
  const mask = width === 32 ? -1 : (1 << width) - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += width) {
    const word = bit >>> 5;
    out[i] = (((words[word]! >>> bit) | ((words[word + 1]! << 1) << (31 - (bit & 31)))) & mask) >>> 0;
  }
}

function unpackLong(words: Int32Array, count: number, width: number, out: Float64Array): void {
  const mask = (1 << (width - 32)) - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += width) {
    const word = bit >>> 5;
    const back = 31 - (bit & 31);
    const low = (words[word]! >>> bit) | ((words[word + 1]! << 1) << back);
    const high = ((words[word + 1]! >>> bit) | ((words[word + 2]! << 1) << back)) & mask;
    out[i] = high * 0x1_0000_0000 + (low >>> 0);
  }
}

function unpackToBytes(bytes: Uint8Array, length: number, count: number, width: number, out: Uint8Array): void {
  if (out.byteOffset % 4 === 0 && (width <= 4 || width === 6)) {
    const values = byTable(bytes, width, count, out);
    const rest = count - values;
    if (rest > 0) unpackEach(wordsOf(bytes.subarray((values * width) / 8, length), length - (values * width) / 8), rest, width, out.subarray(values));
  } else unpackEach(wordsOf(bytes, length), count, width, out);
}

function unpackEach(words: Int32Array, count: number, width: number, out: Uint8Array): void {
  const mask = (1 << width) - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += width) {
    const word = bit >>> 5;
    out[i] = ((words[word]! >>> bit) | ((words[word + 1]! << 1) << (31 - (bit & 31)))) & mask;
  }
}

/** Values of `width` bits that stand in a byte (or 12 bits), spread out to a byte each. */
function spreadTable(bits: number, width: number): Uint32Array {
  const table = new Uint32Array(1 << bits);
  for (let packed = 0; packed < table.length; packed++) {
    for (let i = 0; i < Math.min(4, bits / width); i++) table[packed]! |= ((packed >>> (i * width)) & ((1 << width) - 1)) << (8 * i);
  }
  return table;
}

let tables: Record<1 | 2 | 3 | 4 | 6, Uint32Array> | null = null;

/** As many values as come out in whole steps of the table; gives their number, a multiple of 8. */
function byTable(bytes: Uint8Array, width: number, count: number, out: Uint8Array): number {
  tables ??= { 1: spreadTable(4, 1), 2: spreadTable(8, 2), 3: spreadTable(12, 3), 4: spreadTable(8, 4), 6: spreadTable(12, 6) };
  const steps = count >>> 3;
  const words = new Uint32Array(out.buffer, out.byteOffset, steps * 2);
  if (width === 1) spreadOnes(bytes, steps, tables[1], words);
  else if (width === 2) spreadTwos(bytes, steps, tables[2], words);
  else if (width === 3) spreadThrees(bytes, steps, tables[3], words);
  else if (width === 4) spreadFours(bytes, steps, tables[4], words);
  else spreadSixes(bytes, steps, tables[6], words);
  return steps * 8;
}

function spreadOnes(bytes: Uint8Array, steps: number, table: Uint32Array, words: Uint32Array): void {
  for (let i = 0; i < steps; i++) {
    const packed = bytes[i]!;
    words[2 * i] = table[packed & 15]!;
    words[2 * i + 1] = table[packed >>> 4]!;
  }
}
function spreadTwos(bytes: Uint8Array, steps: number, table: Uint32Array, words: Uint32Array): void {
  for (let i = 0; i < 2 * steps; i++) words[i] = table[bytes[i]!]!;
}
function spreadThrees(bytes: Uint8Array, steps: number, table: Uint32Array, words: Uint32Array): void {
  for (let i = 0, at = 0; i < steps; i++, at += 3) {
    const packed = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    words[2 * i] = table[packed & 0xfff]!;
    words[2 * i + 1] = table[packed >>> 12]!;
  }
}
function spreadFours(bytes: Uint8Array, steps: number, table: Uint32Array, words: Uint32Array): void {
  for (let i = 0, at = 0; i < 2 * steps; i++, at += 2) words[i] = table[bytes[at]!]! | (table[bytes[at + 1]!]! << 16);
}
function spreadSixes(bytes: Uint8Array, steps: number, table: Uint32Array, words: Uint32Array): void {
  for (let i = 0, at = 0; i < 2 * steps; i++, at += 3) {
    const packed = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    words[i] = table[packed & 0xfff]! | (table[packed >>> 12]! << 16);
  }
}

/** Value `i` alone. `bytes` holds all of packBits's result. */
export function bitsAt(bytes: Uint8Array, i: number, width: number): number {
  if (width === 0) return 0;
  const bit = i * width;
  const from = Math.floor(bit / 8);
  const to = Math.floor((bit + width - 1) / 8);
  const shift = bit - from * 8;
  // The lowest byte loses what belongs to the value before; the highest, what belongs to the one after.
  let value = bytes[to]! & (0xff >>> (7 - ((bit + width - 1) & 7)));
  if (from === to) return value >>> shift;
  for (let at = to - 1; at > from; at--) value = value * 256 + bytes[at]!;
  return value * 2 ** (8 - shift) + (bytes[from]! >>> shift);
}
