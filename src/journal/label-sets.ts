import type { LabelSet } from '../model/mod.ts';

const charactersMax = 4 * 2 ** 20;
/** Longer ones are not kept. */
const textMax = 8192;
/** What an entry costs beside its text. */
const entryCharacters = 128;

/**
 * Label sets by how records encode them: the same streams come in record after record, and the answer for one encoding is one array, by which others may know it.
 * Two generations, so that what is used stays and what is not goes.
 */
export class LabelSets {
  #young = new Map<string, LabelSet>();
  #old = new Map<string, LabelSet>();
  #characters = 0;

  /** The labels encoded as bytes[start … end); `decode` is asked where they are not known. */
  get(bytes: Buffer, start: number, end: number, decode: () => LabelSet): LabelSet {
    if (end - start > textMax) return decode();
    const text = bytes.toString('latin1', start, end);
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const labels = this.#old.get(text) ?? decode();
    this.#characters += text.length + entryCharacters;
    if (this.#characters > charactersMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = text.length + entryCharacters;
    }
    this.#young.set(text, labels);
    return labels;
  }
}
