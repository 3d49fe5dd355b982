import { describe, expect, it } from 'vitest';
import { foldConstants } from '../../../../src/logql/scan/shredded/folded.ts';
import { groupOf, templateOf } from './group.ts';

describe('foldConstants', () => {
  it('makes text of what does not vary', () => {
    const stored = templateOf(groupOf(Array.from({ length: 50 }, (_, i) => `a=same b=${i} c="x y"`)));
    const { template, heads, numbers } = foldConstants(stored);
    expect(template.text.map(String)).toEqual(['a=same b=', ' c="x y"']);
    expect(numbers).toEqual([1]);
    expect(heads).toEqual([stored.heads[1]]);
    expect(template.holes).toEqual([stored.template.holes[1]]);
  });

  it('gives the same object again', () => {
    const stored = templateOf(groupOf(['a=1 b=2', 'a=1 b=3']));
    expect(foldConstants(stored)).toBe(foldConstants(stored));
  });

  it('leaves no hole where all lines are the same', () => {
    const { template } = foldConstants(templateOf(groupOf(['a=1 b=2', 'a=1 b=2', 'a=1 b=2'])));
    expect(template.text.map(String)).toEqual(['a=1 b=2']);
    expect(template.holes).toEqual([]);
  });
});
