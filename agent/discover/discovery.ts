import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/model/mod.ts';
import { listMembers, type Member, type MemberProblem } from './members.ts';
import { parsePodDirectory, type PodPath } from './paths.ts';
import type { DirectoryWatch, Watching } from './watching.ts';

/** What discovery finds. */
export interface DiscoveryEvents {
  /** A container's directory as it is now: restart number → files, oldest first. `complete`: all of it could be looked at. */
  container(pod: PodPath, container: string, name: string, runs: ReadonlyMap<number, readonly Member[]>, complete: boolean): void;
  /** Something was written in a container's directory. */
  changed(name: string): void;
  /** A container's directory is gone. */
  containerGone(name: string): void;
  /** No directory of the pod is left. */
  podGone(uid: string): void;
  /** A directory cannot be read or watched. */
  failed(path: string, error: unknown): void;
}

export interface DiscoveryOptions {
  readonly podsDir: string;
  /** Every directory is listed this often, whatever was said about changes. */
  readonly scanIntervalMs: number;
  /** Asks the system to tell of changes (inotify); directories where that is not so are looked at every pollIntervalMs. */
  readonly watching: Watching;
  /** Directories that the system tells nothing of are looked at this often for files that came and went. */
  readonly pollIntervalMs: number;
  /** No pods directory at all is no failure: there are other sources. */
  readonly optional: boolean;
}

interface ContainerDirectory {
  readonly path: string;
  watch: DirectoryWatch | null;
  /** Directories that links in it lead to (Docker's): rotation happens there. */
  readonly targets: Map<string, DirectoryWatch>;
}

interface PodDirectory {
  readonly pod: PodPath;
  readonly path: string;
  watch: DirectoryWatch | null;
  readonly containers: Map<string, ContainerDirectory>;
}

/** Finds pods, containers and their log files under the pods directory, and goes on finding them. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #events: DiscoveryEvents;
  readonly #clock: Clock;
  readonly #pods = new Map<string, PodDirectory>();
  /** Pod directories to list again; '' is the pods directory itself. */
  readonly #stalePods = new Set<string>();
  /** Containers that are listed in the next turn of the loop. */
  readonly #soon = new Set<string>();
  #closed = false;
  #rootWatch: DirectoryWatch | null = null;
  #wake: (() => void) | null = null;

  constructor(options: DiscoveryOptions, events: DiscoveryEvents, clock: Clock) {
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
  }

  /** Lists everything once. False where the pods directory cannot be read: then nothing is known to be gone. */
  async scan(): Promise<boolean> {
    const { podsDir } = this.#options;
    let names: string[];
    try {
      names = await readdir(podsDir);
    } catch (error) {
      if (this.#options.optional && this.#pods.size === 0 && (error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      this.#events.failed(podsDir, error);
      return false;
    }
    this.#rootWatch ??= this.#watch(podsDir, () => {
      this.#stalePods.add('');
      this.#wake?.();
    });
    const present = new Set(names);
    for (const name of Array.from(this.#pods.keys())) if (!present.has(name)) this.#dropPod(name);
    for (const name of names) await this.#scanPod(name);
    return true;
  }

  /** Goes on scanning until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    let next = this.#clock.monotonicMs() + this.#options.scanIntervalMs;
    while (!signal.aborted) {
      const rest = Math.max(0, next - this.#clock.monotonicMs());
      await this.#rest(this.#options.watching.anyPolled ? Math.min(rest, this.#options.pollIntervalMs) : rest, signal);
      if (signal.aborted) break;
      this.#poll();
      if (this.#clock.monotonicMs() >= next || this.#stalePods.has('')) {
        this.#stalePods.clear();
        await this.scan();
        next = this.#clock.monotonicMs() + this.#options.scanIntervalMs;
        continue;
      }
      const pods = Array.from(this.#stalePods);
      this.#stalePods.clear();
      for (const pod of pods) await this.#scanPod(pod);
    }
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#rootWatch?.close();
    this.#rootWatch = null;
    for (const pod of this.#pods.values()) {
      pod.watch?.close();
      for (const container of pod.containers.values()) closeContainer(container);
    }
  }

  /** Lists a container's directory now; for a name that is not known, nothing. */
  relist(name: string): void {
    const slash = name.indexOf('/');
    const directory = this.#pods.get(name.slice(0, slash));
    if (directory !== undefined) this.#scanContainer(directory, name.slice(slash + 1));
  }

  /** Looks at directories that the system tells nothing of. */
  #poll(): void {
    if (this.#rootWatch?.pollChanged() === true) this.#stalePods.add('');
    for (const [name, pod] of this.#pods) {
      if (pod.watch?.pollChanged() === true) this.#stalePods.add(name);
      for (const [container, known] of pod.containers) {
        const changed = [known.watch, ...known.targets.values()].filter((watch) => watch?.pollChanged() === true);
        if (changed.length > 0) this.#scanContainer(pod, container);
      }
    }
  }

  /** Waits for a change or for `ms`; then a little more, so that a burst of changes is one. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#stalePods.size === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, ms);
      await promise;
      clearTimeout(timer);
      this.#wake = null;
    }
    await sleep(Math.min(burstMs, ms), undefined, { signal }).catch(() => undefined);
  }

  async #scanPod(name: string): Promise<void> {
    const pod = parsePodDirectory(name);
    if (pod === undefined) return;
    const path = join(this.#options.podsDir, name);
    let containers: string[];
    try {
      containers = await readdir(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') this.#dropPod(name);
      else this.#events.failed(path, error);
      return;
    }
    let directory = this.#pods.get(name);
    if (directory === undefined) {
      directory = { pod, path, watch: null, containers: new Map() };
      this.#pods.set(name, directory);
    }
    directory.watch ??= this.#watch(path, () => {
      this.#stalePods.add(name);
      this.#wake?.();
    });
    const present = new Set(containers);
    for (const container of Array.from(directory.containers.keys())) if (!present.has(container)) this.#dropContainer(directory, container);
    for (const container of containers) this.#scanContainer(directory, container);
  }

  #scanContainer(directory: PodDirectory, container: string): void {
    const path = join(directory.path, container);
    const name = containerName(directory.pod, container);
    try {
      let known = directory.containers.get(container);
      const problems: MemberProblem[] = [];
      let runs = listMembers(path, problems);
      if (known === undefined) {
        known = { path, watch: null, targets: new Map() };
        directory.containers.set(container, known);
      }
      if (known.watch === null) {
        known.watch = this.#watch(path, (renamed) => this.#containerChanged(name, directory, container, renamed));
        // What came between listing and watching would be seen only by the next scan.
        problems.length = 0;
        runs = listMembers(path, problems);
      }
      for (const problem of problems) this.#events.failed(problem.path, problem.error);
      this.#watchTargets(name, directory, container, known, runs);
      this.#events.container(directory.pod, container, name, runs, problems.length === 0);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') this.#dropContainer(directory, container);
      else if (code !== 'ENOTDIR') this.#events.failed(path, error);
    }
  }

  #dropPod(name: string): void {
    const directory = this.#pods.get(name);
    if (directory === undefined) return;
    for (const container of Array.from(directory.containers.keys())) this.#dropContainer(directory, container);
    directory.watch?.close();
    this.#pods.delete(name);
    this.#events.podGone(directory.pod.uid);
  }

  #dropContainer(directory: PodDirectory, container: string): void {
    const known = directory.containers.get(container);
    if (known === undefined) return;
    closeContainer(known);
    directory.containers.delete(container);
    this.#events.containerGone(containerName(directory.pod, container));
  }

  #watchTargets(name: string, directory: PodDirectory, container: string, known: ContainerDirectory, runs: ReadonlyMap<number, readonly Member[]>): void {
    const targets = new Set<string>();
    for (const members of runs.values()) for (const member of members) if (dirname(member.path) !== known.path) targets.add(dirname(member.path));
    for (const [target, watch] of known.targets) {
      if (targets.has(target)) continue;
      watch.close();
      known.targets.delete(target);
    }
    for (const target of targets) {
      if (known.targets.has(target)) continue;
      known.targets.set(target, this.#watch(target, (renamed) => this.#containerChanged(name, directory, container, renamed)));
    }
  }

  #containerChanged(name: string, directory: PodDirectory, container: string, renamed: boolean): void {
    if (renamed) this.#relistSoon(name, directory, container);
    else this.#events.changed(name);
  }

  /**
   * Lists a directory in which something came or went, at once: a file that is rotated away twice in a second is only read if it was opened in between. Changes of one turn
   * of the loop are one.
   */
  #relistSoon(name: string, directory: PodDirectory, container: string): void {
    if (this.#soon.has(name)) return;
    this.#soon.add(name);
    setImmediate(() => {
      this.#soon.delete(name);
      if (!this.#closed && directory.containers.has(container)) this.#scanContainer(directory, container);
    });
  }

  #watch(path: string, changed: (renamed: boolean) => void): DirectoryWatch {
    return this.#options.watching.directory(path, changed);
  }
}

const burstMs = 50;

function closeContainer(known: ContainerDirectory): void {
  known.watch?.close();
  for (const watch of known.targets.values()) watch.close();
  known.targets.clear();
}

/** `<namespace>_<pod>_<uid>`. */
export function podDirectoryName(pod: PodPath): string {
  return `${pod.namespace}_${pod.pod}_${pod.uid}`;
}

/** `<namespace>_<pod>_<uid>/<container>`. */
export function containerName(pod: PodPath, container: string): string {
  return `${podDirectoryName(pod)}/${container}`;
}
