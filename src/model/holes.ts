import type { LineTemplate } from './shredded.ts';

/** 1 for bytes that stand between the words of a text, and so in no word. */
export const wordSeparators = new Uint8Array(256);
for (let byte = 0; byte <= 0x20; byte++) wordSeparators[byte] = 1;
for (const character of `"'()[]{}<>,;=|?&`) wordSeparators[character.charCodeAt(0)] = 1;

/** Whether a byte may stand in a hole of that kind, whatever the line. */
export function holeMayHold(hole: LineTemplate['holes'][number], byte: number): boolean {
  if (hole === 'word') return wordSeparators[byte] === 0;
  if (hole === 'bare') return byte > 0x20 && byte !== 0x22 && byte !== 0x3d;
  return true;
}

/** Whether a byte is in the alphabet of a column (ColumnSummary). */
export function inAlphabet(alphabet: Uint32Array, byte: number): boolean {
  return ((alphabet[byte >>> 5]! >>> (byte & 31)) & 1) === 1;
}
