/** Classes of bytes that detectors ask for, as tables of 256. */
export type ByteSet = Uint8Array;

/** The set of the characters of a text, where `a-z` is a range. */
export function byteSet(text: string): ByteSet {
  const set = new Uint8Array(256);
  for (let i = 0; i < text.length; i++) {
    const low = text.charCodeAt(i);
    if (text[i + 1] === '-' && i + 2 < text.length) {
      for (let code = low; code <= text.charCodeAt(i + 2); code++) set[code] = 1;
      i += 2;
    } else {
      set[low] = 1;
    }
  }
  return set;
}

export const alphanumeric = byteSet('A-Za-z0-9');
export const wordBytes = byteSet('A-Za-z0-9_');
export const base64Url = byteSet('A-Za-z0-9_-');
/** token68 of RFC 9110, without the padding. */
export const token68 = byteSet('A-Za-z0-9._~+/-');

/** Where the run of bytes of a set that begins at `at` ends. */
export function runEnd(bytes: Uint8Array, at: number, end: number, set: ByteSet): number {
  let next = at;
  while (next < end && set[bytes[next]!] === 1) next++;
  return next;
}

/** Whether `text` (latin-1) stands at `at`. */
export function holdsAt(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether `text`, lower case letters, stands at `at` in any case. */
export function holdsFoldedAt(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if ((bytes[at + i]! | 0x20) !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether a text that begins at `at` does not go on from what stands before it. */
export function beginsWord(bytes: Uint8Array, at: number, start: number): boolean {
  return at <= start || wordBytes[bytes[at - 1]!] === 0;
}
