import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Folders remembered at most; beyond that they are asked for again. */
const rememberedMax = 16_384;

/**
 * The folders below a root that are known to exist durably: made, and their names fsynced in the folder above. A crash after a write resolved
 * would otherwise lose the whole new folder with the file in it.
 */
export class DirectoryTree {
  readonly #root: string;
  readonly #known = new Map<string, Promise<void>>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** @param make make the root, and what is missing above it, durably */
  static async open(root: string, make: boolean): Promise<DirectoryTree> {
    if (make) await makeDurably(root);
    return new DirectoryTree(root);
  }

  /** Makes `folder` and those above it, up to the root, where they are missing. */
  async ensure(folder: string): Promise<void> {
    if (folder === this.#root) return;
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    if (this.#known.size >= rememberedMax) this.#known.clear();
    const made = this.#make(folder);
    this.#known.set(folder, made);
    try {
      await made;
    } catch (error) {
      if (this.#known.get(folder) === made) this.#known.delete(folder);
      throw error;
    }
  }

  /** Forgets that `folder` and those above it exist. */
  forget(folder: string): void {
    for (let at = folder; at !== this.#root && this.#known.delete(at); at = dirname(at));
  }

  async #make(folder: string): Promise<void> {
    const parent = dirname(folder);
    await this.ensure(parent);
    await mkdirUnlessThere(folder);
    // Also where it was there: whoever made it may have crashed before his fsync.
    await syncDirectory(parent);
  }
}

async function makeDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const top = dirname(first);
  for (let at = dirname(folder); at.length >= top.length; at = dirname(at)) {
    await syncDirectory(at);
    if (at === dirname(at)) break;
  }
}

async function mkdirUnlessThere(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Makes the names in a folder durable. Windows can not open folders and keeps names durable by itself. */
export async function syncDirectory(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
