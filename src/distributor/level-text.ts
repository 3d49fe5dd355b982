import { isWordAt } from './level-names.ts';

/** The words that name a level in running text, by first letter; at one place at most one of them can have a word edge on its right. */
const words = [
  ['trace', 'trace'], ['debug', 'debug'], ['fatal', 'fatal'], ['critical', 'critical'], ['error', 'error'], ['err', 'error'],
  ['warning', 'warn'], ['warn', 'warn'], ['info', 'info'],
] as const;

interface Word {
  readonly bytes: Uint8Array;
  readonly level: string;
}

const wordsByFirst: readonly (readonly Word[] | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const found = words.filter(([word]) => word.charCodeAt(0) === (byte | 0x20) && /[A-Za-z]/.test(String.fromCharCode(byte)));
  return found.length === 0 ? undefined : found.map(([word, level]) => ({ bytes: Buffer.from(word), level }));
});

/** Bit 1: may stand left of a level word; bit 2: may stand right of one. A colon stands only right: `misc:error` is no level. */
const edges = new Uint8Array(256);
for (const character of ' \t\n[({"\'=|') edges[character.charCodeAt(0)] = 3;
for (const character of ']):},!') edges[character.charCodeAt(0)]! |= 2;

/** The earliest level word with word edges in the line bytes[start … end), or `unknown`. */
export function levelOfText(bytes: Buffer, start: number, end: number): string {
  let edge = 1;
  // The shortest word has three letters.
  for (let at = start; at < end - 2; at++) {
    const byte = bytes[at]!;
    if ((edge & 1) !== 0) {
      const candidates = wordsByFirst[byte];
      if (candidates !== undefined) {
        for (const word of candidates) {
          const after = at + word.bytes.length;
          if (after <= end && (after === end || (edges[bytes[after]!]! & 2) !== 0) && isWordAt(bytes, at, word.bytes)) return word.level;
        }
      }
    }
    edge = edges[byte]!;
  }
  return 'unknown';
}
