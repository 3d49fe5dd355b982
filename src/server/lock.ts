import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SpoorError } from '../model/mod.ts';

/**
 * Keeps other processes off a data directory. The lock is an exclusive transaction on an empty SQLite file: the operating system lets it go when the process dies, however it
 * dies, and it works where spoor runs. Throws `data_dir_in_use`.
 */
export function lockDirectory(directory: string): { release(): void } {
  const database = new DatabaseSync(path.join(directory, 'LOCK'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new SpoorError('data_dir_in_use', { path: directory }, { cause: error });
  }
  return { release: () => database.close() };
}
