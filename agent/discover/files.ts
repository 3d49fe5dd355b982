import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/model/mod.ts';
import { matchesGlob, type Glob } from './glob.ts';
import { addMember, addRotatedTargets, listAttempts, type Member, type MemberProblem } from './members.ts';
import type { FileOrigin, FileSource } from './origin.ts';
import { compareRotations } from './paths.ts';
import { rotatedNames } from './rotation.ts';
import { isAbsent, walkGlob, type WalkedDirectory } from './walk.ts';
import type { DirectoryWatch, Watching } from './watching.ts';

/** Most logs that are read beside those of containers. */
export const filesMax = 20_000;

/** Files that are read by their paths. */
export interface PathSource {
  readonly source: FileSource;
  readonly paths: readonly Glob[];
  readonly exclude: readonly Glob[];
}

/** What the discovery of files finds. */
export interface FileDiscoveryEvents {
  /** A log as it is now: its rotated files, oldest first, and the live one. None is left where `members` is empty. `complete`: all of it could be looked at. */
  files(origin: FileOrigin, name: string, members: readonly Member[], complete: boolean): void;
  /** Something was written to a log. */
  changed(name: string): void;
  /** A path that a pattern names is no plain file (a pipe, a device, a directory); it is not opened. Said once for each. */
  skipped(path: string): void;
  /** Something cannot be listed, looked at or watched. */
  failed(path: string, error: unknown): void;
  /** Whether a log of that name is read, or was by an earlier run. */
  knows(name: string): boolean;
}

export interface FileDiscoveryOptions {
  readonly sources: readonly PathSource[];
  /** What lies there is found as containers' logs, also through links. Undefined where those are not read. */
  readonly podsDir: string | undefined;
  /** Every directory is listed this often. */
  readonly scanIntervalMs: number;
  /** Directories that the system tells nothing of are looked at this often. */
  readonly pollIntervalMs: number;
  readonly watching: Watching;
}

interface Directory {
  readonly path: string;
  walked: WalkedDirectory;
  watch: DirectoryWatch | null;
  /** Names in it → the log that they belong to. */
  logs: Map<string, string>;
}

interface FoundLog {
  readonly origin: FileOrigin;
  readonly members: Member[];
  complete: boolean;
}

/** Finds logs by path patterns, with what was rotated away from them, and goes on finding them. A log's name is the path that the pattern names. */
export class FileDiscovery {
  readonly #options: FileDiscoveryOptions;
  readonly #events: FileDiscoveryEvents;
  readonly #clock: Clock;
  readonly #directories = new Map<string, Directory>();
  readonly #origins = new Map<string, FileOrigin>();
  readonly #skipped = new Set<string>();
  readonly #soon = new Set<string>();
  #stale = false;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(options: FileDiscoveryOptions, events: FileDiscoveryEvents, clock: Clock) {
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
  }

  /** Walks and lists everything once. */
  async scan(): Promise<void> {
    this.#stale = false;
    const walked = new Map<string, WalkedDirectory>();
    for (const { paths } of this.#options.sources) for (const glob of paths) await walkGlob(glob, walked, this.#events);
    for (const [path, directory] of this.#directories) {
      if (walked.has(path)) continue;
      this.#drop(directory);
    }
    const found = new Map<string, FoundLog>();
    for (const [path, kind] of walked) {
      let directory = this.#directories.get(path);
      if (directory === undefined) {
        directory = { path, walked: kind, watch: null, logs: new Map() };
        this.#directories.set(path, directory);
      }
      directory.walked = kind;
      // Watched before it is listed: nothing comes in between unseen.
      directory.watch ??= this.#watch(directory);
      this.#list(directory, found);
    }
    // A log that is known keeps its files, whatever other path leads to them by now.
    const logs = Array.from(found);
    const known = new Set(logs.filter(([name]) => this.#events.knows(name)).map(([name]) => name));
    for (const wanted of [true, false]) for (const [name, log] of logs) if (known.has(name) === wanted) this.#report(name, log);
  }

  /** Goes on scanning until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    let next = this.#clock.monotonicMs() + this.#options.scanIntervalMs;
    while (!signal.aborted) {
      await this.#rest(Math.max(0, next - this.#clock.monotonicMs()), signal);
      if (signal.aborted) break;
      for (const directory of this.#directories.values()) if (directory.watch?.pollChanged() === true) this.#changed(directory, true, null);
      if (!this.#stale && this.#clock.monotonicMs() < next) continue;
      await this.scan();
      next = this.#clock.monotonicMs() + this.#options.scanIntervalMs;
    }
    this.close();
  }

  /** Lists the directory of a log now. */
  relist(name: string): void {
    const directory = this.#directories.get(dirname(name));
    if (directory !== undefined) this.#listNow(directory);
  }

  close(): void {
    this.#closed = true;
    for (const directory of this.#directories.values()) directory.watch?.close();
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { watching, pollIntervalMs } = this.#options;
    if (!this.#stale) {
      const { promise, resolve: wake } = Promise.withResolvers<void>();
      this.#wake = wake;
      const timer = setTimeout(wake, watching.anyPolled ? Math.min(ms, pollIntervalMs) : ms);
      await promise;
      clearTimeout(timer);
      this.#wake = null;
    }
    if (this.#stale) await sleep(Math.min(burstMs, ms), undefined, { signal }).catch(() => undefined);
  }

  #watch(directory: Directory): DirectoryWatch {
    return this.#options.watching.directory(directory.path, (renamed, name) => this.#changed(directory, renamed, name));
  }

  #changed(directory: Directory, renamed: boolean, name: string | null): void {
    if (!renamed) {
      const log = name === null ? undefined : directory.logs.get(name);
      if (log !== undefined) this.#events.changed(log);
      else if (name === null) for (const each of new Set(directory.logs.values())) this.#events.changed(each);
      return;
    }
    // At once: a file that is rotated away twice in a second is only read if it was opened in between.
    if (directory.walked.files && !this.#soon.has(directory.path)) {
      this.#soon.add(directory.path);
      setImmediate(() => {
        this.#soon.delete(directory.path);
        if (!this.#closed && this.#directories.get(directory.path) === directory) this.#listNow(directory);
      });
    }
    if (directory.walked.directories) {
      this.#stale = true;
      this.#wake?.();
    }
  }

  #listNow(directory: Directory): void {
    const found = new Map<string, FoundLog>();
    this.#list(directory, found);
    for (const [name, log] of found) this.#report(name, log);
  }

  #report(name: string, { origin, members, complete }: FoundLog): void {
    if (members.length === 0 && complete) this.#origins.delete(name);
    else if (this.#origins.has(name) || this.#origins.size < filesMax) this.#origins.set(name, origin);
    else {
      this.#events.failed(name, new Error(`more than ${filesMax} logs are found by path; it is not read`));
      return;
    }
    this.#events.files(origin, name, members, complete);
  }

  #drop(directory: Directory): void {
    try {
      readdirSync(directory.path);
    } catch (error) {
      // It cannot be listed now, which does not mean that it is gone.
      if (!isAbsent(error)) return;
    }
    directory.watch?.close();
    this.#directories.delete(directory.path);
    for (const name of new Set(directory.logs.values())) this.#gone(name);
  }

  #gone(name: string): void {
    const origin = this.#origins.get(name);
    if (origin !== undefined) this.#report(name, { origin, members: [], complete: true });
  }

  /** Lists a directory's logs into `found`; logs that have gone are reported at once. */
  #list(directory: Directory, found: Map<string, FoundLog>, attempt = 1): void {
    if (!directory.walked.files) return;
    let names: string[];
    try {
      names = readdirSync(directory.path);
    } catch (error) {
      if (isAbsent(error)) this.#drop(directory);
      else this.#events.failed(directory.path, error);
      return;
    }
    const present = new Set(names);
    const logs = new Map<string, string>();
    const own = new Map<string, FoundLog>();
    for (const name of names) {
      const place = this.#placeOf(directory.path, name, present);
      if (place === undefined) continue;
      const log = own.get(place.log) ?? { origin: { source: place.source, path: place.log }, members: [], complete: true };
      const problems: MemberProblem[] = [];
      const path = join(directory.path, name);
      const added = addMember(log.members, path, place.rotation, place.gzip, problems);
      if (added === 'vanished' && attempt < listAttempts) {
        // It was renamed or compressed meanwhile, and would be missing under both names.
        this.#list(directory, found, attempt + 1);
        return;
      }
      if (added === 'other') {
        this.#skip(path);
        continue;
      }
      if (place.rotation === '' && !place.gzip) addRotatedTargets(log.members, path, problems);
      for (const problem of problems) this.#events.failed(problem.path, problem.error);
      if (problems.length > 0) log.complete = false;
      own.set(place.log, log);
      logs.set(name, place.log);
    }
    const before = new Set(directory.logs.values());
    directory.logs = logs;
    for (const [name, log] of own) {
      before.delete(name);
      log.members.sort((a, b) => compareRotations(a.rotation, b.rotation));
      found.set(name, log);
    }
    for (const name of before) this.#gone(name);
  }

  /** The log that a file belongs to; undefined where no source names it. */
  #placeOf(directory: string, name: string, present: ReadonlySet<string>): { readonly log: string; readonly source: FileSource; readonly rotation: string; readonly gzip: boolean } | undefined {
    const path = join(directory, name);
    for (const rotated of rotatedNames(name)) {
      const log = join(directory, rotated.base);
      if (!present.has(rotated.base) && !this.#events.knows(log)) continue;
      const source = this.#sourceOf(log);
      if (source === undefined || this.#isExcluded(source, path)) continue;
      // While it is compressed it is there twice.
      if (rotated.gzip && present.has(name.slice(0, -3))) return undefined;
      return { log, source: source.source, rotation: rotated.rotation, gzip: rotated.gzip };
    }
    const source = this.#sourceOf(path);
    if (source === undefined || this.#leadsToPods(path)) return undefined;
    return { log: path, source: source.source, rotation: '', gzip: name.endsWith('.gz') };
  }

  #sourceOf(path: string): PathSource | undefined {
    return this.#options.sources.find((source) => source.paths.some((glob) => matchesGlob(glob, path)) && !this.#isExcluded(source, path));
  }

  #isExcluded(source: PathSource, path: string): boolean {
    return source.exclude.some((glob) => matchesGlob(glob, path));
  }

  /** Whether a path, or a link on its way, lies in the pods directory: `/var/log/containers` is full of those. */
  #leadsToPods(path: string): boolean {
    const { podsDir } = this.#options;
    if (podsDir === undefined) return false;
    let at = path;
    for (let hops = 0; hops < linksMax; hops++) {
      if (at.startsWith(`${podsDir}/`)) return true;
      try {
        if (!lstatSync(at).isSymbolicLink()) return false;
        at = resolve(dirname(at), readlinkSync(at));
      } catch {
        return false;
      }
    }
    return false;
  }

  #skip(path: string): void {
    if (this.#skipped.has(path) || this.#skipped.size >= filesMax) return;
    this.#skipped.add(path);
    this.#events.skipped(path);
  }
}

const burstMs = 50;
const linksMax = 16;
