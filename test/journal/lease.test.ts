import { expect, test } from 'vitest';
import { countingDisk, openOn, record } from './counting-disk.ts';

test('a lease or a commit that cannot be written is not given', async () => {
  const { fs, failing } = countingDisk();
  const journal = await openOn(fs);
  await journal.append(0, record(1), 'x');
  failing.add('sync');
  await expect(journal.acquire(0, 'one')).rejects.toMatchObject({ code: 'journal_write' });
  failing.clear();
  const lease = await journal.acquire(0, 'one');
  failing.add('rename');
  await expect(lease!.commit(1n)).rejects.toMatchObject({ code: 'journal_write' });
  expect(lease!.committed).toBe(0n);
  failing.clear();
  await lease!.commit(1n);
  expect(lease!.committed).toBe(1n);
  await journal.close();
});
