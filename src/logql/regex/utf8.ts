/** What Go decodes a byte to that begins no valid UTF-8 sequence; such a byte is consumed alone. */
export const runeError = 0xfffd;

/**
 * Decodes the code point at bytes[at], which must be ≥ 0x80, as Go does: the result is rune × 8 + its length in bytes,
 * runeError × 8 + 1 where the sequence is not valid.
 */
export function decodeRune(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  const invalid = runeError * 8 + 1;
  if (first < 0xc2 || first > 0xf4 || at + 1 >= end) return invalid;
  const second = bytes[at + 1]!;
  if (first < 0xe0) return (second & 0xc0) === 0x80 ? (((first & 0x1f) << 6) | (second & 0x3f)) * 8 + 2 : invalid;
  if (at + 2 >= end) return invalid;
  const third = bytes[at + 2]!;
  if (first < 0xf0) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    if (second < low || second > high || (third & 0xc0) !== 0x80) return invalid;
    return (((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f)) * 8 + 3;
  }
  if (at + 3 >= end) return invalid;
  const fourth = bytes[at + 3]!;
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high || (third & 0xc0) !== 0x80 || (fourth & 0xc0) !== 0x80) return invalid;
  return (((first & 0x07) << 18) | ((second & 0x3f) << 12) | ((third & 0x3f) << 6) | (fourth & 0x3f)) * 8 + 4;
}

/** bytes[start … end) as a string in which every byte that Go would not decode is one U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length < 24) {
    let text = '';
    let i = start;
    for (; i < end; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80) break;
      text += asciiCharacters[byte]!;
    }
    if (i === end) return text;
  }
  const text = utf8(bytes, start, end);
  if (!text.includes('\ufffd')) return text;
  return decodeInvalid(bytes, start, end);
}

const asciiCharacters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

function decodeInvalid(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let plainFrom = start;
  for (let i = start; i < end; ) {
    if (bytes[i]! < 0x80) {
      i++;
      continue;
    }
    const decoded = decodeRune(bytes, i, end);
    const width = decoded & 7;
    if (width === 1) {
      text += `${utf8(bytes, plainFrom, i)}\ufffd`;
      plainFrom = i + 1;
    }
    i += width;
  }
  return text + utf8(bytes, plainFrom, end);
}

function utf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
