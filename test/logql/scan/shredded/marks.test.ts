import { describe, expect, it } from 'vitest';
import { and, marksOf, not, or, placesOf, type Marks } from '../../../../src/logql/scan/shredded/marks.ts';

const some = Uint8Array.of(1, 0, 1);
const others = Uint8Array.of(0, 0, 1);
const list = (marks: Marks): number[] => [...placesOf(marks, 3)];

describe('marks', () => {
  it.each<[string, Marks, number[]]>([
    ['and of some', and(some, others), [2]],
    ['and with all', and('all', some), [0, 2]],
    ['and with none', and(some, 'none'), []],
    ['or of some', or(some, others), [0, 2]],
    ['or with all', or(some, 'all'), [0, 1, 2]],
    ['or with none', or('none', others), [2]],
    ['not of some', not(some), [1]],
    ['not of all', not('all'), []],
    ['not of none', not('none'), [0, 1, 2]],
    ['of places', marksOf([1], 3), [1]],
  ])('%s', (_name, marks, places) => expect(list(marks)).toEqual(places));

  it('says all and none where that is so', () => {
    expect(marksOf([], 3)).toBe('none');
    expect(marksOf([0, 1, 2], 3)).toBe('all');
    expect(placesOf('all', 70_000)).toHaveLength(70_000);
  });
});
