import type { JournalFile, JournalFiles } from '../../src/journal/files.ts';

/** What a file system could do to a write that was not synced. */
interface UnsyncedWrite {
  readonly at: number;
  readonly data: Buffer;
  /** An fsync failed after it: later fsyncs succeed and still do not write it. */
  lost: boolean;
}

interface Inode {
  durable: Buffer;
  current: Buffer;
  unsynced: UnsyncedWrite[];
  /** Lengths that the file was cut to since the last sync. */
  cutTo: number | undefined;
}

type DirectoryChange =
  | { readonly kind: 'link'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode };

interface Directory {
  durable: Map<string, Inode>;
  current: Map<string, Inode>;
  unsynced: DirectoryChange[];
}

/** A source of random numbers in [0, 1). */
export type Random = () => number;

/** A small seeded generator (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A file system in memory that keeps after a crash only what was synced, and of the rest whatever it likes: any bytes of any unsynced write, with
 * zeros in the holes; any of the unsynced changes of a directory, whatever their order. After a failed fsync it behaves like Linux: what was to be written is
 * called clean, and never reaches the disk.
 */
export class ForgetfulDisk {
  readonly #directories = new Map<string, Directory>();
  readonly #random: Random;
  /** What was mounted before a crash does nothing any more. */
  #generation = 0;
  /** Called before each change; may throw, and the change is then made in part or not at all. */
  beforeChange: (operation: 'write' | 'sync' | 'rename' | 'delete' | 'syncDirectory' | 'create') => void = () => undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** kill -9: the process is gone, and the file system goes on; what was not synced still is not. */
  kill(): void {
    this.#generation++;
  }

  /** Power loss: all that was not synced is kept, lost or torn at random, and open handles are dead. */
  crash(): void {
    this.#generation++;
    const inodes = new Set<Inode>();
    for (const directory of this.#directories.values()) {
      const names = new Map(directory.durable);
      for (const change of directory.unsynced) {
        if (this.#random() < 0.5) continue;
        if (change.kind === 'link') names.set(change.name, change.inode);
        else if (change.kind === 'unlink') names.delete(change.name);
        else {
          names.delete(change.from);
          names.set(change.to, change.inode);
        }
      }
      directory.durable = names;
      directory.current = new Map(names);
      directory.unsynced = [];
      for (const inode of names.values()) inodes.add(inode);
    }
    for (const inode of inodes) this.#crashFile(inode);
  }

  #crashFile(inode: Inode): void {
    let content = inode.durable;
    if (inode.cutTo !== undefined && this.#random() < 0.5) content = content.subarray(0, inode.cutTo);
    for (const write of inode.unsynced) {
      const fate = this.#random();
      if (write.lost || fate < 0.2) continue;
      if (fate < 0.5) {
        // Torn at any byte.
        content = put(content, write.at, write.data.subarray(0, Math.floor(this.#random() * (write.data.length + 1))));
      } else if (fate < 0.8) {
        // Pages of any size in any order: the length is there, some of the content is not.
        const page = 1 + Math.floor(this.#random() * 64);
        let length = 0;
        const holes = Buffer.from(write.data);
        for (let from = 0; from < holes.length; from += page) {
          if (this.#random() < 0.5) holes.fill(0, from, Math.min(holes.length, from + page));
          else length = Math.min(holes.length, from + page);
        }
        content = put(content, write.at, this.#random() < 0.5 ? holes : holes.subarray(0, length));
      } else {
        content = put(content, write.at, write.data);
      }
    }
    inode.durable = Buffer.from(content);
    inode.current = Buffer.from(content);
    inode.unsynced = [];
    inode.cutTo = undefined;
  }

  /** The content of a file as a process sees it; undefined where there is none. */
  peek(path: string): Buffer | undefined {
    const { directory, name } = this.#locate(path);
    return directory.current.get(name)?.current;
  }

  /** Names in a directory. */
  names(path: string): string[] {
    return [...(this.#directories.get(path)?.current.keys() ?? [])];
  }

  #locate(path: string): { directory: Directory; name: string } {
    const slash = path.lastIndexOf('/');
    const directory = this.#directories.get(path.slice(0, slash));
    if (directory === undefined) throw new Error(`ENOENT: ${path}`);
    return { directory, name: path.slice(slash + 1) };
  }

  /** The file system as one process sees it: until the next crash. */
  mount(): JournalFiles {
    const generation = this.#generation;
    const check = (): void => {
      if (generation !== this.#generation) throw new Error('the machine went down');
    };
    return {
      makeDirectory: async (path) => {
        check();
        if (!this.#directories.has(path)) this.#directories.set(path, { durable: new Map(), current: new Map(), unsynced: [] });
      },
      list: async (path) => {
        check();
        const names = [...(this.#directories.get(path)?.current.keys() ?? [])];
        for (const other of this.#directories.keys()) if (other.startsWith(`${path}/`)) names.push(other.slice(path.length + 1));
        return names;
      },
      open: async (path, mode) => {
        check();
        const { directory, name } = this.#locate(path);
        let inode = directory.current.get(name);
        if (mode === 'create') {
          this.beforeChange('create');
          inode = { durable: Buffer.alloc(0), current: Buffer.alloc(0), unsynced: [], cutTo: undefined };
          directory.current.set(name, inode);
          directory.unsynced.push({ kind: 'link', name, inode });
        }
        if (inode === undefined) throw new Error(`ENOENT: ${path}`);
        return this.#handle(inode, check);
      },
      rename: async (from, to) => {
        check();
        this.beforeChange('rename');
        const source = this.#locate(from);
        const target = this.#locate(to);
        const inode = source.directory.current.get(source.name);
        if (inode === undefined || source.directory !== target.directory) throw new Error(`ENOENT: ${from}`);
        source.directory.current.delete(source.name);
        source.directory.current.set(target.name, inode);
        source.directory.unsynced.push({ kind: 'rename', from: source.name, to: target.name, inode });
      },
      delete: async (path) => {
        check();
        this.beforeChange('delete');
        const { directory, name } = this.#locate(path);
        if (directory.current.delete(name)) directory.unsynced.push({ kind: 'unlink', name });
      },
      syncDirectory: async (path) => {
        await turn();
        check();
        this.beforeChange('syncDirectory');
        const directory = this.#directories.get(path);
        if (directory === undefined) throw new Error(`ENOENT: ${path}`);
        directory.durable = new Map(directory.current);
        directory.unsynced = [];
      },
    };
  }

  #handle(inode: Inode, check: () => void): JournalFile {
    return {
      size: async () => inode.current.length,
      read: async (into, at) => {
        check();
        return inode.current.copy(into, 0, at);
      },
      write: async (parts, at) => {
        check();
        const data = Buffer.concat(parts);
        let written = data;
        try {
          this.beforeChange('write');
        } catch (error) {
          written = data.subarray(0, Math.floor(this.#random() * data.length));
          throw error;
        } finally {
          inode.current = put(inode.current, at, written);
          inode.unsynced.push({ at, data: Buffer.from(written), lost: false });
        }
        await turn();
        check();
      },
      truncate: async (length) => {
        check();
        inode.current = Buffer.from(inode.current.subarray(0, length));
        inode.cutTo = Math.min(length, inode.cutTo ?? Infinity);
        inode.unsynced = inode.unsynced.flatMap((write) => (write.at >= length ? [] : [{ ...write, data: write.data.subarray(0, length - write.at) }]));
      },
      sync: async () => {
        check();
        await turn();
        check();
        try {
          this.beforeChange('sync');
        } catch (error) {
          for (const write of inode.unsynced) write.lost ||= this.#random() < 0.7;
          throw error;
        }
        let durable = inode.cutTo === undefined ? inode.durable : inode.durable.subarray(0, inode.cutTo);
        for (const write of inode.unsynced) if (!write.lost) durable = put(durable, write.at, write.data);
        inode.durable = Buffer.from(durable);
        inode.unsynced = inode.unsynced.filter((write) => write.lost);
        inode.cutTo = undefined;
      },
      close: async () => undefined,
    };
  }
}

/** Lets other work of the process go on, as waiting for a disk does. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function put(content: Buffer, at: number, data: Uint8Array): Buffer {
  if (data.length === 0) return content;
  const grown = Buffer.alloc(Math.max(content.length, at + data.length));
  content.copy(grown);
  grown.set(data, at);
  return grown;
}
