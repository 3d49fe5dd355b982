import { expect, test } from 'vitest';
import { LabelCache } from '../../../src/protocols/loki/label-cache.ts';

test('answers are the same array; what is used stays, what is not goes', () => {
  const cache = new LabelCache();
  const labels = [{ name: 'a', value: 'b' }];
  cache.set('used', labels);
  cache.set('unused', labels);
  expect(cache.get('used')).toBe(labels);
  for (let i = 0; i < 200_000; i++) {
    cache.set(`text ${i}`, labels);
    if (i % 1000 === 0) expect(cache.get('used')).toBe(labels);
  }
  expect(cache.get('unused')).toBe(undefined);
});

test('long texts are not kept', () => {
  const cache = new LabelCache();
  cache.set('x'.repeat(4097), []);
  expect(cache.get('x'.repeat(4097))).toBe(undefined);
});
