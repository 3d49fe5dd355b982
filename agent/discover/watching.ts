import { statfsSync, statSync, watch, type FSWatcher } from 'node:fs';
import { reasonOf } from '../../src/model/mod.ts';

/** File systems whose changes by other machines the system does not tell of: NFS, CIFS, SMB2, FUSE (also sshfs), 9p, Ceph, AFS. */
const remoteFileSystems = new Set([0x6969, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x00c3_6400, 0x5346_414f]);

/** What watching came to. */
export interface WatchCounts {
  /** Directories that the system tells of. */
  watched: number;
  /** Directories that are looked at instead. */
  polled: number;
  /** Directories that could not be watched: too many (fs.inotify.max_user_watches, max_user_instances), or something else. */
  failures: number;
}

/**
 * Watches directories through inotify, and falls back to looking at them: where the setting says so, on network file systems, and where the system has no more watches. That it
 * fell back is said once.
 */
export class Watching {
  readonly counts: WatchCounts = { watched: 0, polled: 0, failures: 0 };
  readonly #enabled: boolean;
  readonly #say: (path: string, reason: string) => void;
  #said = false;

  /** @param say told of the first directory that cannot be watched, and why */
  constructor(enabled: boolean, say: (path: string, reason: string) => void) {
    this.#enabled = enabled;
    this.#say = say;
  }

  /** Whether some directory has to be looked at. */
  get anyPolled(): boolean {
    return this.counts.polled > 0;
  }

  /** Begins to watch a directory. `changed` is told of each change: true where a name came or went, and the name where the system says it. */
  directory(path: string, changed: (renamed: boolean, name: string | null) => void): DirectoryWatch {
    return new DirectoryWatch(path, this.counts, this.#start(path, changed), () => this.#fellBack(path, 'the watch ended'));
  }

  #start(path: string, changed: (renamed: boolean, name: string | null) => void): FSWatcher | null {
    if (!this.#enabled) return null;
    try {
      const type = statfsSync(path).type >>> 0;
      if (remoteFileSystems.has(type)) {
        this.#fellBack(path, `a network file system (0x${type.toString(16)})`);
        return null;
      }
      return watch(path, { persistent: false }, (event, name) => changed(event === 'rename', name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#fellBack(path, reasonOf(error));
      return null;
    }
  }

  #fellBack(path: string, reason: string): void {
    this.counts.failures++;
    if (this.#said) return;
    this.#said = true;
    this.#say(path, reason);
  }
}

/** A directory that is watched, or looked at. */
export class DirectoryWatch {
  readonly path: string;
  readonly #counts: WatchCounts;
  #watcher: FSWatcher | null;
  #closed = false;
  #modifiedNs: bigint;

  constructor(path: string, counts: WatchCounts, watcher: FSWatcher | null, ended: () => void) {
    this.path = path;
    this.#counts = counts;
    this.#watcher = watcher;
    this.#modifiedNs = modifiedNs(path);
    if (watcher === null) counts.polled++;
    else counts.watched++;
    watcher?.on('error', () => {
      if (this.#watcher === null) return;
      watcher.close();
      this.#watcher = null;
      counts.watched--;
      counts.polled++;
      ended();
    });
  }

  /** Whether names came or went since the last call, of a directory that has to be looked at. */
  pollChanged(): boolean {
    if (this.#watcher !== null || this.#closed) return false;
    const now = modifiedNs(this.path);
    if (now === this.#modifiedNs) return false;
    this.#modifiedNs = now;
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#watcher === null) this.#counts.polled--;
    else this.#counts.watched--;
    this.#watcher?.close();
    this.#watcher = null;
  }
}

function modifiedNs(path: string): bigint {
  try {
    return statSync(path, { bigint: true }).mtimeNs;
  } catch {
    return -1n;
  }
}
