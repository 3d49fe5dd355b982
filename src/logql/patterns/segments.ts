import { isUtf8 } from 'node:buffer';
import { patternWordBytesMax } from './limits.ts';

/** What a byte is, as bits: those of words; marks that may stand inside a word (`/`, `-`, `.`, `:` …); and those that end one. */
export const letter = 1;
export const hexLetter = 2;
export const digit = 4;
/** A byte of a character beyond ASCII. */
export const wide = 8;
export const mark = 16;
export const separator = 32;
/** Any byte of a word. */
export const wordByte = letter | hexLetter | digit | wide;

const separators = ' "\'`,;=()[]{}<>|&?\u007F';

/** The bits of each byte. */
export const byteBits: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return wide;
  const character = String.fromCharCode(byte);
  if (byte < 0x20 || separators.includes(character)) return separator;
  if (/\d/.test(character)) return digit;
  if (/[a-f]/i.test(character)) return hexLetter;
  return /\w/.test(character) ? letter : mark;
});

/** Digits in a word that make it an ID. */
const idDigits = 5;
/** A word of letters and digits of this length is an ID already with two digits. */
const longIdBytes = 16;

/**
 * Whether a word, bytes[from … to), is a number, a time, an ID or something else that differs from line to line: a function of the word alone, but for the
 * later parts of a UUID. `bits` are those of its bytes; the line begins at `lineStart` and ends before `lineEnd`.
 */
export function isVariable(bytes: Uint8Array, from: number, to: number, bits: number, lineStart: number, lineEnd: number): boolean {
  const length = to - from;
  if (length > patternWordBytesMax) return true;
  // A pattern is text.
  if ((bits & wide) !== 0 && !isUtf8(bytes.subarray(from, to))) return true;
  if ((bits & digit) === 0) return bits === hexLetter && isInUuid(bytes, from, length, lineStart, lineEnd);
  // 200ms, 0x1f, 3rd.
  if ((byteBits[bytes[from]!]! & digit) !== 0) return true;
  const digits = digitsIn(bytes, from, to);
  if (digits >= idDigits) return true;
  if ((bits & (letter | wide)) === 0 && length >= 4) return true;
  return length >= longIdBytes && digits >= 2;
}

/** How many of bytes[from … to) are digits. */
export function digitsIn(bytes: Uint8Array, from: number, to: number): number {
  let digits = 0;
  for (let i = from; i < to; i++) digits += byteBits[bytes[i]!]! & digit;
  return digits / digit;
}

/** Where the parts of a UUID begin, by their length. */
const uuidParts: Readonly<Record<number, readonly number[]>> = { 4: [9, 14, 19], 12: [24] };

/** Whether a word of letters a to f is a part, but the first, of a UUID. */
function isInUuid(bytes: Uint8Array, from: number, length: number, lineStart: number, lineEnd: number): boolean {
  return (uuidParts[length] ?? []).some((offset) => from - offset >= lineStart && from - offset + 36 <= lineEnd && isUuid(bytes, from - offset));
}

function isUuid(bytes: Uint8Array, at: number): boolean {
  let firstDigits = 0;
  for (let i = 0; i < 36; i++) {
    const byte = bytes[at + i]!;
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (byte !== 0x2d) return false;
    } else if ((byteBits[byte]! & (hexLetter | digit)) === 0) return false;
    else if (i < 8 && (byteBits[byte]! & digit) !== 0) firstDigits++;
  }
  return firstDigits > 0;
}
