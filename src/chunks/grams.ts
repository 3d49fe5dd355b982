import { SpoorError } from '../model/mod.ts';
import type { ColumnTexts } from './columns/column.ts';
import { segmentLimits } from './limits.ts';

/**
 * A filter over the grams of texts: all runs of gramBytes bytes, with ASCII letters in lower case. A text that holds a needle has all grams of the needle, so where
 * one is missing no text holds it; a needle shorter than a gram says nothing. The filter is a power of two of words of 32 bits. A gram has three bits, all in one word:
 * the word by the low bits of its hash, the bits by the three groups of five from the top (docs/formats/segment.md).
 */

/** Bytes of a gram. */
export const gramBytes = 4;

/** Words of the table that grams are entered into; the filter is that table, folded. */
const tableWords = 2 * (segmentLimits.gramFilterBytesMax / 4);
/** A filter has at least so many words. */
const wordsMin = segmentLimits.gramFilterBytesMin / 4;
/** So many bits for a gram are wanted; where that is too much for the texts, half of it is still worth it. */
const bitsPerGram = 6;
const bitsPerGramMin = bitsPerGram / 2;

/** Texts with more new grams than stored bytes are noise. Columns below this are taken as if they had so many bytes: each that is left out is a read of its own. */
const smallBytes = 8192;

const lower = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

/** The hash of a gram: four bytes, the first in the highest bits. */
function hashOf(gram: number): number {
  let hash = Math.imul(gram, 0x9e3779b1);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function bitsOf(hash: number): number {
  return (1 << (hash >>> 27)) | (1 << ((hash >>> 22) & 31)) | (1 << ((hash >>> 17) & 31));
}

// Filters are built one after another, and a thread needs one of each.
const table = new Int32Array(tableWords);
let changedWords = new Uint32Array(4096);
let wordsBefore = new Int32Array(4096);

/** Builds the filter of some texts; one at a time for each thread. */
export class GramFilterBuilder {
  readonly #bytesMax: number;
  readonly #gramsMax: number;
  #grams = 0;

  /** `storedBytes`: what all texts that will be offered take in the segment. */
  constructor(storedBytes: number) {
    this.#bytesMax = Math.min(segmentLimits.gramFilterBytesMax, storedBytes / segmentLimits.gramFilterPart);
    this.#gramsMax = Math.floor((8 * 2 ** Math.floor(Math.log2(Math.max(1, this.#bytesMax)))) / bitsPerGramMin);
    table.fill(0);
  }

  /**
   * Takes the first `count` texts, which take `storedBytes` in the segment; gives false, and takes none, where what they add to the filter is not worth it.
   */
  add({ bytes, start, length }: ColumnTexts, count: number, storedBytes: number): boolean {
    const most = Math.min(this.#gramsMax - this.#grams, Math.max(smallBytes, storedBytes));
    if (changedWords.length < most) {
      changedWords = new Uint32Array(2 * most);
      wordsBefore = new Int32Array(2 * most);
    }
    let changed = 0;
    for (let i = 0; i < count; i++) {
      changed = enterText(bytes, start[i]!, start[i]! + length[i]!, changed, most);
      if (changed > most) return undo(most);
    }
    this.#grams += changed;
    return true;
  }

  /** The filter of all that was taken; null where there is nothing, or it is not worth it. */
  finish(): Uint8Array | null {
    if (this.#grams === 0) return null;
    let words = wordsMin;
    while (words * 32 < this.#grams * bitsPerGram) words *= 2;
    while (words * 4 > this.#bytesMax && words * 16 >= this.#grams * bitsPerGramMin) words /= 2;
    return words < wordsMin || words * 4 > this.#bytesMax ? null : folded(words);
  }
}

/** Enters the grams of a text; gives how many were new by now, which are remembered, or more than `most`. */
function enterText(bytes: Buffer, from: number, end: number, before: number, most: number): number {
  if (end - from < gramBytes) return before;
  let changed = before;
  let gram = (lower[bytes[from]!]! << 16) | (lower[bytes[from + 1]!]! << 8) | lower[bytes[from + 2]!]!;
  for (let at = from + gramBytes - 1; at < end; at++) {
    gram = (gram << 8) | lower[bytes[at]!]!;
    const hash = hashOf(gram);
    const word = hash & (tableWords - 1);
    const bits = bitsOf(hash);
    const there = table[word]!;
    if ((there & bits) === bits) continue;
    if (changed === most) return most + 1;
    changedWords[changed] = word;
    wordsBefore[changed++] = there;
    table[word] = there | bits;
  }
  return changed;
}

function undo(changed: number): false {
  for (let i = changed - 1; i >= 0; i--) table[changedWords[i]!] = wordsBefore[i]!;
  return false;
}

function folded(words: number): Uint8Array {
  const filter = new Int32Array(words);
  for (let i = 0; i < tableWords; i++) filter[i & (words - 1)]! |= table[i]!;
  const out = new Uint8Array(4 * words);
  const view = new DataView(out.buffer);
  for (let i = 0; i < words; i++) view.setInt32(4 * i, filter[i]!, true);
  return out;
}

/** Whether a filter may have so many bytes. */
export function isGramFilterSize(bytes: number): boolean {
  return bytes >= segmentLimits.gramFilterBytesMin && bytes <= segmentLimits.gramFilterBytesMax && (bytes & (bytes - 1)) === 0;
}

/** A filter, opened. Throws `corruption` where it is none. */
export class GramFilter {
  readonly #view: DataView;
  readonly #mask: number;

  constructor(raw: Uint8Array, where: string) {
    if (!isGramFilterSize(raw.length)) throw new SpoorError('corruption', { where, offset: 0, reason: `a filter of ${raw.length} bytes` });
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    this.#mask = raw.length / 4 - 1;
  }

  /** False where no text of the filter holds `needle`, with or without the case of ASCII letters. */
  mayHold(needle: Uint8Array): boolean {
    let gram = 0;
    for (let i = 0; i < needle.length; i++) {
      gram = (gram << 8) | lower[needle[i]!]!;
      if (i < gramBytes - 1) continue;
      const hash = hashOf(gram);
      const bits = bitsOf(hash);
      if ((this.#view.getInt32(4 * (hash & this.#mask), true) & bits) !== bits) return false;
    }
    return true;
  }
}
