import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Metrics } from '../http/mod.ts';
import { isSpoorError, reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import { readOverridesFile } from './config/read.ts';
import type { ConfiguredLimits } from './limits-source.ts';

export interface OverridesFileParts {
  readonly path: string;
  readonly periodMs: number;
  readonly limits: ConfiguredLimits;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps a tenant's limits as `overrides_file` says. The file is read every `overrides_period`, and taken where its text has changed: a watch would miss files that are replaced by a
 * link, as Kubernetes does with those of a ConfigMap. A file that cannot be read or is wrong changes nothing: the limits before it stay, and log and metrics say why.
 */
export class OverridesFile {
  readonly #parts: OverridesFileParts;
  #text = '';
  /** What is wrong with the file as it is; '' where nothing is. */
  #fault = '';
  #succeededMs = 0;
  readonly #reloads = { success: 0, failure: 0 };
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  private constructor(parts: OverridesFileParts) {
    this.#parts = parts;
  }

  /** Reads the file and begins to look after it. Throws `bad_config`. */
  static async open(parts: OverridesFileParts): Promise<OverridesFile> {
    const file = new OverridesFile(parts);
    file.#take(await file.#read());
    const { metrics } = parts;
    metrics.gauge('spoor_overrides_last_reload_successful', '1 where the overrides_file in force is the one on disk, 0 where that is wrong', () => (file.#fault === '' ? 1 : 0));
    metrics.gauge('spoor_overrides_last_success_timestamp_seconds', 'When an overrides_file was taken last', () => file.#succeededMs / 1000);
    metrics.gauge('spoor_overrides_tenants', 'Tenants with limits of their own', () => parts.limits.tenants);
    metrics.gauges('spoor_overrides_reloads', 'Changes of the overrides_file since the start, by what came of them', 'result', () => Object.entries(file.#reloads));
    file.#wait();
    return file;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#reading = this.#lookAndWait();
    }, this.#parts.periodMs);
    this.#timer.unref();
  }

  async #lookAndWait(): Promise<void> {
    await this.#look();
    if (this.#timer !== undefined) this.#wait();
  }

  async #look(): Promise<void> {
    const { log, path } = this.#parts;
    try {
      const text = await this.#read();
      if (text === this.#text && this.#fault === '') return;
      const fresh = text !== this.#text;
      if (fresh) this.#take(text);
      this.#fault = '';
      log.info({ path, tenants: this.#parts.limits.tenants }, fresh ? 'overrides_file was read again' : 'overrides_file is again what is in force');
      this.#reloads.success++;
    } catch (error) {
      const fault = isSpoorError(error) ? error.message : reasonOf(error);
      // Once for each different fault.
      if (fault === this.#fault) return;
      this.#fault = fault;
      this.#reloads.failure++;
      log.error({ path, code: 'bad_config', reason: fault }, `overrides_file is refused, the limits before it stay in force: ${fault}`);
    }
  }

  #take(text: string): void {
    const { path, limits, clock } = this.#parts;
    limits.replace(readOverridesFile(text, path));
    this.#text = text;
    this.#succeededMs = clock.nowMs();
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.#parts.path, 'utf8');
    } catch (error) {
      throw new SpoorError('bad_config', { where: this.#parts.path, reason: reasonOf(error) }, { cause: error });
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#reading;
  }
}
