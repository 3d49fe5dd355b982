import { createHash } from 'node:crypto';
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../../src/model/mod.ts';
import type { Environment } from './environment.ts';
import { parseAgentConfig, readConfigFile, type ConfigOverrides } from './load.ts';
import type { AgentOptions } from './schema.ts';

/** What a look at changed settings came to: options, or why there are none. */
export interface ConfigChange {
  readonly options?: AgentOptions;
  readonly error?: unknown;
}

/** Where settings come from while an agent runs. */
export interface ConfigSource {
  /** Path of the file; null where there is none. */
  readonly file: string | null;
  /** Each change, as it comes, until the signal. */
  changes(signal: AbortSignal): AsyncIterable<ConfigChange>;
}

/** Times of looking for changes; tests shorten them. */
export interface ReloadTimes {
  /** The file is read this often, whatever the system says of changes. */
  readonly pollMs: number;
  /** What was noticed has to stand for so long, so that a file that is being written is read once, and whole. */
  readonly settleMs: number;
}

const defaultTimes: ReloadTimes = { pollMs: 10_000, settleMs: 250 };

/** A hash of settings, defaults filled in: the same settings have the same version on every node. */
export function configVersion(options: AgentOptions): string {
  return createHash('sha256').update(JSON.stringify(sorted(options))).digest('hex').slice(0, 12);
}

/** Why changed settings cannot be taken while the agent runs; null where they can. */
export function refusedChange(from: AgentOptions, to: AgentOptions): string | null {
  if (from.state_dir !== to.state_dir) return `state_dir cannot change while the agent runs (from ${from.state_dir} to ${to.state_dir}): what was delivered is remembered there; restart the agent`;
  return null;
}

/**
 * A configuration file that is followed. It is read anew after a signal (`reloadNow`), after an event in its directory (a ConfigMap is changed by swapping the link
 * `..data` there), and every `pollMs`; what counts is its content. A signal is answered also where nothing changed.
 */
export class FollowedConfig implements ConfigSource {
  readonly file: string;
  readonly #overrides: ConfigOverrides;
  readonly #environment: Environment;
  readonly #times: ReloadTimes;
  /** Content that the last answer was made from. */
  #text: string;
  /** A signal was not answered yet. */
  #asked = false;
  /** An event was not looked into yet. */
  #noticed = false;
  #wake: () => void = () => undefined;

  /** @param text content of the file that the agent was started with */
  constructor(file: string, text: string, overrides: ConfigOverrides, environment: Environment, times: ReloadTimes = defaultTimes) {
    this.file = file;
    this.#text = text;
    this.#overrides = overrides;
    this.#environment = environment;
    this.#times = times;
  }

  /** Reads the file as soon as may be (SIGHUP), and answers whatever is in it. */
  reloadNow(): void {
    this.#asked = true;
    this.#wake();
  }

  async *changes(signal: AbortSignal): AsyncGenerator<ConfigChange> {
    const watcher = this.#watch();
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        if (!this.#asked && !this.#noticed) await this.#rest(signal);
        // An editor or a copy may write in several steps.
        if (!this.#asked) await sleep(this.#times.settleMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        const asked = this.#asked;
        this.#asked = false;
        this.#noticed = false;
        const change = this.#look(asked);
        if (change !== null) yield change;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      watcher?.close();
    }
  }

  #look(asked: boolean): ConfigChange | null {
    let text: string;
    try {
      text = readConfigFile(this.file);
    } catch (error) {
      const unreadable = `\0${reasonOf(error)}`;
      if (this.#text === unreadable && !asked) return null;
      this.#text = unreadable;
      return { error };
    }
    if (text === this.#text && !asked) return null;
    this.#text = text;
    try {
      return { options: parseAgentConfig(text, this.file, this.#overrides, this.#environment) };
    } catch (error) {
      return { error };
    }
  }

  #watch(): FSWatcher | null {
    const name = basename(this.file);
    try {
      const watcher = watch(dirname(this.file), { persistent: false }, (_event, changed) => {
        if (changed !== null && changed !== name && changed !== '..data') return;
        this.#noticed = true;
        this.#wake();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // Looking every pollMs finds it, too.
      return null;
    }
  }

  /** Waits for pollMs, for an event, or for a signal. */
  #rest(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, this.#times.pollMs);
      this.#wake = done;
      if (signal.aborted) done();
    });
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
