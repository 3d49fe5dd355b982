import { setTimeout as sleep } from 'node:timers/promises';
import { isSpoorError, SpoorError } from '../model/mod.ts';
import type { ObjectOperation, RequestCounter } from './counts.ts';

/** How requests to S3 are repeated. */
export interface S3RequestOptions {
  /** Attempts of one request (5). */
  readonly maxAttempts?: number | undefined;
  /** An attempt, its body included, that takes longer has failed (30 000). */
  readonly requestTimeoutMs?: number | undefined;
  /** Waiting time before the second attempt (100); it doubles each time, a random part of up to half is taken off. */
  readonly backoffMs?: number | undefined;
  /** Longest waiting time (5 000). */
  readonly backoffMsMax?: number | undefined;
}

/** Sends requests: attempts with timeouts, backoff, the caller's signal, counters, and every failure as a SpoorError. */
export class S3Requests {
  readonly #maxAttempts: number;
  readonly #timeoutMs: number;
  readonly #backoffMs: number;
  readonly #backoffMsMax: number;
  readonly #counter: RequestCounter;
  readonly #closed = new AbortController();

  constructor(options: S3RequestOptions, counter: RequestCounter) {
    this.#maxAttempts = Math.max(1, options.maxAttempts ?? 5);
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#backoffMs = options.backoffMs ?? 100;
    this.#backoffMsMax = options.backoffMsMax ?? 5_000;
    this.#counter = counter;
  }

  /** Runs `send` until it succeeds, fails for good, or attempts run out. Throws `object_not_found`, `object_store`, or the signal's reason. */
  async run<T>(operation: ObjectOperation, key: string, signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      this.#counter.request(operation);
      try {
        return await this.#attempt(signal, send);
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        if (isNoSuchKey(error, operation)) throw new SpoorError('object_not_found', { key }, { cause: error });
        this.#counter.failure(operation);
        if (this.#closed.signal.aborted || attempt >= this.#maxAttempts || !isWorthRepeating(error)) throw storeError(operation, key, attempt, error);
      }
      await this.#wait(attempt, signal);
    }
  }

  /** Ends what is under way; every later request fails. */
  close(): void {
    this.#closed.abort(new Error('the object store is closed'));
  }

  async #attempt<T>(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const outer = signal === undefined ? [this.#closed.signal] : [this.#closed.signal, signal];
    const onAbort = (): void => controller.abort(outer.find((one) => one.aborted)?.reason);
    for (const one of outer) {
      if (one.aborted) throw one.reason;
      one.addEventListener('abort', onAbort);
    }
    const timer = setTimeout(() => controller.abort(new AttemptTimeout(`no answer within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    try {
      return await send(controller.signal);
    } catch (error) {
      // The SDK wraps the reason in an error of its own.
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      clearTimeout(timer);
      for (const one of outer) one.removeEventListener('abort', onAbort);
    }
  }

  async #wait(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const longest = Math.min(this.#backoffMsMax, this.#backoffMs * 2 ** (attempt - 1));
    const ms = longest * (1 - Math.random() / 2);
    const closed = this.#closed.signal;
    try {
      await sleep(ms, undefined, { signal: signal === undefined ? closed : AbortSignal.any([closed, signal]) });
    } catch {
      // Called off: the next attempt says by whom.
      signal?.throwIfAborted();
    }
  }
}

class AttemptTimeout extends Error {}

/** HTTP status of an error of the SDK; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const metadata = member(error, '$metadata');
  const status = member(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

/** S3's name of an error, `SlowDown` for example. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}

function isNoSuchKey(error: unknown, operation: ObjectOperation): boolean {
  const name = nameOf(error);
  return name === 'NoSuchKey' || (operation === 'head' && statusOf(error) === 404 && name !== 'NoSuchBucket');
}

/** Errors that a clock that has been set, or a server that has recovered, makes go away. */
const passing: ReadonlySet<string> = new Set(['RequestTimeTooSkewed', 'RequestTimeout', 'RequestTimeoutException', 'SlowDown', 'Throttling', 'ThrottlingException', 'ExpiredToken']);

function isWorthRepeating(error: unknown): boolean {
  if (isSpoorError(error)) return error.retryable;
  if (passing.has(nameOf(error))) return true;
  const status = statusOf(error);
  // No status: the connection failed or broke off. 409: two conditional writes at the same time.
  return status === undefined ? nameOf(error) !== 'CredentialsProviderError' : status >= 500 || status === 408 || status === 409 || status === 429 || status === 206 || status === 200;
}

function storeError(operation: ObjectOperation, key: string, attempts: number, error: unknown): SpoorError {
  if (isSpoorError(error)) return error;
  const status = statusOf(error);
  const parts = [reasonText(error)];
  if (status !== undefined) parts.push(`HTTP ${status}`);
  if (attempts > 1) parts.push(`${attempts} attempts`);
  return new SpoorError('object_store', { operation, key, reason: parts.join(', ') }, { cause: error });
}

function reasonText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = member(error, 'code');
  const name = typeof code === 'string' ? code : error.name;
  // A connection that failed to several addresses of one name has no message of its own.
  return error.message === '' || error.message === name ? name : error.message.includes(name) || name === 'Error' || error instanceof AttemptTimeout ? error.message : `${name}: ${error.message}`;
}
