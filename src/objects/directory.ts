import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';
import { RequestCounter, type CountedObjectStore, type ObjectCounts, type ObjectOperation } from './counts.ts';
import { DirectoryTree, syncDirectory } from './directory-tree.ts';
import { checkKey, checkPrefix, keyFault } from './keys.ts';

/** What openDirectoryStore is told. */
export interface DirectoryStoreOptions {
  /** Folder that holds the objects, one file each; made if it is not there. */
  readonly directory: string;
  /** Only look: make nothing, and leave alone what crashed (or running) writers have in the temporary folder. */
  readonly readOnly?: boolean;
}

/** Holds files while they are written. `~` is no character of keys, so that no object can be named like it. */
const temporaryFolder = '~tmp';
/** Ranges up to this long are read without asking for the file's size first. */
const unaskedBytesMax = 1 << 20;
/** Sizes asked for at the same time while listing. */
const listBatch = 64;
/** A folder may be deleted between being made and being used; after this many tries something else is wrong. */
const placeAttempts = 8;

/**
 * Opens an object store over a directory: one file per object, the key is its path. Objects appear by rename(2) or link(2) after fsync, so that they are
 * whole or not there, and the folder is fsynced too before a write resolves. What crashed writes left behind is deleted here.
 */
export async function openDirectoryStore(options: DirectoryStoreOptions): Promise<CountedObjectStore> {
  const root = resolve(options.directory);
  const readOnly = options.readOnly ?? false;
  try {
    const tree = await DirectoryTree.open(root, !readOnly);
    if (!readOnly) {
      await rm(join(root, temporaryFolder), { recursive: true, force: true });
      await mkdir(join(root, temporaryFolder));
    }
    return new DirectoryStore(root, readOnly, tree);
  } catch (error) {
    throw storeError('open', options.directory, error);
  }
}

class DirectoryStore implements CountedObjectStore {
  readonly #root: string;
  readonly #readOnly: boolean;
  readonly #tree: DirectoryTree;
  readonly #counter = new RequestCounter();
  readonly #writer = `${process.pid}-${randomBytes(6).toString('hex')}`;
  #writes = 0;

  constructor(root: string, readOnly: boolean, tree: DirectoryTree) {
    this.#root = root;
    this.#readOnly = readOnly;
    this.#tree = tree;
  }

  async put(key: string, data: Uint8Array): Promise<void> {
    await this.#write('put', key, data, rename);
  }

  async putIfAbsent(key: string, data: Uint8Array): Promise<boolean> {
    return this.#write('put_if_absent', key, data, link);
  }

  async getRange(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    checkKey(key);
    signal.throwIfAborted();
    const data = await this.#count('get', key, () => readRange(join(this.#root, key), offset, length, signal));
    signal.throwIfAborted();
    this.#counter.read(data.length);
    return data;
  }

  async *list(prefix: string, after = ''): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    checkPrefix(prefix);
    this.#counter.request('list');
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after);
  }

  async *#walk(folder: string, prefix: string, after: string): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    const names = await this.#names(folder, prefix, after);
    for (let i = 0; i < names.length; i += listBatch) {
      const batch = names.slice(i, i + listBatch);
      const sizes = await Promise.all(batch.map(async (key) => (key.endsWith('/') ? 0 : this.#size(key))));
      for (const [j, key] of batch.entries()) {
        const size = sizes[j];
        if (key.endsWith('/')) yield* this.#walk(key, prefix, after);
        else if (size !== undefined) yield { key, size };
      }
    }
  }

  /** Keys in a folder, and folders with a slash at the end, sorted so that walking into the folders gives keys in byte order. */
  async #names(folder: string, prefix: string, after: string): Promise<string[]> {
    const entries = await readdir(join(this.#root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      this.#counter.failure('list');
      throw storeError('list', folder, error);
    });
    const names: string[] = [];
    for (const entry of entries) {
      const key = folder + entry.name;
      if (keyFault(key) !== undefined) continue;
      if (entry.isDirectory()) {
        const below = `${key}/`;
        const wanted = below.startsWith(prefix) || prefix.startsWith(below);
        if (wanted && (below >= after || after.startsWith(below))) names.push(below);
      } else if (entry.isFile() && key.startsWith(prefix) && key > after) {
        names.push(key);
      }
    }
    return names.sort();
  }

  async #size(key: string): Promise<number | undefined> {
    try {
      return (await lstat(join(this.#root, key))).size;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      this.#counter.failure('list');
      throw storeError('list', key, error);
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    const folders = new Set<string>();
    for (const key of keys) {
      await this.#count('delete', key, async () => {
        this.#refuseReadOnly();
        try {
          await unlink(join(this.#root, key));
          folders.add(dirname(join(this.#root, key)));
        } catch (error) {
          if (!isAbsent(error) && !(await isFolder(join(this.#root, key)))) throw error;
        }
      });
    }
    for (const folder of folders) await this.#count('delete', folder, () => this.#tidy(folder));
  }

  /** Makes deletions in `folder` durable and removes it, and those above it, where nothing is left in them. */
  async #tidy(folder: string): Promise<void> {
    let at = folder;
    try {
      for (; at !== this.#root; at = dirname(at)) {
        await rmdir(at);
        this.#tree.forget(at);
      }
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST' && !isAbsent(error)) throw error;
    }
    await syncDirectory(at).catch((error: unknown) => {
      if (!isAbsent(error)) throw error;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  counts(): ObjectCounts {
    return this.#counter.snapshot();
  }

  async #write(operation: 'put' | 'put_if_absent', key: string, data: Uint8Array, place: (from: string, to: string) => Promise<void>): Promise<boolean> {
    checkKey(key);
    return this.#count(operation, key, async () => {
      this.#refuseReadOnly();
      const temporary = join(this.#root, temporaryFolder, `${this.#writer}-${this.#writes++}`);
      let moved = false;
      try {
        await writeDurably(temporary, data);
        this.#counter.bytesWritten += data.length;
        await this.#place(temporary, join(this.#root, key), place);
        moved = operation === 'put';
        return true;
      } catch (error) {
        if (operation === 'put_if_absent' && codeOf(error) === 'EEXIST') return false;
        throw error;
      } finally {
        if (!moved) await unlink(temporary).catch(() => undefined);
      }
    });
  }

  async #place(from: string, to: string, place: (from: string, to: string) => Promise<void>): Promise<void> {
    const folder = dirname(to);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#tree.ensure(folder);
        await place(from, to);
        await syncDirectory(folder);
        return;
      } catch (error) {
        // A deletion that emptied the folder took it away in between.
        if (codeOf(error) !== 'ENOENT' || attempt === placeAttempts) throw error;
        this.#tree.forget(folder);
      }
    }
  }

  #refuseReadOnly(): void {
    if (this.#readOnly) throw new Error('the store is open for reading only');
  }

  async #count<T>(operation: ObjectOperation, key: string, run: () => Promise<T>): Promise<T> {
    this.#counter.request(operation);
    try {
      return await run();
    } catch (error) {
      if (operation === 'get' && (isAbsent(error) || codeOf(error) === 'EISDIR')) throw new SpoorError('object_not_found', { key }, { cause: error });
      // The caller gave up: his own reason, not a failure of the store.
      if (error instanceof Aborted) throw error.cause;
      this.#counter.failure(operation);
      throw storeError(operation, key, error);
    }
  }
}

/** Carries the reason of an AbortSignal past the translation of errors. */
class Aborted extends Error {}

async function readRange(path: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    let start = offset;
    let wanted = length;
    if (offset < 0 || length > unaskedBytesMax || length === 0) {
      const stat = await handle.stat();
      // Some systems open folders like files.
      if (!stat.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
      start = offset < 0 ? Math.max(0, stat.size + offset) : offset;
      wanted = Math.max(0, Math.min(length, stat.size - start));
    }
    const data = Buffer.allocUnsafeSlow(wanted);
    let at = 0;
    while (at < wanted) {
      if (signal.aborted) throw new Aborted('aborted', { cause: signal.reason });
      const { bytesRead } = await handle.read(data, at, wanted - at, start + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return data.subarray(0, at);
  } finally {
    await handle.close();
  }
}

async function writeDurably(path: string, data: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then((stat) => stat.isDirectory(), () => false);
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function storeError(operation: string, key: string, error: unknown): SpoorError {
  return isSpoorError(error) ? error : new SpoorError('object_store', { operation, key, reason: reasonOf(error) }, { cause: error });
}
