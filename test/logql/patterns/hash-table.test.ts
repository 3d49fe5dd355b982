import { expect, it } from 'vitest';
import { HashTable } from '../../../src/logql/patterns/hash-table.ts';

it('finds what was put in last under a hash, or nothing', () => {
  const table = new HashTable<{ readonly name: string }>();
  for (let i = 0; i < 16_384; i++) table.set(i, i % 3, { name: `${i}` });
  for (let i = 0; i < 16_384; i++) {
    expect(table.get(i, i % 3)?.name).toBe(`${i}`);
    expect(table.get(i, 3)).toBeUndefined();
  }
  table.set(-1, -1, { name: 'more' });
  expect(table.get(-1, -1)?.name).toBe('more');
  expect(table.get(5, 2)).toBeUndefined();
  table.clear();
  expect(table.get(-1, -1)).toBeUndefined();
});
