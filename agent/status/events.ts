import type { Logger } from 'pino';
import { isSpoorError, reasonOf, type Clock } from '../../src/model/mod.ts';
import type { LogFile } from '../tail/file.ts';

/** What went wrong. */
export interface EventCounts {
  /** Failures to list, open, read or write something. */
  failures: number;
}

/** Counts what happens, and says it in the log; what repeats is said once a minute. */
export class AgentEvents {
  readonly counts: EventCounts = { failures: 0 };
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #saidMs = new Map<string, number>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  opened(file: LogFile, resumed: boolean): void {
    this.#log.debug({ path: file.path, from: file.readOffset }, resumed ? 'going on with a file' : 'found a file');
  }

  finished(file: LogFile): void {
    this.#log.debug({ path: file.path, bytes: file.readOffset }, 'read a file to its end');
  }

  gone(path: string, lostBytes: number): void {
    if (lostBytes === 0) return;
    this.#log.error({ path, lostBytes }, 'a file was deleted before it was read to its end');
  }

  truncated(file: LogFile, lostBytes: number): void {
    this.#log.warn({ path: file.path, lostBytes }, 'a file was truncated or written anew; reading it from its beginning');
  }

  damaged(file: LogFile, error: Error): void {
    this.counts.failures++;
    this.#log.error({ path: file.path, reason: error.message }, 'a compressed log is damaged; what comes before the damage is read');
  }

  failed(path: string, error: unknown): void {
    this.counts.failures++;
    const reason = reasonOf(error);
    const key = `${path} ${reason}`;
    const now = this.#clock.monotonicMs();
    const said = this.#saidMs.get(key);
    if (said !== undefined && now - said < repeatMs) return;
    if (this.#saidMs.size >= saidMax) this.#saidMs.clear();
    this.#saidMs.set(key, now);
    this.#log.error({ path, reason, ...(isSpoorError(error) ? { code: error.code } : {}) }, 'something failed and is tried again');
  }
}

const repeatMs = 60_000;
const saidMax = 1000;
