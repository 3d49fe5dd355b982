import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What the disk journal needs of a file system. Tests hand in one that forgets whatever was not synced. */
export interface JournalFiles {
  /** Makes a directory and its parents, durably; no error where it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, in no order. */
  list(directory: string): Promise<string[]>;
  /** Opens a file: `read` and `write` (read as well) want it to be there, `create` makes it or empties it. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<JournalFile>;
  /** Renames inside one directory, replacing what has the new name. Durable after syncDirectory. */
  rename(from: string, to: string): Promise<void>;
  /** No error where it is gone. Durable after syncDirectory. */
  delete(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

/** An open file. Several may be open on the same path. */
export interface JournalFile {
  size(): Promise<number>;
  /** Fills `into` from file offset `at`, less only at the end of the file; gives the number of bytes. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Writes all parts one after another from file offset `at`, or throws. */
  write(parts: readonly Uint8Array[], at: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** fdatasync: content and length are on the disk afterwards. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The machine's file system. */
export const nodeFiles: JournalFiles = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) {
      // It may have been made by a process that was killed before it could sync.
      await syncDirectory(dirname(resolve(path))).catch(ignoreForbidden);
      return;
    }
    for (let made = resolve(path); ; made = dirname(made)) {
      await syncDirectory(dirname(made));
      if (made === resolve(first) || dirname(made) === made) return;
    }
  },
  list: (directory) => readdir(directory),
  async open(path, mode) {
    const flags = mode === 'read' ? constants.O_RDONLY : mode === 'write' ? constants.O_RDWR : constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
    return new NodeFile(await open(path, flags));
  },
  rename: (from, to) => rename(from, to),
  delete: (path) => rm(path, { force: true }),
  syncDirectory,
};

function ignoreForbidden(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EACCES' && code !== 'EPERM') throw error;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories; NTFS journals its metadata.
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class NodeFile implements JournalFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(parts: readonly Uint8Array[], at: number): Promise<void> {
    let rest = parts.filter((part) => part.length > 0);
    let offset = at;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, offset);
      if (bytesWritten === 0) throw new Error('nothing could be written');
      offset += bytesWritten;
      rest = after(rest, bytesWritten);
    }
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** What is left of `parts` after their first `bytes` bytes. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  for (const [i, part] of parts.entries()) {
    if (skip < part.length) return [part.subarray(skip), ...parts.slice(i + 1)];
    skip -= part.length;
  }
  return [];
}

/** Replaces a small file so that after a crash it holds either all of the old content or all of the new. */
export async function replaceFile(files: JournalFiles, directory: string, name: string, content: Uint8Array): Promise<void> {
  const path = `${directory}/${name}`;
  const file = await files.open(`${path}.tmp`, 'create');
  try {
    await file.write([content], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(`${path}.tmp`, path);
  await files.syncDirectory(directory);
}

/** The whole of a file, or undefined where it is not there. Throws where it is longer than `bytesMax`. */
export async function readSmallFile(files: JournalFiles, directory: string, name: string, bytesMax: number): Promise<Buffer | undefined> {
  const names = await files.list(directory);
  if (!names.includes(name)) return undefined;
  const file = await files.open(`${directory}/${name}`, 'read');
  try {
    const size = await file.size();
    if (size > bytesMax) throw new Error(`${directory}/${name} has ${size} bytes, over the limit of ${bytesMax}`);
    const content = Buffer.alloc(size);
    return content.subarray(0, await file.read(content, 0));
  } finally {
    await file.close();
  }
}
