import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskJournal } from '../../src/journal/mod.ts';
import { systemClock } from '../../src/model/mod.ts';
import { journalContract, type JournalSettings } from '../contract/journal.ts';
import { ForgetfulDisk, randomFrom } from './forgetful-files.ts';

for (const fsyncIntervalMs of [0, 3]) {
  journalContract(`the disk journal (fsync interval ${fsyncIntervalMs} ms)`, async (settings) => {
    const directory = await mkdtemp(join(tmpdir(), 'spoor-journal-'));
    const open = () => openDiskJournal({ ...optionsOf(settings), directory, fsyncIntervalMs });
    let journal = await open();
    return {
      journal,
      async reopen() {
        await journal.close();
        journal = await open();
        return journal;
      },
      async dispose() {
        await journal.close();
        await rm(directory, { recursive: true });
      },
    };
  });
}

journalContract('the disk journal on a disk that crashes at each reopening', async (settings) => {
  const disk = new ForgetfulDisk(randomFrom(1));
  const open = () => openDiskJournal({ ...optionsOf(settings), directory: '/journal', fs: disk.mount() });
  let journal = await open();
  return {
    journal,
    async reopen() {
      disk.crash();
      journal = await open();
      return journal;
    },
    dispose: () => journal.close(),
  };
});

function optionsOf(settings: JournalSettings) {
  const { partitions, small, bytesMax } = settings;
  return { partitions, clock: systemClock, ...(small === true ? { fileBytesMax: 2000, tailBytesMax: 1000 } : {}), ...(bytesMax === undefined ? {} : { bytesMax }) };
}
