import type { BytesColumn } from '../../model/mod.ts';
import { asBuffer } from '../../bytes/mod.ts';
import { HashTable } from './hash-table.ts';
import type { Leaf, PlaceValue, PlaceWords } from './leaf.ts';
import { levels } from './levels.ts';
import { patternBytesMax, patternCellsMax, patternClustersMax } from './limits.ts';
import { LineTokens } from './line-tokens.ts';
import { shapeOf, wordsOf } from './shape.ts';
import { ShapeClusters } from './shape-clusters.ts';

/** The lines of a level and shape, as they go between threads. */
export interface PatternShape {
  /** Index into `levels`. */
  readonly level: number;
  readonly shape: string;
  /** The words of fields; null is a variable. */
  readonly fields: PlaceWords;
  readonly clusters: readonly PatternCluster[];
}

/** Lines of a shape with the same words; those of fields apart. */
export interface PatternCluster {
  readonly words: PlaceWords;
  /** Variables that have the same value in all lines. */
  readonly values: readonly PlaceValue[];
  /** Pairs of step and lines. */
  readonly counts: Float64Array;
}

/** What a scan for patterns found; mergeable. */
export interface PatternsState {
  readonly shapes: readonly PatternShape[];
  /** Lines of clusters that had to go because there were too many. */
  readonly dropped: number;
}

/** What a cluster and each of its words take besides the text, in bytes. */
const leafBytes = 300;
const wordBytes = 32;
/** Slots for hashes of shapes that were seen once; a power of two. */
const seenSlots = 2 ** 16;
/** What a pair of step and count takes. */
const cellBytes = 40;

/**
 * Counts lines by level, pattern and step. The line's shape and its words are looked up by their hashes; only the first of its kind becomes text and goes through the shape's tree of words. What comes out depends neither
 * on the order of lines nor on how they were spread over several of these, as long as none had to drop clusters.
 */
export class PatternClusters {
  readonly #tokens = new LineTokens();
  readonly #shapes: readonly Map<string, ShapeClusters>[] = levels.map(() => new Map<string, ShapeClusters>());
  /** All shapes that lines had. */
  readonly #byShape = new HashTable<ShapeClusters>();
  /** A cache: what is in it changes no result. */
  readonly #byWords = new HashTable<Leaf>();
  readonly #seen = new Int32Array(seenSlots);
  #leafCount = 0;
  #bytes = 0;
  #cells = 0;
  #dropped = 0;
  readonly #clustersMax: number;

  /** @param clustersMax beyond so many clusters the rarest half of them goes */
  constructor(clustersMax: number = patternClustersMax) {
    this.#clustersMax = clustersMax;
  }

  /** Counts the line of a row. */
  addLine(lines: BytesColumn, row: number, level: number, step: number): void {
    const length = lines.length[row]!;
    if (length === 0) return;
    const start = lines.start[row]!;
    const tokens = this.#tokens;
    tokens.read(lines.bytes, start, length);
    const low = tokens.shapeLow ^ Math.imul(level, 0x632be5ab);
    const high = tokens.shapeHigh;
    let shape = this.#byShape.get(low, high);
    if (shape === undefined) {
      if (this.#dropped > 0 && !this.#wasSeen(low, high)) {
        this.#dropped++;
        return;
      }
      shape = this.#shape(level, shapeOf(tokens, asBuffer(lines.bytes), start, length));
      shape.setHash(low, high);
      this.#byShape.set(low, high, shape);
    }
    shape.readWords(tokens, lines.bytes);
    const wordsLow = low ^ shape.wordsLow;
    const wordsHigh = high ^ shape.wordsHigh;
    let leaf = this.#byWords.get(wordsLow, wordsHigh);
    if (leaf === undefined) {
      leaf = shape.leaf(shape.toldBy(wordsOf(tokens, asBuffer(lines.bytes))));
      this.#byWords.set(wordsLow, wordsHigh, leaf);
    }
    leaf = leaf.resolve();
    leaf.readValues(tokens, lines.bytes);
    this.#cells += leaf.countLine(step);
    if (this.#holds(1)) this.#drop();
  }

  /** Whether a shape was seen since others of its slot. Where there are too many shapes, most are seen once, and are not worth more than this. */
  #wasSeen(low: number, high: number): boolean {
    const slot = (low ^ (high >>> 9)) & (seenSlots - 1);
    const was = this.#seen[slot] === high;
    this.#seen[slot] = high;
    return was;
  }

  /** Counts what another one found. */
  addShape({ level, shape, fields, clusters }: PatternShape): void {
    const known = this.#shape(level, shape);
    known.addFields(fields);
    for (const { words, values, counts } of clusters) {
      const leaf = known.leaf(words);
      leaf.addValues(values);
      for (let i = 0; i < counts.length; i += 2) this.#cells += leaf.add(counts[i]!, counts[i + 1]!);
    }
    if (this.#holds(1)) this.#drop();
  }

  /** Memory that it takes, about. */
  get heldBytes(): number {
    return this.#bytes + cellBytes * this.#cells;
  }

  addDropped(lines: number): void {
    this.#dropped += lines;
  }

  #shape(level: number, text: string): ShapeClusters {
    const shapes = this.#shapes[level]!;
    let shape = shapes.get(text);
    if (shape === undefined) {
      shape = new ShapeClusters(text, {
        leafAdded: (words) => {
          this.#leafCount++;
          this.#bytes += leafSize(words);
        },
        leafMerged: (cells) => {
          this.#leafCount--;
          this.#cells += cells;
        },
      });
      shapes.set(text, shape);
      this.#bytes += shape.bytes;
    }
    return shape;
  }

  /** Whether this part of any limit is used up. */
  #holds(part: number): boolean {
    return this.#leafCount > part * this.#clustersMax || this.#bytes > part * patternBytesMax || this.#cells > part * patternCellsMax;
  }

  /** Makes room. First by counting again what is there, for merged leaves are not taken off the bytes; then the rarest half goes. */
  #drop(): void {
    this.#count();
    // Not so soon again.
    if (!this.#holds(3 / 4)) return;
    const totals: number[] = [];
    this.#forEach((shape) => shape.tree.forEach((_words, leaf) => totals.push(leaf.total)));
    totals.sort((a, b) => a - b);
    const median = totals[Math.floor(totals.length / 2)] ?? 0;
    for (const shapes of this.#shapes) {
      for (const [text, shape] of shapes) {
        const left = shape.tree.prune((leaf) => {
          if (leaf.total > median) return true;
          this.#dropped += leaf.total;
          return false;
        });
        if (!left) shapes.delete(text);
      }
    }
    // They may hold what is gone.
    this.#byWords.clear();
    this.#byShape.clear();
    this.#forEach((shape) => this.#byShape.set(shape.low, shape.high, shape));
    this.#count();
  }

  #count(): void {
    this.#leafCount = 0;
    this.#bytes = 0;
    this.#cells = 0;
    this.#forEach((shape) => {
      this.#bytes += shape.bytes;
      shape.tree.forEach((words, leaf) => {
        leaf.settle();
        this.#leafCount++;
        this.#bytes += leafSize(words);
        this.#cells += leaf.counts.size;
      });
    });
  }

  #forEach(visit: (shape: ShapeClusters, level: number) => void): void {
    for (const [level, shapes] of this.#shapes.entries()) for (const shape of shapes.values()) visit(shape, level);
  }

  /** All that was found. */
  finish(): PatternsState {
    const shapes: PatternShape[] = [];
    this.#forEach((shape, level) => {
      const clusters: PatternCluster[] = [];
      shape.tree.forEach((words, leaf) => clusters.push({ words, values: leaf.values, counts: countsOf(leaf) }));
      shapes.push({ level, shape: shape.text, fields: shape.fields(), clusters });
    });
    return { shapes, dropped: this.#dropped };
  }
}

function leafSize(words: PlaceWords): number {
  return words.reduce((bytes, word) => bytes + wordBytes + (word?.length ?? 0), leafBytes);
}

function countsOf(leaf: Leaf): Float64Array {
  leaf.settle();
  const counts = new Float64Array(2 * leaf.counts.size);
  let i = 0;
  for (const [step, lines] of leaf.counts) {
    counts[i++] = step;
    counts[i++] = lines;
  }
  return counts;
}
