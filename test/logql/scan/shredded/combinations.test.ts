import { describe, expect, it } from 'vitest';
import { combinationsOf } from '../../../../src/logql/scan/shredded/combinations.ts';
import { groupOf, templateOf } from './group.ts';

describe('combinationsOf', () => {
  const lines = Array.from({ length: 120 }, (_, i) => `a=${['x', 'y'][i % 2]!} b=${['p', 'q', 'r'][i % 3]!} n=${i * 7919} c=same`);
  const template = templateOf(groupOf(lines));

  it('tells combinations of values apart, and no others', () => {
    const found = combinationsOf(template, [0, 1])!;
    expect(found.size).toBe(6);
    const byCombination = new Map<number, Set<string>>();
    for (const [i, line] of lines.entries()) byCombination.set(found.of[i]!, (byCombination.get(found.of[i]!) ?? new Set()).add(line.split(' n=')[0]!));
    expect([...byCombination.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('is one for no columns and for what does not vary', () => {
    expect(combinationsOf(template, [])).toMatchObject({ size: 1 });
    expect(combinationsOf(template, [3])).toMatchObject({ size: 1 });
  });

  it('is null where a column has many values', () => expect(combinationsOf(template, [0, 2])).toBeNull());

  it('is null where there are as many combinations as rows', () => {
    const few = templateOf(groupOf(['a=1 b=x', 'a=2 b=y', 'a=1 b=z', 'a=2 b=x', 'a=1 b=y']));
    const found = combinationsOf(few, [0, 1]);
    expect(found === null || found.size <= few.count).toBe(true);
  });
});
