import { expect, test } from 'vitest';
import { IoCounts } from '../../src/server/io-counts.ts';

test('counters of the same memory are the same', () => {
  const a = new IoCounts();
  const b = new IoCounts(a.memory);
  a.add('reads', 2);
  b.add('reads', 3);
  b.add('cacheHitBytes', 2 ** 40);
  b.add('cacheHits', 0);
  expect(a.snapshot()).toEqual({ reads: 5, readBytes: 0, cacheHits: 0, cacheHitBytes: 2 ** 40, cacheDamaged: 0 });
  expect(b.snapshot()).toEqual(a.snapshot());
});
