import { Leaf, type PlaceWords } from './leaf.ts';
import { patternNumberedWeight, patternWordsMax } from './limits.ts';

/** A place in which different words stand, or one that is a variable. Places in which all lines of a branch have the same word have no node: the leaf knows them. */
interface WordNode {
  /** What follows each word; empty once the place is a variable. */
  readonly words: Map<string, WordTree>;
  /** What follows the variable; null as long as the place is none. */
  any: WordTree | null;
  /** What the words weigh: one with digits more than one without. */
  weight: number;
}

export type WordTree = WordNode | Leaf;

/** Told of what a tree holds, so that it can be limited. */
export interface TreeWatch {
  leafAdded(words: PlaceWords): void;
  /** Two leaves became one; by how many pairs of step and count there are more. */
  leafMerged(cells: number): void;
}

function weightOf(word: string): number {
  return /\d/.test(word) ? patternNumberedWeight : 1;
}

/**
 * The words of all lines of one shape, as a tree with a level for each place. Where more than so many different words follow the same words, the place becomes a variable, and what followed each of
 * them is merged. Which places do depends only on which words follow which: neither on the order of the lines, nor on how they were spread over trees that are then merged (a property test holds that).
 */
export class Words {
  #root: WordTree | null = null;
  readonly #watch: TreeWatch;

  constructor(watch: TreeWatch) {
    this.#watch = watch;
  }

  /** The leaf of lines with these words; null is a place that must be a variable. */
  leaf(words: PlaceWords): Leaf {
    if (this.#root === null) {
      const leaf = this.#newLeaf(words);
      this.#root = leaf;
      return leaf;
    }
    const [root, leaf] = this.#find(this.#root, words, 0);
    this.#root = root;
    return leaf.resolve();
  }

  #newLeaf(words: PlaceWords): Leaf {
    this.#watch.leafAdded(words);
    return new Leaf(words);
  }

  /** The tree, which may be another one then, and the leaf. */
  #find(tree: WordTree, words: PlaceWords, place: number): readonly [WordTree, Leaf] {
    if (tree instanceof Leaf) {
      if (sameFrom(tree.words, words, place)) return [tree, tree];
      return this.#find(nodeOf(tree, place), words, place);
    }
    const word = words[place] as string | null;
    if (tree.any !== null) {
      const [any, leaf] = this.#find(tree.any, words, place + 1);
      tree.any = any;
      return [tree, leaf];
    }
    const next = word === null ? undefined : tree.words.get(word);
    if (word !== null && next !== undefined) {
      const [found, leaf] = this.#find(next, words, place + 1);
      tree.words.set(word, found);
      return [tree, leaf];
    }
    const leaf = this.#newLeaf(words);
    if (word === null) tree.any = leaf;
    else {
      tree.words.set(word, leaf);
      tree.weight += weightOf(word);
    }
    this.#generalise(tree, place);
    return [tree, leaf];
  }

  /** Makes the place a variable if it has to be one. */
  #generalise(node: WordNode, place: number): void {
    if (node.any === null && node.weight <= (patternWordsMax[place] ?? patternWordsMax.at(-1)!)) return;
    for (const tree of node.words.values()) node.any = node.any === null ? tree : this.#merge(node.any, tree, place + 1);
    node.words.clear();
    node.weight = 0;
  }

  /** Merges trees of the same place; both are used up. */
  #merge(tree: WordTree, other: WordTree, place: number): WordTree {
    if (tree instanceof Leaf && other instanceof Leaf && sameFrom(tree.words, other.words, place)) {
      this.#watch.leafMerged(tree.absorb(other));
      return tree;
    }
    const into = tree instanceof Leaf ? nodeOf(tree, place) : tree;
    const from = other instanceof Leaf ? nodeOf(other, place) : other;
    for (const [word, next] of from.words) {
      const known = into.words.get(word);
      if (known === undefined) into.weight += weightOf(word);
      into.words.set(word, known === undefined ? next : this.#merge(known, next, place + 1));
    }
    if (from.any !== null) into.any = into.any === null ? from.any : this.#merge(into.any, from.any, place + 1);
    this.#generalise(into, place);
    return into;
  }

  /** Takes away the leaves that `keep` refuses; whether any is left. */
  prune(keep: (leaf: Leaf) => boolean): boolean {
    this.#root = this.#root === null ? null : pruned(this.#root, keep);
    return this.#root !== null;
  }

  /** Calls `visit` with each leaf and its words. */
  forEach(visit: (words: PlaceWords, leaf: Leaf) => void): void {
    if (this.#root !== null) walk(this.#root, [], visit);
  }
}

function sameFrom(a: PlaceWords, b: PlaceWords, place: number): boolean {
  for (let i = place; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The leaf below a node of its own. */
function nodeOf(leaf: Leaf, place: number): WordNode {
  const word = leaf.words[place] ?? null;
  if (word === null) return { words: new Map(), any: leaf, weight: 0 };
  return { words: new Map([[word, leaf]]), any: null, weight: weightOf(word) };
}

function pruned(tree: WordTree, keep: (leaf: Leaf) => boolean): WordTree | null {
  if (tree instanceof Leaf) return keep(tree) ? tree : null;
  for (const [word, next] of tree.words) {
    if (pruned(next, keep) !== null) continue;
    tree.words.delete(word);
    tree.weight -= weightOf(word);
  }
  if (tree.any !== null) tree.any = pruned(tree.any, keep);
  return tree.any === null && tree.words.size === 0 ? null : tree;
}

function walk(tree: WordTree, path: (string | null)[], visit: (words: PlaceWords, leaf: Leaf) => void): void {
  const place = path.length;
  if (tree instanceof Leaf) {
    visit([...path, ...tree.words.slice(place)], tree);
    return;
  }
  for (const [word, next] of tree.words) {
    path.push(word);
    walk(next, path, visit);
    path.pop();
  }
  if (tree.any !== null) {
    path.push(null);
    walk(tree.any, path, visit);
    path.pop();
  }
}
