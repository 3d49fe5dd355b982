import { describe, expect, it } from 'vitest';
import type { PlaceWords } from '../../../src/logql/patterns/leaf.ts';
import { patternNumberedWeight, patternWordsMax } from '../../../src/logql/patterns/limits.ts';
import { Words } from '../../../src/logql/patterns/word-tree.ts';

function newWords(): { readonly words: Words; readonly leaves: () => number; readonly all: () => PlaceWords[] } {
  let leaves = 0;
  const words = new Words({ leafAdded: () => leaves++, leafMerged: () => leaves-- });
  const all = (): PlaceWords[] => {
    const found: PlaceWords[] = [];
    words.forEach((path) => found.push(path));
    return found;
  };
  return { words, leaves: () => leaves, all };
}

const max = patternWordsMax[0]!;

describe('Words', () => {
  it('keeps few words apart', () => {
    const { words, leaves, all } = newWords();
    for (let i = 0; i < max; i++) words.leaf(['user', String.fromCharCode(97 + i), 'in']).add(0, 1);
    expect(leaves()).toBe(max);
    expect(all()).toHaveLength(max);
  });

  it('makes a place a variable where there are too many', () => {
    const { words, leaves, all } = newWords();
    for (let i = 0; i <= max; i++) words.leaf(['user', `u${String.fromCharCode(97 + i)}`, i % 2 === 0 ? 'in' : 'out']).add(0, 1);
    expect(all()).toEqual([['user', null, 'in'], ['user', null, 'out']]);
    expect(leaves()).toBe(2);
    expect(words.leaf(['user', 'another', 'in']).total).toBe(max / 2 + 1);
    expect(words.leaf(['host', 'another', 'in']).total).toBe(0);
  });

  it('does so sooner for words with digits', () => {
    const { words, all } = newWords();
    for (let i = 0; i <= max / patternNumberedWeight; i++) words.leaf([`node${i}`, 'up']).add(0, 1);
    expect(all()).toEqual([[null, 'up']]);
  });

  it('follows leaves that were merged', () => {
    const { words } = newWords();
    const first = words.leaf(['a']);
    first.countLine(3);
    for (let i = 0; i <= max; i++) words.leaf([`x${String.fromCharCode(97 + i)}`]).countLine(4);
    expect(first.resolve().total).toBe(max + 2);
    first.resolve().settle();
    expect([...first.resolve().counts]).toEqual(expect.arrayContaining([[3, 1], [4, max + 1]]));
  });

  it('takes leaves away', () => {
    const { words, all } = newWords();
    for (const word of ['a', 'b', 'c']) words.leaf([word, 'x']).add(0, word === 'b' ? 5 : 1);
    expect(words.prune((leaf) => leaf.total > 1)).toBe(true);
    expect(all()).toEqual([['b', 'x']]);
    expect(words.prune(() => false)).toBe(false);
    expect(all()).toEqual([]);
    expect(words.leaf(['d', 'x']).total).toBe(0);
  });
});
