import { errorCodes, isSpoorError, type Clock, type LimitsSource, type Limits } from '../model/mod.ts';
import { BsdTime, selectRows, SyslogBatch, SyslogRules, Zone, type MessageLimits, type RawBatch } from '../protocols/mod.ts';
import type { PushTarget, SyslogLog, SyslogMetrics, Transport } from './ports.ts';

/** Batches that are on their way to the store at the same time. */
const underWayMax = 4;
/** Pause after a refusal; it doubles up to the longest. */
const retryMsFirst = 100;
const retryMsMax = 5000;
/** What a message takes beside its bytes. */
const messageCost = 64;
/** Bytes of metadata of one message, whatever its tenant allows. */
const pairBytesMax = 2 ** 20;
/** Refusals are logged this often at most. */
const logEveryMs = 10_000;

export interface SyslogQueueSettings {
  readonly transport: Transport;
  readonly tenant: string;
  /** Labels that all entries have. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** IANA name of the zone of times that do not say theirs. */
  readonly timeZone: string;
  readonly batchBytes: number;
  /** Largest message. */
  readonly frameBytesMax: number;
  readonly batchDelayMs: number;
}

export interface SyslogQueueParts {
  readonly target: PushTarget;
  readonly limits: LimitsSource;
  readonly clock: Clock;
  readonly metrics: SyslogMetrics;
  readonly log: SyslogLog;
}

/**
 * Gathers messages into batches, by size and time, and delivers them. What the store refuses for now is delivered again until it takes it; `isFull` says that no more should be read
 * meanwhile. What it refuses for good (too old, too long) is counted by the distributor and gone.
 */
export class SyslogQueue {
  readonly #settings: SyslogQueueSettings;
  readonly #parts: SyslogQueueParts;
  readonly #bsd: BsdTime;
  #limits: Limits | null = null;
  #rules: SyslogRules;
  #batch: SyslogBatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #sealed: SyslogBatch[] = [];
  #underWay = 0;
  #bytes = 0;
  readonly #onRoom = new Set<() => void>();
  #idle: (() => void)[] = [];
  readonly #gaveUp = new AbortController();
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(settings: SyslogQueueSettings, parts: SyslogQueueParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#bsd = new BsdTime(new Zone(settings.timeZone));
    this.#rules = new SyslogRules([], settings.labels);
  }

  /** Bytes of messages that are here, and of their columns. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether enough is waiting: read no more until `onRoom`. */
  get isFull(): boolean {
    return this.#underWay >= underWayMax && (this.#sealed.length > 0 || (this.#batch?.messageBytes ?? 0) >= this.#settings.batchBytes / 2);
  }

  /** Calls back once when there is room. */
  onRoom(callback: () => void): void {
    this.#onRoom.add(callback);
  }

  forgetRoom(callback: () => void): void {
    this.#onRoom.delete(callback);
  }

  /** Takes a message in, however full it is. */
  add(bytes: Buffer, start: number, end: number, peer: string): void {
    this.#batch ??= this.#newBatch();
    this.#batch.add(bytes, start, end, peer, this.#parts.clock.nowNs());
    this.#bytes += end - start + messageCost;
    if (this.#batch.messageBytes >= this.#settings.batchBytes || this.#batch.isFull) this.#seal();
    else this.#timer ??= setTimeout(() => this.#seal(), this.#settings.batchDelayMs);
  }

  #newBatch(): SyslogBatch {
    const limits = this.#parts.limits.forTenant(this.#settings.tenant);
    if (limits !== this.#limits) {
      this.#limits = limits;
      this.#rules = new SyslogRules(limits.syslog_label_fields, this.#settings.labels);
    }
    return new SyslogBatch({ rules: this.#rules, limits: messageLimits(limits), bsd: this.#bsd, bytes: Math.min(this.#settings.batchBytes, 2 ** 20), bytesMax: this.#settings.batchBytes + this.#settings.frameBytesMax });
  }

  #seal(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#batch === null) return;
    this.#sealed.push(this.#batch);
    this.#batch = null;
    this.#next();
  }

  #next(): void {
    while (this.#underWay < underWayMax) {
      const batch = this.#sealed.shift();
      if (batch === undefined) break;
      this.#underWay++;
      void this.#deliver(batch).finally(() => {
        this.#underWay--;
        this.#bytes -= batch.messageBytes + batch.rows * messageCost;
        this.#next();
        if (!this.isFull) {
          const waiting = [...this.#onRoom];
          this.#onRoom.clear();
          for (const callback of waiting) callback();
        }
        if (this.#underWay === 0 && this.#sealed.length === 0 && this.#batch === null) for (const done of this.#idle.splice(0)) done();
      });
    }
  }

  /** Delivers a batch, in as many tries and pieces as it takes. */
  async #deliver(sealed: SyslogBatch): Promise<void> {
    const { batch, release } = sealed.finish();
    const pieces: RawBatch[] = [batch];
    let pauseMs = retryMsFirst;
    for (let piece = pieces[0]; piece !== undefined && !this.#gaveUp.signal.aborted; piece = pieces[0]) {
      const left = await this.#try(piece);
      if (left.rows.length === 0) {
        pieces.shift();
        pauseMs = retryMsFirst;
        continue;
      }
      const rest = left.rows.length === piece.rows ? piece : selectRows(piece, left.rows);
      // A batch that is larger than the tenant's burst would never be taken whole.
      pieces.splice(0, 1, ...(left.isTooFast && rest.rows > 1 ? halves(rest) : [rest]));
      await pause(Math.max(pauseMs, left.retryMs), this.#gaveUp.signal);
      pauseMs = Math.min(retryMsMax, pauseMs * 2);
    }
    const lost = pieces.reduce((sum, piece) => sum + piece.rows, 0);
    if (lost > 0) this.#parts.metrics.dropped(this.#settings.transport, 'stopped', lost);
    release();
  }

  /** Hands a batch to the store; which rows it may take later. */
  async #try(raw: RawBatch): Promise<{ readonly rows: readonly number[]; readonly isTooFast: boolean; readonly retryMs: number }> {
    const { target, metrics } = this.#parts;
    const decided = new Uint8Array(raw.rows);
    const later: number[] = [];
    try {
      const outcome = await target.push(this.#settings.tenant, raw, {
        protocol: 'syslog',
        onRefused: ({ firstRow, rows, reason }) => {
          for (let row = firstRow; row < firstRow + rows; row++) {
            if (decided[row] !== 0) continue;
            decided[row] = 1;
            if (errorCodes[reason].retryable) later.push(row);
          }
        },
      });
      metrics.batch(outcome.status);
      if (outcome.refusal !== null) this.#tell(outcome.refusal.code, outcome.refusal.message, outcome.refused);
      later.sort((a, b) => a - b);
      return { rows: later, isTooFast: outcome.refusal?.code === 'rate_limited', retryMs: (outcome.retryAfterSeconds ?? 0) * 1000 };
    } catch (error) {
      const code = isSpoorError(error) ? error.code : 'internal';
      metrics.batch(errorCodes[code].status);
      metrics.refused(code);
      this.#tell(code, error instanceof Error ? error.message : String(error), raw.rows);
      const retryable = !isSpoorError(error) || error.retryable;
      return { rows: retryable ? Array.from({ length: raw.rows }, (_, row) => row) : [], isTooFast: false, retryMs: 0 };
    }
  }

  #tell(code: string, reason: string, messages: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = nowMs;
    this.#parts.log.warn({ code, messages, transport: this.#settings.transport, tenant: this.#settings.tenant }, `syslog messages were refused: ${reason}`);
  }

  /** Delivers what is here; after `signal` aborts, what is not delivered is given up and counted. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#seal();
    if (this.#underWay === 0) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    const giveUp = (): void => this.#gaveUp.abort();
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    await idle;
    signal.removeEventListener('abort', giveUp);
  }
}

function halves(raw: RawBatch): readonly RawBatch[] {
  const rows = Array.from({ length: raw.rows }, (_, row) => row);
  const middle = Math.ceil(rows.length / 2);
  return [selectRows(raw, rows.slice(0, middle)), selectRows(raw, rows.slice(middle))];
}

function messageLimits(limits: Limits): MessageLimits {
  const { max_structured_metadata_entries_count: count, max_structured_metadata_size: size } = limits;
  const allowed = limits.allow_structured_metadata;
  return {
    pairsMax: allowed ? Math.min(60_000, count === 0 ? Number.POSITIVE_INFINITY : count) : 0,
    pairBytesMax: Math.min(pairBytesMax, size === 0 ? pairBytesMax : size),
    labelBytesMax: limits.max_label_value_length,
    levels: allowed && limits.discover_log_levels,
  };
}

/** Waits; not at all once `signal` aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
