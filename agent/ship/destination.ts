import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { reasonOf, type Clock } from '../../src/model/mod.ts';
import type { Batch } from '../buffer/batch.ts';
import { allRows, type DestinationQueue, type Part, type QueueItem } from '../buffer/destination-queue.ts';
import { refusalKind } from './answer.ts';
import { backoffMs, type BackoffOptions } from './backoff.ts';
import type { DestinationCounts, DestinationStatus } from './counts.ts';
import type { Outcome, RefusedRow, Sender } from './outcome.ts';
import type { RejectedFile } from './rejected.ts';
import { lineBytesOf } from './rows.ts';

/** What a destination is made from. */
export interface DestinationOptions {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** Tenant of lines that have none of their own. */
  readonly tenant: string | undefined;
  readonly backoff: BackoffOptions;
  /** One for each request at a time. */
  readonly senders: readonly Sender[];
}

/** What a destination asks of those around it. */
export interface DestinationPorts {
  /** What must have happened before a batch is sent or comes to disk: the labels that it uses are on disk. */
  prepare(batch: Batch): Promise<void>;
  /** Whether lines may be gone from the log files before they are delivered. */
  atRisk(): boolean;
}

/**
 * Delivers the batches of one destination. It tries for ever: while the destination is away or says no, batches wait, in memory or on disk, and then reading waits. A batch is done when
 * the destination answered for each of its lines.
 */
export class Destination {
  readonly name: string;
  readonly queue: DestinationQueue;
  readonly counts: DestinationCounts;
  readonly #options: DestinationOptions;
  readonly #rejected: RejectedFile;
  readonly #ports: DestinationPorts;
  readonly #log: Logger;
  readonly #clock: Clock;
  #waiters: (() => void)[] = [];
  #failingSinceMs: number | null = null;
  #lastError: { readonly timeMs: number; readonly reason: string } | null = null;
  #saidMs = -Infinity;
  #said = '';

  constructor(options: DestinationOptions, queue: DestinationQueue, counts: DestinationCounts, rejected: RejectedFile, ports: DestinationPorts, log: Logger, clock: Clock) {
    this.name = options.name;
    this.queue = queue;
    this.counts = counts;
    this.#options = options;
    this.#rejected = rejected;
    this.#ports = ports;
    this.#log = log;
    this.#clock = clock;
  }

  get status(): DestinationStatus {
    const { counts, queue } = this;
    const oldest = queue.oldestMs;
    return {
      name: this.name, type: this.#options.type, to: this.#options.senders[0]?.where ?? '', required: this.#options.required,
      sent: counts.sent, sentBytes: counts.sentBytes, requests: counts.requests, requestBytes: counts.requestBytes, retries: counts.retries, splits: counts.splits,
      refused: Object.fromEntries(counts.refused), putAside: counts.putAside, dropped: counts.dropped, queueBytes: queue.bytes, queueBatches: queue.batches,
      bufferBytes: queue.buffer?.bytes ?? 0, bufferBytesMax: queue.buffer?.bytesMax ?? 0, bufferRecords: queue.buffer?.records ?? 0, bufferedRecords: queue.buffer?.added ?? 0,
      bufferDamagedLines: counts.bufferDamagedLines, bufferDamagedBytes: counts.bufferDamagedBytes,
      oldestAgeMs: oldest === undefined ? 0 : this.#clock.monotonicMs() - oldest, failingSinceMs: this.#failingSinceMs, lastError: this.#lastError,
    };
  }

  /** Delivers until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.wake();
    signal.addEventListener('abort', wake);
    try {
      await Promise.all([...this.#options.senders.map((sender) => this.#work(sender, signal)), this.#spill(signal)]);
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** Puts on disk what is not delivered, whatever the rules say: before the end. */
  async rescue(): Promise<void> {
    await this.queue.spill(() => true, (batch) => this.#ports.prepare(batch), true);
  }

  /** Lets everyone who waits look again; the queue says so at each change. */
  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  async close(): Promise<void> {
    for (const sender of this.#options.senders) await sender.close().catch((error: unknown) => this.#log.warn({ destination: this.name, reason: reasonOf(error) }, 'a destination could not be closed'));
    await this.queue.buffer?.close();
  }

  async #work(sender: Sender, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const item = this.queue.take();
      if (item === undefined) {
        await this.#changed(idleMs);
        if (!signal.aborted) await this.#tick(sender);
        continue;
      }
      const batch = this.queue.load(item);
      if (batch === undefined) continue;
      await this.#ports.prepare(batch);
      const waitMs = await this.#deliver(sender, item, batch, failures + 1, signal);
      if (waitMs === undefined) {
        failures = 0;
        this.queue.done(item);
        continue;
      }
      failures++;
      item.attempts++;
      this.queue.giveBack(item, waitMs);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Delivers what is left of an item; undefined where that is nothing, else how long to wait. */
  async #deliver(sender: Sender, item: QueueItem, batch: Batch, attempt: number, signal: AbortSignal): Promise<number | undefined> {
    item.parts ??= this.#parts(batch);
    const { parts } = item;
    const search = { requests: 0 };
    for (let part = parts[0]; part !== undefined; part = parts[0]) {
      if (signal.aborted) return 0;
      let outcome: Outcome;
      try {
        outcome = await sender.send(batch, part.rows, part.tenant, signal);
      } catch (error) {
        if (signal.aborted) return 0;
        outcome = { kind: 'retry', loud: false, reason: reasonOf(error), retryAfterMs: 0 };
      }
      const retryAfterMs = this.#take(outcome, batch, parts, part, search);
      if (retryAfterMs === undefined) continue;
      this.counts.retries++;
      const loud = outcome.kind === 'retry' && outcome.loud;
      this.#fail(loud, attempt, 'reason' in outcome ? (outcome.reason ?? '') : '');
      return backoffMs(this.#options.backoff, attempt, retryAfterMs, Math.random());
    }
    this.#failingSinceMs = null;
    return undefined;
  }

  /** Takes what became of the first part; what the destination asks to wait where it has to be sent again. */
  #take(outcome: Outcome, batch: Batch, parts: Part[], part: Part, search: { requests: number }): number | undefined {
    const { rows, tenant } = part;
    switch (outcome.kind) {
      case 'delivered': {
        parts.shift();
        const refused = Math.min(outcome.refused?.count ?? 0, rows.length);
        this.#sent(batch, rows, refused);
        if (refused > 0) this.#refuse(batch, refused, outcome.refused?.reason ?? '', []);
        return undefined;
      }
      case 'retry':
        return outcome.retryAfterMs;
      case 'too-large':
        if (rows.length > 1) this.#split(parts, part);
        else this.#putAside(batch, parts, part, 1, outcome.reason);
        return undefined;
      case 'poisoned': {
        const refused = Math.min(outcome.refused ?? rows.length, rows.length);
        // Every row, or one alone, or the search for them has cost enough.
        const found = rows.length === 1 || outcome.refused === rows.length || search.requests >= searchRequestsMax;
        if (found) {
          this.#putAside(batch, parts, part, refused, outcome.reason);
        } else {
          search.requests += 2;
          this.#split(parts, part);
        }
        return undefined;
      }
      case 'mixed': {
        const refused = outcome.refused;
        for (const { reason } of refused) this.#count(refusalKind(reason), 1);
        if (refused.length > 0) this.#write(batch, refused);
        const settled = new Set([...outcome.again, ...refused.map(({ row }) => row)]);
        this.#sent(batch, rows.filter((row) => !settled.has(row)), 0);
        parts.shift();
        if (outcome.again.length === 0) return undefined;
        parts.unshift({ tenant, rows: outcome.again });
        return outcome.retryAfterMs;
      }
    }
  }

  #parts(batch: Batch): Part[] {
    const tenants = new Set(batch.streams.map((stream) => stream.tenant ?? this.#options.tenant));
    const rows = allRows(batch.rows);
    if (tenants.size <= 1) return rows.length === 0 ? [] : [{ tenant: Array.from(tenants)[0], rows }];
    return Array.from(tenants, (tenant) => ({
      tenant, rows: rows.filter((row) => (batch.streams[batch.stream[row] as number]?.tenant ?? this.#options.tenant) === tenant),
    })).filter((part) => part.rows.length > 0);
  }

  #split(parts: Part[], { tenant, rows }: Part): void {
    this.counts.splits++;
    const middle = rows.length >> 1;
    parts.splice(0, 1, { tenant, rows: rows.subarray(0, middle) }, { tenant, rows: rows.subarray(middle) });
  }

  #sent(batch: Batch, rows: Uint32Array, refused: number): void {
    this.counts.sent += rows.length - refused;
    this.counts.sentBytes += lineBytesOf(batch, rows);
  }

  #putAside(batch: Batch, parts: Part[], { rows }: Part, refused: number, reason: string): void {
    parts.shift();
    if (refused < rows.length) this.#sent(batch, rows, refused);
    this.#refuse(batch, refused, reason, Array.from(rows, (row) => ({ row, reason })));
  }

  #refuse(batch: Batch, count: number, reason: string, rows: readonly RefusedRow[]): void {
    this.#count(refusalKind(reason), count);
    this.#write(batch, rows);
    const first = rows[0];
    const labels = first === undefined ? [] : (batch.streams[batch.stream[first.row] as number]?.labels ?? []);
    this.#log.warn(
      { destination: this.name, refused: count, answer: reason.slice(0, 1000), first: labels.map((label) => `${label.name}=${label.value}`).join(' '), file: this.#rejected.path },
      'the destination refused lines for good',
    );
  }

  #count(kind: string, count: number): void {
    const { refused } = this.counts;
    const key = refused.has(kind) || refused.size < refusalKindsMax ? kind : 'other';
    refused.set(key, (refused.get(key) ?? 0) + count);
  }

  #write(batch: Batch, rows: readonly RefusedRow[]): void {
    try {
      this.counts.putAside += this.#rejected.put(batch, rows);
    } catch (error) {
      this.#log.error({ destination: this.name, path: this.#rejected.path, reason: reasonOf(error) }, 'refused lines could not be written down');
    }
  }

  /** Puts batches on disk where the rules say so. */
  async #spill(signal: AbortSignal): Promise<void> {
    if (this.queue.buffer === null) return;
    while (!signal.aborted) {
      await this.queue.spill(() => this.#ports.atRisk(), (batch) => this.#ports.prepare(batch));
      await sleep(spillMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #tick(sender: Sender): Promise<void> {
    if (sender.tick === undefined) return;
    try {
      await sender.tick();
    } catch (error) {
      this.#fail(false, 1, reasonOf(error));
    }
  }

  /** Resolves at the next change, or after `ms`. */
  #changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Notes a failed attempt, and logs it: at most one a second, and one every ten seconds while it fails in the same way. */
  #fail(loud: boolean, attempt: number, reason: string): void {
    const nowMs = this.#clock.nowMs();
    this.#failingSinceMs ??= nowMs;
    this.#lastError = { timeMs: nowMs, reason: reason.slice(0, 300) };
    const now = this.#clock.monotonicMs();
    const what = reason.slice(0, 3);
    if (now - this.#saidMs < (what === this.#said ? sayEveryMs : 1000)) return;
    this.#saidMs = now;
    this.#said = what;
    const details = { destination: this.name, reason: reason.slice(0, 300), attempt, to: this.#options.senders[0]?.where, waitingBytes: this.queue.bytes };
    if (loud) this.#log.error(details, 'a destination does not take lines and will not by itself; nothing is dropped, they wait');
    else this.#log.warn(details, 'sending failed and is tried again');
  }
}

const sayEveryMs = 10_000;
/** How often a sender without work looks for what has to happen by time, and for batches whose waiting time is over. */
const idleMs = 250;
const spillMs = 100;
/** Requests spent per attempt on finding which lines of a batch are refused; then what is left of it is put aside whole. */
const searchRequestsMax = 64;
const refusalKindsMax = 32;
