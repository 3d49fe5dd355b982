/** Numbers as text and back: what the encodings of numbers share. */

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const plainNumberBytesMax = 32;

/** Number(text) where the text is a plain decimal number (no exponent, no plus, no needless zeros in front, not -0); else null. For few values. */
export function textNumber(bytes: Buffer, start: number, length: number): number | null {
  if (length === 0 || length > plainNumberBytesMax) return null;
  const text = bytes.toString('latin1', start, start + length);
  if (!plainNumber.test(text)) return null;
  const value = Number(text);
  return Object.is(value, -0) ? null : value;
}

const minus = 0x2d;
const zero = 0x30;
/** More digits than this are not within 2^53 - 1. */
export const integerDigitsMax = 16;

/** The whole number that stands in `length` bytes from `at` on, in the one form that writeInteger gives; NaN where it is none or beyond 2^53 - 1. */
export function parseInteger(bytes: Buffer, at: number, length: number): number {
  let digit = bytes[at]! - zero;
  const end = at + length;
  let i = at + 1;
  if (digit === 0) return length === 1 ? 0 : NaN;
  const negative = digit === minus - zero;
  if (negative) digit = i < end ? bytes[i++]! - zero : 0;
  if (digit < 1 || digit > 9 || end - i >= integerDigitsMax || length === 0) return NaN;
  let value = digit;
  const short = end - i < 9 ? end : i + 8;
  for (; i < short; i++) {
    digit = bytes[i]! - zero;
    if (digit >>> 0 > 9) return NaN;
    value = (value * 10 + digit) | 0;
  }
  let long = value;
  for (; i < end; i++) {
    digit = bytes[i]! - zero;
    if (digit >>> 0 > 9) return NaN;
    long = long * 10 + digit;
  }
  if (long > Number.MAX_SAFE_INTEGER) return NaN;
  return negative ? -long : long;
}

const pairs = new Uint8Array(200);
for (let i = 0; i < 100; i++) {
  pairs[2 * i] = zero + Math.floor(i / 10);
  pairs[2 * i + 1] = zero + (i % 10);
}

/** How many digits a whole number from 0 to 2^53 - 1 has. */
export function digitsOf(value: number): number {
  if (value < 1e8) {
    if (value < 1e4) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
    return value < 1e6 ? (value < 1e5 ? 5 : 6) : value < 1e7 ? 7 : 8;
  }
  return 8 + digitsOf(Math.floor(value / 1e8));
}

/** Writes exactly `digits` digits of a whole number from 0 to 2^53 - 1, with zeros in front; no more than those digits are written. */
export function writeDigits(target: Buffer, at: number, value: number, digits: number): void {
  let end = at + digits;
  let rest = value;
  while (rest > 0x7fff_ffff && end - at > 8) {
    const high = Math.floor(rest / 1e8);
    writeShort(target, end - 8, (rest - high * 1e8) | 0, 8);
    end -= 8;
    rest = high;
  }
  writeShort(target, at, rest | 0, end - at);
}

function writeShort(target: Buffer, at: number, value: number, digits: number): void {
  let rest = value;
  let i = at + digits;
  while (i - at >= 2) {
    const high = (rest / 100) | 0;
    const low = (rest - high * 100) << 1;
    target[--i] = pairs[low + 1]!;
    target[--i] = pairs[low]!;
    rest = high;
  }
  if (i > at) target[at] = zero + (rest % 10);
}

/** Writes a whole number within ±(2^53 - 1) as String does; gives the place behind it. Takes at most 17 bytes. */
export function writeInteger(target: Buffer, at: number, value: number): number {
  let from = at;
  let rest = value;
  if (value < 0) {
    target[from++] = minus;
    rest = -value;
  }
  const digits = digitsOf(rest);
  writeDigits(target, from, rest, digits);
  return from + digits;
}

/** Most bytes that writeInteger takes for a number from `min` to `max`. */
export function integerBytesMax(min: number, max: number): number {
  return Math.max(min < 0 ? 1 + digitsOf(-min) : 1, max >= 0 ? digitsOf(max) : 1);
}
