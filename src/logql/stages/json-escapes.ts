import { decodeText } from '../regex/mod.ts';

const backslash = 0x5c;
const simpleEscapes: ReadonlyMap<number, string> = new Map([
  [0x22, '"'], [0x5c, '\\'], [0x2f, '/'], [0x62, '\b'], [0x66, '\f'], [0x6e, '\n'], [0x72, '\r'], [0x74, '\t'],
]);

/**
 * Resolves the escapes between the quotes of a JSON string. Null where one is wrong, or where a first half of a surrogate pair stands without a
 * second (the grammar of github.com/buger/jsonparser).
 */
export function unescapeJson(bytes: Uint8Array, start: number, end: number): string | null {
  let text = '';
  let plainFrom = start;
  for (let i = start; i < end; ) {
    if (bytes[i] !== backslash) {
      i++;
      continue;
    }
    if (i > plainFrom) text += decodeText(bytes, plainFrom, i);
    if (i + 1 >= end) return null;
    const kind = bytes[i + 1]!;
    if (kind !== 0x75) {
      const simple = simpleEscapes.get(kind);
      if (simple === undefined) return null;
      text += simple;
      i += 2;
    } else {
      const code = hex4(bytes, i, end);
      if (code < 0) return null;
      i += 6;
      if (code < 0xd800 || code > 0xdfff) text += String.fromCharCode(code);
      else {
        const low = hex4(bytes, i, end);
        if (low < 0xdc00) return null;
        i += 6;
        const rune = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        text += rune <= 0x10ffff ? String.fromCodePoint(rune) : '\ufffd';
      }
    }
    plainFrom = i;
  }
  return plainFrom < end ? text + decodeText(bytes, plainFrom, end) : text;
}

/** The number of `\uXXXX` at `at`, whose backslash and u are not looked at; -1 where there is none. */
function hex4(bytes: Uint8Array, at: number, end: number): number {
  if (at + 6 > end) return -1;
  let value = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = hexDigit(bytes[i]!);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
