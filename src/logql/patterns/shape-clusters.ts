import { asBuffer } from '../../bytes/mod.ts';
import type { Leaf, PlaceWords } from './leaf.ts';
import { keyToken, wordToken, type LineTokens } from './line-tokens.ts';
import { fieldPlaces } from './shape.ts';
import { Words, type TreeWatch } from './word-tree.ts';

/** A word of a field that all lines of the shape had so far. */
interface FieldWord {
  readonly word: string;
  readonly low: number;
  readonly high: number;
}

/**
 * The lines of one shape. Words of fields are kept where all lines have the same; the others, which tell what happened, stand in a tree.
 */
export class ShapeClusters {
  readonly text: string;
  readonly tree: Words;
  /** What it takes besides its tree. */
  readonly bytes: number;
  readonly #isField: readonly boolean[];
  /** By field: undefined before the first line; null once it is a variable. */
  readonly #fields: (FieldWord | null | undefined)[];
  /** 64 bits of the shape, by which its lines find it. */
  low = 0;
  high = 0;
  /** 64 bits of the words that tell what happened, of the line that was read last. */
  wordsLow = 0;
  wordsHigh = 0;

  constructor(text: string, watch: TreeWatch) {
    this.text = text;
    this.tree = new Words(watch);
    this.#isField = fieldPlaces(text);
    this.#fields = this.#isField.filter((is) => is).map(() => undefined);
    this.bytes = 500 + 2 * text.length + 100 * this.#isField.length;
  }

  setHash(low: number, high: number): void {
    this.low = low;
    this.high = high;
  }

  /** Takes the words of fields of a line, which is of this shape, hashes the others, and notes which tokens are variables. */
  readWords(tokens: LineTokens, bytes: Uint8Array): void {
    const { count, kind, wordLow, wordHigh, variable } = tokens;
    let variables = 0;
    let low = 0x1b873593;
    let high = 0x1c9dc511;
    let place = 0;
    let field = 0;
    for (let i = 0; i < count; i++) {
      if (kind[i] !== wordToken) {
        if (kind[i] !== keyToken) variable[variables++] = i;
        continue;
      }
      if (this.#isField[place++] === true) {
        const known = this.#fields[field];
        if (known === undefined) this.#fields[field] = { word: asBuffer(bytes).toString('latin1', tokens.start[i], tokens.end[i]), low: wordLow[i]!, high: wordHigh[i]! };
        else if (known !== null && (known.low !== wordLow[i]! || known.high !== wordHigh[i]!)) this.#fields[field] = null;
        field++;
      } else {
        low = Math.imul(low ^ wordLow[i]!, 0x01000193);
        high = Math.imul(high ^ wordHigh[i]!, 0x5bd1e995);
      }
    }
    tokens.variables = variables;
    this.wordsLow = low;
    this.wordsHigh = high;
  }

  /** Of all words of a line those that are none of fields. */
  toldBy(words: readonly string[]): string[] {
    return words.filter((_word, place) => this.#isField[place] === false);
  }

  /** The cluster of lines with these words that are none of fields. */
  leaf(words: PlaceWords): Leaf {
    return this.tree.leaf(words);
  }

  /** Takes the words of fields of other lines of this shape; null is a variable. */
  addFields(words: PlaceWords): void {
    for (const [field, word] of words.entries()) {
      const known = this.#fields[field];
      if (word === null) this.#fields[field] = null;
      else if (known === undefined) this.#fields[field] = { word, low: 0, high: 0 };
      else if (known !== null && known.word !== word) this.#fields[field] = null;
    }
  }

  /** The words of fields; null is a variable. */
  fields(): PlaceWords {
    return this.#fields.map((field) => field?.word ?? null);
  }
}
