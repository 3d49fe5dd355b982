import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { reasonOf, type Clock } from '../../src/model/mod.ts';
import type { Batch } from '../buffer/batch.ts';
import type { BatchQueue } from '../buffer/queue.ts';
import { judge } from './answer.ts';
import { backoffMs, parseRetryAfter, type BackoffOptions } from './backoff.ts';
import { BatchEncoder } from './encode.ts';
import type { Endpoint } from './http.ts';

/** What shipping counted. */
export interface ShipCounts {
  /** Lines in batches that the server has. */
  sent: number;
  /** Bytes of those lines. */
  sentBytes: number;
  /** Bytes of request bodies that were answered. */
  requestBytes: number;
  requests: number;
  retries: number;
  /** Entries that the server refused for good. */
  refused: number;
  /** Splits after a 413. */
  splits: number;
}

/**
 * Delivers batches. It tries for ever: while the server is away or says no, batches wait, the queue fills, and reading stops. A batch is done when the server
 * answered for each of its lines.
 */
export class Shipper {
  readonly counts: ShipCounts = { sent: 0, sentBytes: 0, requestBytes: 0, requests: 0, retries: 0, refused: 0, splits: 0 };
  readonly #queue: BatchQueue;
  readonly #endpoint: Endpoint;
  readonly #backoff: BackoffOptions;
  readonly #prepare: (batch: Batch) => Promise<void>;
  readonly #log: Logger;
  readonly #clock: Clock;
  #saidMs = -Infinity;
  #said = '';

  /** @param prepare what must have happened before a batch is sent: the labels that it uses are on disk */
  constructor(queue: BatchQueue, endpoint: Endpoint, backoff: BackoffOptions, prepare: (batch: Batch) => Promise<void>, log: Logger, clock: Clock) {
    this.#queue = queue;
    this.#endpoint = endpoint;
    this.#backoff = backoff;
    this.#prepare = prepare;
    this.#log = log;
    this.#clock = clock;
  }

  /** Delivers batches, one at a time, until the signal; run several for several requests at a time. */
  async run(signal: AbortSignal): Promise<void> {
    const encoder = new BatchEncoder();
    while (!signal.aborted) {
      const batch = this.#queue.take();
      if (batch === undefined) {
        await this.#queue.changed();
        continue;
      }
      if (batch.rows > 0) await this.#prepare(batch);
      if (batch.rows === 0 || (await this.#deliver(encoder, batch, 0, batch.rows, signal))) this.#queue.done(batch);
    }
  }

  /** Delivers rows [from … to); false where the signal came first. */
  async #deliver(encoder: BatchEncoder, batch: Batch, from: number, to: number, signal: AbortSignal): Promise<boolean> {
    const body = encoder.encode(batch, from, to);
    for (let attempt = 1; !signal.aborted; attempt++) {
      let retryAfterMs = 0;
      try {
        const answer = await this.#endpoint.push(body, signal);
        this.counts.requests++;
        this.counts.requestBytes += body.length;
        const verdict = judge(answer);
        if (verdict.kind === 'split' && to - from > 1) {
          this.counts.splits++;
          const middle = from + Math.floor((to - from) / 2);
          return (await this.#deliver(encoder, batch, from, middle, signal)) && (await this.#deliver(encoder, batch, middle, to, signal));
        }
        if (verdict.kind !== 'retry') {
          const refused = verdict.kind === 'delivered' ? 0 : verdict.kind === 'split' ? 1 : Math.min(to - from, verdict.entries);
          this.#count(batch, from, to, refused);
          if (refused > 0) this.#log.warn({ status: answer.status, refused, of: to - from, answer: answer.body.slice(0, 1000), first: this.#firstOf(batch, from) }, 'the server refused entries for good');
          return true;
        }
        retryAfterMs = parseRetryAfter(answer.retryAfter, this.#clock.nowMs());
        this.#say(verdict.loud, attempt, { status: answer.status, answer: answer.body.slice(0, 300) });
      } catch (error) {
        if (signal.aborted) return false;
        this.#say(false, attempt, { reason: reasonOf(error) });
      }
      this.counts.retries++;
      await sleep(backoffMs(this.#backoff, attempt, retryAfterMs, Math.random()), undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  #count(batch: Batch, from: number, to: number, refused: number): void {
    this.counts.refused += refused;
    this.counts.sent += to - from - refused;
    this.counts.sentBytes += (batch.lineStart[to] ?? 0) - (batch.lineStart[from] ?? 0);
  }

  #firstOf(batch: Batch, row: number): string {
    const labels = batch.streams[batch.stream[row] ?? 0]?.labels ?? [];
    return labels.map((label) => `${label.name}=${label.value}`).join(' ');
  }

  /** Logs a failed attempt: at most one a second, and one every ten seconds while the server says the same. */
  #say(loud: boolean, attempt: number, details: Readonly<Record<string, unknown>>): void {
    const now = this.#clock.monotonicMs();
    const what = String(details['status'] ?? details['reason']);
    if (now - this.#saidMs < (what === this.#said ? sayEveryMs : 1000)) return;
    this.#saidMs = now;
    this.#said = what;
    const message = loud ? 'the server does not take pushes and will not by itself; nothing is dropped, reading waits' : 'a push failed and is sent again';
    this.#log[loud ? 'error' : 'warn']({ ...details, attempt, to: this.#endpoint.url, waitingBytes: this.#queue.bytes }, message);
  }
}

const sayEveryMs = 10_000;
