import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord, openDiskJournal, recordId } from '../../../src/journal/mod.ts';
import { ManualClock } from '../../../src/model/mod.ts';
import { batches, goldenTimeNs } from '../../journal/golden-batches.ts';

/** Made `v1`: one partition with five records in four files, of which the first was trimmed (`node test/compat/journal/make.ts`). Not run again: old files must stay readable. */
const directory = join(import.meta.dirname, 'v1');
await rm(directory, { recursive: true, force: true });
const journal = await openDiskJournal({ directory, partitions: 1, clock: new ManualClock(goldenTimeNs), fileBytesMax: 700 });
for (const batch of batches) {
  const record = encodeRecord(batch);
  await journal.append(0, record, recordId(record));
}
const lease = await journal.acquire(0, 'golden');
await lease!.commit(3n);
await journal.trim(0, 2n);
await journal.close();
