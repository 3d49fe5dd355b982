import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { accountReads, addReadCounts, currentAccount, noReadCounts, readsSince } from '../../src/objects/read-account.ts';
import { RequestCounter } from '../../src/objects/counts.ts';

test('reads are added to the account of whoever asks, also of several at the same time', async () => {
  const counter = new RequestCounter();
  const read = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      counter.request('get');
      await sleep(1);
      counter.read(10);
    }
    counter.request('put');
  };
  const [a, b] = [noReadCounts(), noReadCounts()];
  await Promise.all([accountReads(a, () => read(3)), accountReads(b, () => read(5)), read(7)]);
  expect(a).toEqual({ requests: 3, bytes: 30, cacheHits: 0, cacheBytes: 0 });
  expect(b).toEqual({ requests: 5, bytes: 50, cacheHits: 0, cacheBytes: 0 });
  expect(counter.snapshot()).toMatchObject({ requests: { get: 15, put: 3 }, bytesRead: 150 });
  expect(currentAccount()).toBeUndefined();
});

test('counts are added and taken apart', () => {
  const a = { requests: 1, bytes: 2, cacheHits: 3, cacheBytes: 4 };
  const b = { requests: 10, bytes: 20, cacheHits: 30, cacheBytes: 40 };
  expect(addReadCounts(a, b)).toEqual({ requests: 11, bytes: 22, cacheHits: 33, cacheBytes: 44 });
  expect(readsSince(b, a)).toEqual({ requests: 9, bytes: 18, cacheHits: 27, cacheBytes: 36 });
});
