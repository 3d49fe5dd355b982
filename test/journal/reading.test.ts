import { expect, test } from 'vitest';
import { readCount } from '../contract/journal.ts';
import { countingDisk, openOn, record } from './counting-disk.ts';

test('a reader that keeps up opens no file', async () => {
  const { fs, counts } = countingDisk();
  const journal = await openOn(fs);
  const reading = readCount(journal, 0, 1n, 100);
  await new Promise((resolve) => setImmediate(resolve));
  const before = counts['read'];
  for (let n = 1; n <= 100; n++) await journal.append(0, record(10), `id ${n}`);
  expect((await reading).map((record) => record.position)).toEqual(Array.from({ length: 100 }, (_, i) => BigInt(i + 1)));
  expect(counts['read']).toBe(before);
  await journal.close();
});

test('a reader that was left unfinished holds nothing up', async () => {
  const { fs } = countingDisk();
  const journal = await openOn(fs, { tailBytesMax: 1000, fileBytesMax: 1000 });
  const reader = journal.read(0, 1n, new AbortController().signal)[Symbol.asyncIterator]();
  await journal.append(0, record(100), 'id 0');
  await reader.next();
  for (let n = 1; n <= 50; n++) await journal.append(0, record(100), `id ${n}`);
  await journal.trim(0, 51n);
  await expect(readCount(journal, 0, 2n, 60)).rejects.toMatchObject({ code: 'corruption' });
  await reader.return?.();
  await journal.close();
});

test('reading begins at any position of a large file', async () => {
  const { fs } = countingDisk();
  const journal = await openOn(fs);
  for (let n = 1; n <= 40; n++) await journal.append(0, new Uint8Array(60_000).fill(n), `id ${n}`);
  for (const from of [1, 4, 5, 6, 17, 18, 39, 40]) {
    const [first] = await readCount(journal, 0, BigInt(from), 1);
    expect([first!.position, first!.data[0]]).toEqual([BigInt(from), from]);
  }
  await journal.close();
});

test('what cannot be read is an error that names the file', async () => {
  const { disk, fs } = countingDisk();
  const journal = await openOn(fs);
  await journal.append(0, record(10), 'x');
  disk.kill();
  await expect(readCount(journal, 0, 1n, 1)).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('00000000000000000001.journal could not be read: the machine went down') });
});
