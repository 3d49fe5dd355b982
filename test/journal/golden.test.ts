import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, openDiskJournal, recordId } from '../../src/journal/mod.ts';
import { ManualClock } from '../../src/model/mod.ts';
import { readCount } from '../contract/journal.ts';
import { batches, goldenTimeNs } from './golden-batches.ts';

const compat = join(import.meta.dirname, '..', 'compat');

test.each(batches.map((batch, i) => [i, batch] as const))('record %i of version 1 is read as it was written', async (i, batch) => {
  const golden = await readFile(join(compat, 'record', 'v1', `${i}.record`));
  const decoded = decodeRecord(golden, 'golden');
  expect(decoded.streams).toEqual(batch.streams);
  expect(decoded.tenant).toBe(batch.tenant);
  expect(decoded.timeNs).toEqual(batch.timeNs);
  expect(Buffer.from(decoded.lines).equals(batch.lines)).toBe(true);
  expect(decoded.lineStart).toEqual(batch.lineStart);
  expect(Buffer.from(decoded.metadata).equals(batch.metadata)).toBe(true);
  expect(decoded.metadataStart).toEqual(batch.metadataStart);
  // As long as version 1 is what is written, the id of a batch must not change: a client may repeat across an upgrade.
  expect(Buffer.from(encodeRecord(batch)).equals(golden)).toBe(true);
});

test('a journal of version 1 is opened, read and continued', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spoor-journal-'));
  await cp(join(compat, 'journal', 'v1'), directory, { recursive: true });
  expect((await readdir(join(directory, 'partition-0'))).sort()).toEqual(['00000000000000000003.journal', '00000000000000000004.journal', '00000000000000000005.journal', 'ids', 'state']);
  const journal = await openDiskJournal({ directory, partitions: 1, clock: new ManualClock(goldenTimeNs) });
  expect(await journal.bounds(0)).toMatchObject({ first: 3n, next: 6n });
  const records = await readCount(journal, 0, 3n, 3);
  expect(records.map((record) => Buffer.from(record.data).equals(encodeRecord(batches[Number(record.position) - 1]!)))).toEqual([true, true, true]);
  for (const [i, batch] of batches.entries()) {
    const record = encodeRecord(batch);
    expect(await journal.append(0, record, recordId(record))).toEqual({ position: BigInt(i + 1), duplicate: true });
  }
  expect(await journal.acquire(0, 'next')).toMatchObject({ committed: 3n, epoch: 2n });
  expect(await journal.append(0, new Uint8Array(3), 'new')).toEqual({ position: 6n, duplicate: false });
  await journal.close();
  await rm(directory, { recursive: true });
});
