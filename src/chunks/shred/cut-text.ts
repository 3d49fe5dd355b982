import { wordSeparators } from '../../model/mod.ts';
import type { Cuts } from './cuts.ts';

/** Words that a text is cut into; the rest of the line is one hole. */
const wordsMax = 64;

/** Cuts a line into words. All behind the first end of line (stack traces) or the last word that is counted is one hole. */
export function cutText(bytes: Buffer, start: number, end: number, cuts: Cuts): void {
  cuts.begin('text');
  let i = start;
  let words = 0;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === 0x0a || (words >= wordsMax && wordSeparators[byte] === 0)) {
      const rest = byte === 0x0a ? i + 1 : i;
      if (rest < end) cuts.add('any', rest, end);
      return;
    }
    if (wordSeparators[byte] === 1) {
      i++;
      continue;
    }
    const word = i;
    i++;
    while (i < end && wordSeparators[bytes[i]!] === 0) i++;
    cuts.add('word', word, i);
    words++;
  }
}

/** The index behind a word. */
export function wordEnd(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end && wordSeparators[bytes[i]!] === 0) i++;
  return i;
}
