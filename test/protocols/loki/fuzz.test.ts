import { expect, test } from 'vitest';
import { dialects, fuzz } from './fuzz-campaign.ts';

test.each(dialects)('damaged pushes: $name', async (dialect) => {
  // What is compressed goes through other threads, and takes longer.
  const { taken, refused } = await fuzz(dialect, dialect.contentEncoding === undefined ? 7000 : 1500);
  expect(taken).toBeGreaterThan(0);
  expect([...refused.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(500);
}, 120_000);
