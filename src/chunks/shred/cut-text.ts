import type { Cuts } from './cuts.ts';

/** Words that a text is cut into; the rest of the line is one hole. */
const wordsMax = 64;

/** 1 for bytes that stand between words. */
export const separators = new Uint8Array(256);
for (let byte = 0; byte <= 0x20; byte++) separators[byte] = 1;
for (const character of `"'()[]{}<>,;=|?&`) separators[character.charCodeAt(0)] = 1;

/** Cuts a line into words. All behind the first end of line (stack traces) or the last word that is counted is one hole. */
export function cutText(bytes: Buffer, start: number, end: number, cuts: Cuts): void {
  cuts.begin('text');
  let i = start;
  let words = 0;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === 0x0a || (words >= wordsMax && separators[byte] === 0)) {
      const rest = byte === 0x0a ? i + 1 : i;
      if (rest < end) cuts.add('any', rest, end);
      return;
    }
    if (separators[byte] === 1) {
      i++;
      continue;
    }
    const word = i;
    i++;
    while (i < end && separators[bytes[i]!] === 0) i++;
    cuts.add('word', word, i);
    words++;
  }
}

/** The index behind a word. */
export function wordEnd(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end && separators[bytes[i]!] === 0) i++;
  return i;
}
