import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord } from '../../../src/journal/mod.ts';
import { batches } from '../../journal/golden-batches.ts';

/** Made `v1/`: each golden batch as a record (`node test/compat/record/make.ts`). Not run again: old files must stay readable. */
for (const [i, batch] of batches.entries()) await writeFile(join(import.meta.dirname, 'v1', `${i}.record`), encodeRecord(batch));
