import { expect, test } from 'vitest';
import { WordArena } from '../../src/chunks/word-arena.ts';

test('arrays are apart until all are done with', () => {
  const arena = new WordArena();
  const lengths = [16, 0, 2 ** 20 - 16, 1, 2 ** 20 + 5, 2 ** 19, 2 ** 19, 1];
  const arrays = lengths.map((length) => arena.take(length));
  expect(arrays.map(({ length }) => length)).toEqual(lengths);
  for (const [i, array] of arrays.entries()) array.fill(i);
  for (const [i, array] of arrays.entries()) expect(array.every((word) => word === i)).toBe(true);
});

test('memory is used again', () => {
  const arena = new WordArena();
  const first = arena.take(100);
  arena.reset();
  expect(arena.take(100).buffer).toBe(first.buffer);
});
