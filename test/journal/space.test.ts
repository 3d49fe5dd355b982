import { expect, test } from 'vitest';
import { Space } from '../../src/journal/space.ts';
import { countingDisk, openOn, record } from './counting-disk.ts';

test('counts what is taken and given back', () => {
  const space = new Space(100);
  space.take(60);
  space.take(30);
  space.free(60);
  expect([space.used, space.limit]).toEqual([30, 100]);
});

test('is shared by all partitions, and is the same after reopening', async () => {
  const { fs } = countingDisk();
  let journal = await openOn(fs, { partitions: 2, bytesMax: 3000 });
  await journal.append(0, record(1000), 'a');
  await journal.append(1, record(1000), 'b');
  const { bytes } = await journal.bounds(0);
  const refused: unknown = await journal.append(0, record(1000), 'c').catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'journal_full', details: { bytes: bytes * 2, limit: 3000 } });
  await journal.close();
  journal = await openOn(fs, { partitions: 2, bytesMax: 3000 });
  await expect(journal.append(1, record(1000), 'c')).rejects.toMatchObject({ code: 'journal_full', details: { bytes: bytes * 2 } });
  await journal.trim(0, 1n);
  await journal.append(1, record(1000), 'c');
  await journal.close();
});
