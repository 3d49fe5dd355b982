/** How an attempt to take changed settings ended. */
export interface ReloadResult {
  readonly ok: boolean;
  /** Wall clock. */
  readonly timeMs: number;
  /** Why it was refused, or that nothing changed; null where settings changed. */
  readonly reason: string | null;
  /** For how long nothing was read; null while that is not known. */
  readonly pauseMs: number | null;
}

/** Which settings the agent runs with, and how it came to them. */
export interface ConfigState {
  /** Path of the configuration file; null where flags alone set it up. */
  readonly file: string | null;
  /** Hash of the settings, defaults and flags included. */
  version: string;
  /** When these settings were taken, wall clock. */
  loadedMs: number;
  /** Changes that were taken. */
  reloads: number;
  /** Changes that were refused. */
  failures: number;
  lastReload: ReloadResult | null;
}

/** The state after a start. */
export function newConfigState(file: string | null, version: string, nowMs: number): ConfigState {
  return { file, version, loadedMs: nowMs, reloads: 0, failures: 0, lastReload: null };
}
