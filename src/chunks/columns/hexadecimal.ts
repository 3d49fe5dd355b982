import { PlaceList } from './texts.ts';

/** Hexadecimal digits of one case, two to a byte: what the encodings hex, uuid and pool share. */

const digitsLower = '0123456789abcdef';
const notDigit = 0xff;

/** For each byte the digit that it is, or 255. */
function nibbleTable(digits: string): Uint8Array {
  const table = new Uint8Array(256).fill(notDigit);
  for (let i = 0; i < 16; i++) table[digits.charCodeAt(i)] = i;
  return table;
}
const nibbles = [nibbleTable(digitsLower), nibbleTable(digitsLower.toUpperCase())] as const;

/** For each byte its two digits, as they lie in memory. */
function pairTable(digits: string): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => digits.charCodeAt(byte >>> 4) | (digits.charCodeAt(byte & 15) << 8));
}
const pairs = [pairTable(digitsLower), pairTable(digitsLower.toUpperCase())] as const;

/** Whether the first letter among some bytes is an upper one; undefined where there is none. */
function firstIsUpper(bytes: Buffer, at: number, length: number): boolean | undefined {
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x41 && byte <= 0x46) return true;
    if (byte >= 0x61 && byte <= 0x66) return false;
  }
  return undefined;
}

/** The case of the first letter of values; lower where there is none. */
export function caseOf(bytes: Buffer, start: Uint32Array, length: Uint32Array, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const upper = firstIsUpper(bytes, start[i]!, length[i]!);
    if (upper !== undefined) return upper;
  }
  return false;
}

/**
 * Reads 2 × `size` digits at `at`; false where one is no digit of the case. Four digits at a time: a digit is its low four bits, plus 9 where it is a letter, and whether they
 * were digits shows when they are written again.
 */
export function parseHex(bytes: DataView, at: number, size: number, upper: boolean, target: DataView, to: number): boolean {
  const table = pairs[upper ? 1 : 0];
  let wrong = 0;
  let from = at;
  let i = to;
  for (const end = to + (size & ~3); i < end; i += 4, from += 8) {
    const first = bytes.getInt32(from, true);
    const second = bytes.getInt32(from + 4, true);
    const low = packFour(first);
    const high = packFour(second);
    wrong |= (table[low & 255]! | (table[low >>> 8]! << 16)) ^ first;
    wrong |= (table[high & 255]! | (table[high >>> 8]! << 16)) ^ second;
    target.setInt32(i, low | (high << 16), true);
  }
  for (const end = to + size; i < end; i++, from += 2) {
    const digits = bytes.getUint16(from, true);
    const nibbles = (digits & 0x0f0f) + ((digits >>> 6) & 0x0101) * 9;
    const byte = ((nibbles << 4) | (nibbles >>> 8)) & 0xff;
    wrong |= table[byte]! ^ digits;
    target.setUint8(i, byte);
  }
  return wrong === 0;
}

/** Four digits as two bytes. */
function packFour(digits: number): number {
  const nibbles = (digits & 0x0f0f0f0f) + ((digits >>> 6) & 0x01010101) * 9;
  const bytes = ((nibbles << 4) | (nibbles >>> 8)) & 0x00ff00ff;
  return (bytes | (bytes >>> 8)) & 0xffff;
}

/** The digits of all of `source`. */
export function renderHex(source: Uint8Array, upper: boolean): Buffer {
  const out = new Uint16Array(source.length);
  const table = pairs[upper ? 1 : 0];
  for (let i = 0; i < out.length; i++) out[i] = table[source[i]!]!;
  return Buffer.from(out.buffer, 0, 2 * out.length);
}

/** The digits of the values (`size` bytes each, one after another) at these places. */
export function renderHexAt(source: Uint8Array, size: number, places: ArrayLike<number>, upper: boolean): Buffer {
  const out = new Uint16Array(places.length * size);
  const table = pairs[upper ? 1 : 0];
  for (let i = 0, to = 0; i < places.length; i++) {
    const from = places[i]! * size;
    for (let j = from; j < from + size; j++) out[to++] = table[source[j]!]!;
  }
  return Buffer.from(out.buffer, 0, 2 * out.length);
}

/** Writes the digits of source[from … from + size) at `at`. */
export function writeHex(target: Buffer, at: number, source: Uint8Array, from: number, size: number, upper: boolean): void {
  const table = pairs[upper ? 1 : 0];
  for (let i = 0, to = at; i < size; i++, to += 2) {
    const pair = table[source[from + i]!]!;
    target[to] = pair;
    target[to + 1] = pair >>> 8;
  }
}

/** Fewer digits than this are looked for value by value. */
const searchDigitsMin = 5;

/** Places of the values (`size` bytes each, one after another) whose digits contain `needle` (not empty): exact, without making texts. */
export function findHex(binary: Buffer, size: number, upper: boolean, needle: Uint8Array): Uint32Array {
  const table = nibbles[upper ? 1 : 0];
  const digits = Uint8Array.from(needle, (byte) => table[byte]!);
  const count = binary.length / size;
  if (digits.length === 0 || digits.length > 2 * size || digits.includes(notDigit)) return new Uint32Array(0);
  const found = new Uint8Array(count);
  if (digits.length < searchDigitsMin) findShort(binary, size, digits, found);
  else {
    findShifted(binary, size, digits, 0, found);
    if (digits.length < 2 * size) findShifted(binary, size, digits, 1, found);
  }
  const places = new PlaceList();
  for (let place = found.indexOf(1); place >= 0; place = found.indexOf(1, place + 1)) places.add(place);
  return places.done();
}

function digitAt(binary: Uint8Array, digit: number): number {
  const byte = binary[digit >>> 1]!;
  return (digit & 1) === 0 ? byte >>> 4 : byte & 15;
}

/** Finds needles whose first digit is the high (shift 0) or the low (shift 1) half of a byte, by the whole bytes inside them. */
function findShifted(binary: Buffer, size: number, digits: Uint8Array, shift: 0 | 1, found: Uint8Array): void {
  const whole = (digits.length - shift) >>> 1;
  const inner = Buffer.alloc(whole);
  for (let i = 0; i < whole; i++) inner[i] = (digits[shift + 2 * i]! << 4) | digits[shift + 2 * i + 1]!;
  const last = digits.length - 1;
  for (let at = binary.indexOf(inner); at >= 0; ) {
    const place = Math.floor(at / size);
    const first = 2 * at - shift;
    const fits = first >= 2 * size * place && first + last < 2 * size * (place + 1) && digitAt(binary, first) === digits[0] && digitAt(binary, first + last) === digits[last];
    if (fits) found[place] = 1;
    at = binary.indexOf(inner, fits ? size * (place + 1) : at + 1);
  }
}

function findShort(binary: Buffer, size: number, digits: Uint8Array, found: Uint8Array): void {
  let wanted = 0;
  for (const digit of digits) wanted = (wanted << 4) | digit;
  const mask = (1 << (4 * digits.length)) - 1;
  for (let place = 0; place < found.length; place++) {
    let held = 0;
    for (let i = 0; i < 2 * size; i++) {
      held = (held << 4) | digitAt(binary, 2 * size * place + i);
      if (i >= digits.length - 1 && (held & mask) === wanted) {
        found[place] = 1;
        break;
      }
    }
  }
}
