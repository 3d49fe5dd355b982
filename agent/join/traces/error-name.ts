import { colon, isNameByte, isUpper, space, standsAt, ascii } from './bytes.ts';

const words = ['Error', 'Exception', 'Throwable'].map(ascii);
/** Bytes of `Error`, of `Excep` and of `Throw`: of five bytes in a row of these, one stands at each multiple of five. */
const probed = new Uint8Array(256);
for (const word of ['Error', 'Excep', 'Throw']) for (const byte of Buffer.from(word)) probed[byte] = 1;

/**
 * Whether a line holds the name of an error with what may follow it: `…Error: message`, `…Exception` at the end, `…Error [CODE]: message`, `…Error (message):`. Looks at every fifth byte
 * only, because it runs for nearly every line.
 */
export function hasErrorName(bytes: Buffer, start: number, end: number): boolean {
  for (let probe = start + 4; probe < end; probe += 5) {
    if (probed[bytes[probe] as number] === 0) continue;
    for (let from = Math.max(start, probe - 4); from <= probe; from++) {
      const byte = bytes[from];
      if (byte !== 0x45 && byte !== 0x54) continue;
      for (const word of words) if (standsAt(bytes, from, end, word) && isNameEnd(bytes, from + word.length, start, end)) return true;
    }
  }
  return false;
}

function isNameEnd(bytes: Buffer, at: number, start: number, end: number): boolean {
  if (at >= end) return true;
  const byte = bytes[at];
  if (byte === colon) return true;
  if (byte === space) return bytes[at + 1] === 0x5b || (bytes[at + 1] === 0x28 && (bytes[end - 1] === colon || bytes[end - 1] === 0x29));
  // PHP's Monolog: `Exception(code: 0)`.
  return byte === 0x28 && standsAt(bytes, at, end, ascii('(code: ')) && at > start;
}

/** Whether the line begins with a name as Java's and .NET's errors have, whatever they are called: `com.example.NotFound: message`. */
export function beginsWithQualifiedName(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  let dot = -1;
  while (at < end && isNameByte(bytes[at] as number)) {
    if (bytes[at] === 0x2e) dot = at;
    at++;
  }
  if (dot <= start || dot + 1 >= at || !isUpper(bytes[dot + 1] as number)) return false;
  return at === end || (bytes[at] === colon && (at + 1 === end || bytes[at + 1] === space));
}
