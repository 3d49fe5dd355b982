import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { reasonOf, SpoorError } from '../model/mod.ts';

/** SQLITE_BUSY */
const busy = 5;
/** A database that nothing refers to is closed by the garbage collector, and the lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Keeps other processes off a data directory. The lock is an exclusive transaction on an empty SQLite file: the operating system lets it go when the process dies, however it
 * dies, and it works where spoor runs. Throws `data_dir_in_use`.
 */
export function lockDirectory(directory: string): { release(): void } {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path.join(directory, 'LOCK'));
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    const locked = database;
    held.add(locked);
    return {
      release: () => {
        if (held.delete(locked)) locked.close();
      },
    };
  } catch (error) {
    database?.close();
    if ((error as { errcode?: unknown }).errcode !== busy) throw new SpoorError('bad_config', { where: `data directory ${directory}`, reason: `it cannot be locked: ${reasonOf(error)}` }, { cause: error });
    throw new SpoorError('data_dir_in_use', { path: directory }, { cause: error });
  }
}
