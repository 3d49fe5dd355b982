import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamTable } from '../../src/index/stream-table.ts';
import { formatLabels, labelSet, type LabelSet } from '../../src/model/mod.ts';
import { labels } from './content.ts';

/** Order of label sets, pair by pair; a set that ends first comes first. */
function compare(a: LabelSet, b: LabelSet): number {
  for (const [i, label] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    if (label.name !== other.name) return label.name < other.name ? -1 : 1;
    if (label.value !== other.value) return label.value < other.value ? -1 : 1;
  }
  return a.length - b.length;
}

test('numbers each label set once, and sorts pairs and streams', () => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 120 }), (sets) => {
      const table = new StreamTable();
      const numbers = sets.map((set) => table.add(set));
      const distinct = new Map(sets.map((set) => [formatLabels(set), set]));
      expect(table.streams).toBe(distinct.size);
      // The same object, and an equal one, are the same stream.
      expect(sets.map((set) => table.add([...set]))).toEqual(numbers);
      expect(sets.map((set) => table.add(set))).toEqual(numbers);
      expect(table.labelsMax).toBe(Math.max(0, ...sets.map((set) => set.length)));
      const order = table.sort();
      const labelsOf = (stream: number): LabelSet => [...table.pairsOf(stream)].flatMap((pair) => table.pairs[pair]?.label ?? []);
      expect([...order].map(labelsOf)).toEqual([...distinct.values()].sort(compare));
      expect(numbers.map(labelsOf)).toEqual(sets);
      const pairs = table.pairs.map((pair) => [pair.label]);
      expect(pairs).toEqual([...pairs].sort(compare));
      for (const pair of table.pairs) expect(pair.streams).toBe([...distinct.values()].filter((set) => set.some((label) => compare([label], [pair.label]) === 0)).length);
    }),
    { numRuns: 200 },
  );
});

test('grows to many streams', () => {
  const table = new StreamTable();
  const sets = Array.from({ length: 20_000 }, (_, i) => labelSet([['a', String(i % 7)], ['b', String(i % 11)], ['c', String(i)]]));
  expect(sets.map((set) => table.add(set))).toEqual(sets.map((_, i) => i));
  expect(table.add(labelSet([['a', '3'], ['b', '3'], ['c', '3']]))).toBe(3);
  expect(table.add([])).toBe(20_000);
  expect(new Set(table.sort()).size).toBe(20_001);
});

test('sets that are not in order, or that UTF-8 can not hold, are put right', () => {
  const table = new StreamTable();
  const right = table.add(labelSet([['a', 'x\ufffd'], ['b', '1']]));
  expect(table.add([{ name: 'b', value: '1' }, { name: 'a', value: 'x\ud800' }])).toBe(right);
  expect(table.add([{ name: 'a', value: 'x\udc00' }, { name: 'b', value: '1' }, { name: 'c', value: '' }])).toBe(right);
});
