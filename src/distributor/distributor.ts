import { BufferPool } from '../bytes/mod.ts';
import { recordId, type Journal, type RecordBuilder } from '../journal/mod.ts';
import { errorCodes, SpoorError, type Clock, type LimitsSource } from '../model/mod.ts';
import { runInSlices, type RawBatch } from '../protocols/mod.ts';
import { planPush, type Plan, type PlanRules } from './plan.ts';
import { noPushMetrics, type AppliedTracker, type PushGate, type PushMetrics, type PushOptions, type StreamRegistry } from './ports.ts';
import { Rates } from './rates.ts';
import { Refusals } from './refusals.ts';
import { LabelResolver } from './resolve-labels.ts';
import { StreamAdmission } from './stream-admission.ts';

/** Memory of records that is kept to be used again. */
const recordPoolBytes = 24 * 2 ** 20;

/** What a distributor works with. */
export interface DistributorParts {
  readonly journal: Pick<Journal, 'append'>;
  /** Number of partitions of the journal; must not change while it holds records. */
  readonly partitions: number;
  readonly applied: AppliedTracker;
  readonly streams: StreamRegistry;
  readonly gate: PushGate;
  readonly limits: LimitsSource;
  readonly clock: Clock;
  readonly metrics?: PushMetrics;
}

/** The answer to a push. Entries that it does not name are stored, durable and queryable. */
export interface PushOutcome {
  /** HTTP status: 204, or that of `refusal` (a tenant may set its own for blocked ingestion, such as 260). */
  readonly status: number;
  /** What was refused, in Loki's words. */
  readonly refusal: SpoorError | null;
  /** Seconds after which a retry can succeed; null where none can, or nothing was refused. For the header Retry-After. */
  readonly retryAfterSeconds: number | null;
  /** Entries that are stored, and how many were refused. */
  readonly stored: number;
  readonly refused: number;
}

/**
 * Takes pushes in: checks them against the tenant's limits, discovers labels, appends what is good to the journal, and answers when that can be queried.
 */
export class Distributor {
  readonly #parts: DistributorParts;
  readonly #metrics: PushMetrics;
  readonly #resolver = new LabelResolver();
  readonly #admission: StreamAdmission;
  readonly #tenantRates: Rates;
  readonly #streamRates: Rates;
  readonly #pool = new BufferPool(recordPoolBytes);

  constructor(parts: DistributorParts) {
    this.#parts = parts;
    this.#metrics = parts.metrics ?? noPushMetrics;
    this.#admission = new StreamAdmission(parts.streams);
    this.#tenantRates = new Rates(parts.clock);
    this.#streamRates = new Rates(parts.clock);
  }

  /**
   * Stores a push. Resolves with what was refused of it once the rest is in the journal on all partitions and applied by the ingesters. Rejects with a
   * SpoorError where the push failed as a whole: the gate's, the journal's (retry it unchanged: what was stored already is not stored again),
   * `push_backfill`. Releases `raw`, unless it rejects.
   */
  async push(tenant: string, raw: RawBatch, options: PushOptions = {}): Promise<PushOutcome> {
    this.#parts.gate.check();
    const { signal } = options;
    const refusals = new Refusals(tenant, this.#metrics, options);
    this.#metrics.received(tenant, options.protocol ?? 'loki', raw.rows, receivedBytes(raw));
    if (raw.streams.length === 0) return refused(new SpoorError('no_valid_stream'), refusals);
    const held: string[] = [];
    try {
      const rules = this.#rules(tenant, options.policy ?? '', refusals, held);
      const plan = await runInSlices(planPush(raw, rules), signal);
      raw.release();
      const overRate = this.#charge(plan, rules, raw.rows);
      if (overRate !== null) return overRate;
      signal?.throwIfAborted();
      await this.#store(plan, signal);
      return this.#outcome(plan, rules);
    } finally {
      refusals.report();
      this.#admission.release(tenant, held);
    }
  }

  #rules(tenant: string, policy: string, refusals: Refusals, held: string[]): PlanRules {
    const limits = this.#parts.limits.forTenant(tenant);
    const { per_stream_rate_limit: rate, per_stream_rate_limit_burst: burst } = limits;
    return {
      tenant,
      limits,
      partitions: this.#parts.partitions,
      nowNs: this.#parts.clock.nowNs(),
      resolver: this.#resolver,
      policy,
      pool: this.#pool,
      refusals,
      admit: (stream) => this.#admission.admit(tenant, stream.key, limits, held),
      allow: (stream, bytes) => rate === 0 || this.#streamRates.waitMs(tenant, stream.key, bytes, rate, Math.max(rate, burst)) === 0,
      cut: (entries, bytes) => this.#metrics.mutated(tenant, 'line_too_long', entries, bytes),
    };
  }

  /** Charges the tenant's rate, or refuses the whole push; then the rates of its streams. */
  #charge(plan: Plan, { tenant, limits, refusals }: PlanRules, rows: number): PushOutcome | null {
    if (plan.chargedEntries === 0) return null;
    const rate = limits.ingestion_rate_mb * 2 ** 20;
    const burst = limits.ingestion_burst_size_mb * 2 ** 20;
    const waitMs = this.#tenantRates.waitMs('', tenant, plan.chargedBytes, rate, burst);
    if (waitMs > 0) {
      refusals.count('rate_limited', plan.entries, plan.chargedBytes);
      const details = { tenant, limit: Math.trunc(rate), lines: plan.chargedEntries, bytes: plan.chargedBytes };
      refusals.rows('rate_limited', details, 0, rows);
      return refused(new SpoorError('rate_limited', details), refusals, Number.isFinite(waitMs) ? Math.max(1, Math.ceil(waitMs / 1000)) : 1);
    }
    this.#tenantRates.take('', tenant, plan.chargedBytes, rate, burst);
    const { per_stream_rate_limit: streamRate, per_stream_rate_limit_burst: streamBurst } = limits;
    if (streamRate > 0) {
      for (const { stream, bytes } of plan.streams) this.#streamRates.take(tenant, stream.key, bytes, streamRate, Math.max(streamRate, streamBurst));
    }
    return null;
  }

  /** Appends all records, and waits until all are applied. */
  async #store(plan: Plan, signal: AbortSignal | undefined): Promise<void> {
    const pending: Promise<{ readonly error: unknown } | null>[] = [];
    let failed = false;
    for (const { partition, builder } of plan.records) {
      if (failed) break;
      pending.push(
        this.#append(partition, builder, signal).then(
          () => null,
          (error: unknown) => {
            failed = true;
            return { error };
          },
        ),
      );
      // Hashing a large record takes milliseconds: let others in between.
      if (plan.records.length > 1) await new Promise<void>((resolve) => { setImmediate(resolve); });
    }
    for (const result of await Promise.all(pending)) if (result !== null) throw result.error;
  }

  async #append(partition: number, builder: RecordBuilder, signal: AbortSignal | undefined): Promise<void> {
    const data = builder.finish();
    const { position } = await this.#parts.journal.append(partition, data, recordId(data), () => builder.release());
    await unlessAborted(this.#parts.applied.applied(partition, position), signal);
  }

  #outcome(plan: Plan, { limits, refusals }: PlanRules): PushOutcome {
    const done = { stored: plan.entries, refused: refusals.entries, retryAfterSeconds: null };
    // What a retry can store comes before what it cannot, as in Loki.
    for (const [code, details] of [['stream_limit', plan.overStreamLimit], ['per_stream_rate_limit', plan.overStreamRate]] as const) {
      if (details === undefined) continue;
      const refusal = new SpoorError(code, details);
      return { ...done, status: refusal.status, refusal, retryAfterSeconds: 1 };
    }
    const refusal = refusals.error();
    if (refusal !== undefined) return { ...done, status: refusal.status, refusal };
    if (plan.blocked !== undefined) return { ...done, status: limits.block_ingestion_status_code, refusal: new SpoorError(plan.blocked.code, plan.blocked.details) };
    return { ...done, status: 204, refusal: null };
  }
}

/** The status of an answer that stored nothing. */
function refused(refusal: SpoorError, refusals: Refusals, retryAfterSeconds: number | null = null): PushOutcome {
  return { status: errorCodes[refusal.code].status, refusal, retryAfterSeconds, stored: 0, refused: refusals.entries };
}

function receivedBytes(raw: RawBatch): number {
  let bytes = 0;
  for (let row = 0; row < raw.rows; row++) bytes += raw.lineLength[row]!;
  for (let at = 0; at < raw.pairs.length; at += 4) bytes += raw.pairs[at + 1]! + raw.pairs[at + 3]!;
  return bytes;
}

/** The promise, or the reason of `signal` once that aborts. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const abort = Promise.withResolvers<never>();
  const onAbort = (): void => abort.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, abort.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
