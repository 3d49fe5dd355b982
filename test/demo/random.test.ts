import { expect, test } from 'vitest';
import { Random } from '../../demo/random.ts';

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('numbers lie where they should and go all the way', () => {
  const random = new Random(1);
  const drawn = Array.from({ length: 2000 }, () => random.int(3, 7));
  expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([3, 7]);
  const waits = Array.from({ length: 20_000 }, () => random.exponential(50));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(waits.reduce((a, b) => a + b) / waits.length).toBeCloseTo(50, -1);
  expect(random.hex(32)).toMatch(/^[0-9a-f]{32}$/);
  expect(random.suffix(9)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{9}$/);
});
