import type { JournalFiles } from '../../src/journal/files.ts';
import { openDiskJournal, type DiskJournal, type DiskJournalOptions } from '../../src/journal/mod.ts';
import { ManualClock } from '../../src/model/mod.ts';
import { ForgetfulDisk, randomFrom } from './forgetful-files.ts';

const clock = new ManualClock(1_700_000_000_000_000_000n);
/** A record of `size` bytes. */
export const record = (size: number) => new Uint8Array(size).fill(7);

/** A journal of one partition on `fs`. */
export function openOn(fs: JournalFiles, options: Partial<DiskJournalOptions> = {}): Promise<DiskJournal> {
  return openDiskJournal({ directory: '/journal', partitions: 1, clock, fs, ...options });
}

/** A disk, how often each operation was called, and which ones are to fail. */
export function countingDisk() {
  const disk = new ForgetfulDisk(randomFrom(7));
  const counts: Record<string, number> = { write: 0, sync: 0, rename: 0, delete: 0, syncDirectory: 0, create: 0, read: 0 };
  const failing = new Set<string>();
  disk.beforeChange = (operation) => {
    counts[operation] = counts[operation]! + 1;
    if (failing.has(operation)) throw new Error(`EIO: ${operation}`);
  };
  const fs = disk.mount();
  const counted: JournalFiles = {
    ...fs,
    open: (path, mode) => {
      if (mode === 'read') counts['read'] = counts['read']! + 1;
      return fs.open(path, mode);
    },
  };
  return { disk, fs: counted, counts, failing };
}
