import { watch, type FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/model/mod.ts';
import { listMembers, type Member } from './members.ts';
import { parsePodDirectory, type PodPath } from './paths.ts';

/** What discovery finds. */
export interface DiscoveryEvents {
  /** A container's directory as it is now: restart number → files, oldest first. */
  container(pod: PodPath, container: string, name: string, runs: ReadonlyMap<number, readonly Member[]>): void;
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
  /** Ask the system to tell of changes (inotify); without it, or where it fails, scanning alone finds everything. */
  readonly watch: boolean;
}

interface PodDirectory {
  readonly pod: PodPath;
  readonly path: string;
  watcher: FSWatcher | null;
  readonly containers: Map<string, { readonly path: string; watcher: FSWatcher | null }>;
}

/** Finds pods, containers and their log files under the pods directory, and goes on finding them. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #events: DiscoveryEvents;
  readonly #clock: Clock;
  readonly #pods = new Map<string, PodDirectory>();
  /** Pod directories to list again; '' is the pods directory itself. */
  readonly #stalePods = new Set<string>();
  readonly #staleContainers = new Map<string, { readonly pod: string; readonly container: string }>();
  #rootWatcher: FSWatcher | null = null;
  #watchFailed = false;
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
      this.#events.failed(podsDir, error);
      return false;
    }
    this.#rootWatcher ??= this.#watch(podsDir, () => this.#stalePods.add(''));
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
      await this.#rest(Math.max(0, next - this.#clock.monotonicMs()), signal);
      if (signal.aborted) break;
      if (this.#clock.monotonicMs() >= next || this.#stalePods.has('')) {
        this.#stalePods.clear();
        this.#staleContainers.clear();
        await this.scan();
        next = this.#clock.monotonicMs() + this.#options.scanIntervalMs;
        continue;
      }
      const pods = Array.from(this.#stalePods);
      const containers = Array.from(this.#staleContainers.values());
      this.#stalePods.clear();
      this.#staleContainers.clear();
      for (const pod of pods) await this.#scanPod(pod);
      for (const { pod, container } of containers) {
        const directory = this.#pods.get(pod);
        if (directory !== undefined) this.#scanContainer(directory, container);
      }
    }
    this.close();
  }

  close(): void {
    this.#rootWatcher?.close();
    this.#rootWatcher = null;
    for (const pod of this.#pods.values()) {
      pod.watcher?.close();
      for (const container of pod.containers.values()) container.watcher?.close();
    }
  }

  /** Waits for a change or for `ms`; then a little more, so that a burst of changes is one. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#stalePods.size === 0 && this.#staleContainers.size === 0) {
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
      directory = { pod, path, watcher: null, containers: new Map() };
      this.#pods.set(name, directory);
    }
    directory.watcher ??= this.#watch(path, () => this.#stalePods.add(name));
    const present = new Set(containers);
    for (const container of Array.from(directory.containers.keys())) if (!present.has(container)) this.#dropContainer(directory, container);
    for (const container of containers) this.#scanContainer(directory, container);
  }

  #scanContainer(directory: PodDirectory, container: string): void {
    const path = join(directory.path, container);
    const name = containerName(directory.pod, container);
    try {
      let known = directory.containers.get(container);
      const runs = listMembers(path);
      if (known === undefined) {
        known = { path, watcher: null };
        directory.containers.set(container, known);
      }
      if (known.watcher === null) {
        const stale = { pod: podDirectoryName(directory.pod), container };
        known.watcher = this.#watch(path, (event) => {
          if (event === 'rename') this.#staleContainers.set(name, stale);
          else this.#events.changed(name);
          return event === 'rename';
        });
        // What came between listing and watching would be seen only by the next scan.
        if (known.watcher !== null) this.#events.container(directory.pod, container, name, listMembers(path));
        else this.#events.container(directory.pod, container, name, runs);
      } else {
        this.#events.container(directory.pod, container, name, runs);
      }
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
    directory.watcher?.close();
    this.#pods.delete(name);
    this.#events.podGone(directory.pod.uid);
  }

  #dropContainer(directory: PodDirectory, container: string): void {
    const known = directory.containers.get(container);
    if (known === undefined) return;
    known.watcher?.close();
    directory.containers.delete(container);
    this.#events.containerGone(containerName(directory.pod, container));
  }

  /** Watches a directory; null where that fails, and then scanning alone has to find what changes. `changed` says whether to look at once (true unless it says false). */
  #watch(path: string, changed: (event: string) => unknown): FSWatcher | null {
    if (!this.#options.watch) return null;
    try {
      const watcher = watch(path, { persistent: false }, (event) => {
        if (changed(event) !== false) this.#wake?.();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch (error) {
      if (!this.#watchFailed && (error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#watchFailed = true;
        this.#events.failed(path, error);
      }
      return null;
    }
  }
}

const burstMs = 50;

/** `<namespace>_<pod>_<uid>`. */
export function podDirectoryName(pod: PodPath): string {
  return `${pod.namespace}_${pod.pod}_${pod.uid}`;
}

/** `<namespace>_<pod>_<uid>/<container>`. */
export function containerName(pod: PodPath, container: string): string {
  return `${podDirectoryName(pod)}/${container}`;
}
