import { isJoined, labelValue, originalTenantLabel, splitTenants, tenantLabel, withTenantLabel, type Matcher } from '../../model/mod.ts';
import { addStats, noStats } from '../functions/merge.ts';
import type { RangeAggregation } from '../plan/aggregation.ts';
import { compileMatcher } from '../regex/mod.ts';
import type { Batch, LogSource, OutputLabels, OutputRow, Partial, ScanStats, ScanTask } from '../source.ts';
import { streamOrder } from '../scan/mod.ts';
import type { RangeOp } from '../syntax/mod.ts';

/**
 * Answers scans of several tenants (`a|b`, see joinTenants) from a source that knows single ones: each is scanned at the same time, its labels get
 * `__tenant_id__`, rows are merged in order. A selector's matchers of `__tenant_id__` choose among the tenants, those of `original___tenant_id__` mean the streams' own
 * label of that name, as in Loki. Stages see neither: the label is added to what they leave. Scans of one tenant pass as they are.
 */
export class TenantsSource implements LogSource {
  readonly #source: LogSource;

  constructor(source: LogSource) {
    this.#source = source;
  }

  async *scan(task: ScanTask, signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    if (!isJoined(task.tenant)) {
      yield* this.#source.scan(task, signal);
      return;
    }
    const { tenants, matchers } = selectTenants(splitTenants(task.tenant), task.matchers);
    const failed = new AbortController();
    const both = AbortSignal.any([signal, failed.signal]);
    const label = task.output.kind === 'aggregate' ? keepsTenants(task.output.aggregation) : task.output.kind === 'log';
    const parts = tenants.map((tenant) => new TenantScan(tenant, label, this.#source.scan({ ...task, tenant, matchers }, both)));
    try {
      yield* task.output.kind === 'log' ? mergeRows(parts, task.output.direction, task.output.limit) : gather(parts);
    } finally {
      failed.abort();
      await Promise.allSettled(parts.map((part) => part.end()));
    }
  }

  async bytes(task: ScanTask, signal: AbortSignal): Promise<number> {
    const { tenants, matchers } = isJoined(task.tenant) ? selectTenants(splitTenants(task.tenant), task.matchers) : { tenants: [task.tenant], matchers: task.matchers };
    let bytes = 0;
    for (const tenant of tenants) bytes += (await this.#source.bytes?.({ ...task, tenant, matchers }, signal)) ?? 0;
    return bytes;
  }
}

/** Which tenants a selector means, and the matchers that are left for each. */
export function selectTenants(tenants: readonly string[], matchers: readonly Matcher[]): { readonly tenants: readonly string[]; readonly matchers: readonly Matcher[] } {
  const choosing = matchers.filter(({ name }) => name === tenantLabel).map(compileMatcher);
  return {
    tenants: tenants.filter((tenant) => choosing.every((matcher) => matcher.matches(tenant))),
    matchers: matchers.flatMap((matcher) => (matcher.name === tenantLabel ? [] : [matcher.name === originalTenantLabel ? { ...matcher, name: tenantLabel } : matcher])),
  };
}

/** Range aggregations whose values of several tenants are put together where their grouping drops the tenants' label; the values of others stay apart, as in Loki. */
const joiningOps: ReadonlySet<RangeOp> = new Set(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'sum_over_time', 'max_over_time', 'min_over_time']);

function keepsTenants({ op, grouping }: RangeAggregation): boolean {
  return !joiningOps.has(op) || grouping === null || grouping.labels.includes(tenantLabel) !== grouping.without;
}

/** The scan of one tenant. What comes of it has the tenant's label. */
class TenantScan {
  readonly #tenant: string;
  readonly #isLabelled: boolean;
  readonly #results: AsyncIterator<Batch | Partial>;
  #next: Promise<IteratorResult<Batch | Partial, unknown>> | undefined;
  /** What is left of the batch under way, for rows. */
  batch: Batch | undefined;
  /** streamOrder of the batch's label sets. */
  orders: readonly number[] = [];
  from = 0;
  isDone = false;

  constructor(tenant: string, isLabelled: boolean, results: AsyncIterable<Batch | Partial>) {
    this.#tenant = tenant;
    this.#isLabelled = isLabelled;
    this.#results = results[Symbol.asyncIterator]();
  }

  /** Begins to get the next result. */
  prepare(): void {
    if (this.isDone || this.#next !== undefined) return;
    this.#next = this.#results.next();
    // Whoever takes it hears of the failure; another tenant's may be thrown first.
    this.#next.catch(() => undefined);
  }

  /** The next result; null at the end. */
  async take(): Promise<Batch | Partial | null> {
    this.prepare();
    const next = await this.#next;
    this.#next = undefined;
    this.isDone = next?.done !== false;
    if (next === undefined || next.done === true) return null;
    if (next.value.kind === 'batch') this.orders = next.value.labels.map(({ origin, stream }) => streamOrder(origin ?? stream));
    return withTenant(next.value, this.#tenant, this.#isLabelled);
  }

  async end(): Promise<void> {
    await this.#results.return?.();
  }
}

function withTenant(result: Batch | Partial, tenant: string, isLabelled: boolean): Batch | Partial {
  if (result.kind === 'partial') {
    // Rows with errors are not grouped, and their series say whose they are.
    const series = result.series.map((one) => (isLabelled || labelValue(one.labels, '__error__') !== undefined ? { ...one, labels: withTenantLabel(one.labels, tenant) } : one));
    return { ...result, series };
  }
  return { ...result, labels: result.labels.map((labels) => withTenantLabels(labels, tenant)) };
}

/** A parser or metadata may have made a label of that name too; it counts as the row's original one. How both are shown is decided by who writes the answer. */
function withTenantLabels(labels: OutputLabels, tenant: string): OutputLabels {
  const made = [...labels.structuredMetadata, ...labels.parsed].findLast(({ name }) => name === tenantLabel);
  const stream = made === undefined ? labels.stream : [...labels.stream.filter(({ name }) => name !== tenantLabel), made];
  return { ...labels, stream: withTenantLabel(stream, tenant), tenant };
}

/** Everything, in the order in which it comes. */
async function* gather(parts: readonly TenantScan[]): AsyncGenerator<Batch | Partial> {
  for (const part of parts) part.prepare();
  for (const part of parts) {
    for (let result = await part.take(); result !== null; result = await part.take()) {
      part.prepare();
      yield result;
    }
  }
}

/** Rows of all scans by time, those of the same time by their streams, those of the same stream by tenant; at most `limit` (0: all). */
async function* mergeRows(parts: readonly TenantScan[], direction: 'forward' | 'backward', limit: number): AsyncGenerator<Batch> {
  const sign = direction === 'forward' ? 1 : -1;
  let stats: ScanStats = noStats;
  let left = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  for (;;) {
    for (const part of parts) if (part.batch === undefined) part.prepare();
    for (const part of parts) {
      while (part.batch === undefined && !part.isDone) {
        const result = await part.take();
        if (result?.kind !== 'batch') continue;
        stats = addStats(stats, result.stats);
        if (result.rows.length > 0) part.batch = result;
        part.from = 0;
      }
    }
    const live = parts.filter((part): part is TenantScan & { batch: Batch } => part.batch !== undefined);
    // Up to here every scan has said all it has; beyond it another one may have rows that come first.
    const horizon = live.map(({ batch }) => (batch.rows.at(-1) as OutputRow).timeNs).reduce<bigint | null>((a, b) => (a === null || (a - b) * BigInt(sign) > 0n ? b : a), null);
    const merged = horizon === null || left === 0 ? { labels: [], rows: [] } : takeUntil(live, horizon, sign, left);
    left -= merged.rows.length;
    if (merged.rows.length > 0 || stats !== noStats) yield { kind: 'batch', stats, ...merged };
    stats = noStats;
    if (horizon === null || left === 0) return;
  }
}

/** Takes the rows up to a time away from the batches. */
function takeUntil(live: readonly (TenantScan & { batch: Batch })[], horizon: bigint, sign: number, limit: number): Pick<Batch, 'labels' | 'rows'> {
  const labels: OutputLabels[] = [];
  const taken: { readonly row: OutputRow; readonly order: number; readonly tenant: number }[] = [];
  for (const [tenant, part] of live.entries()) {
    const { rows } = part.batch;
    const base = labels.length;
    labels.push(...part.batch.labels);
    for (let row = rows[part.from]; row !== undefined && (row.timeNs - horizon) * BigInt(sign) <= 0n; row = rows[part.from]) {
      taken.push({ row: { ...row, labels: base + row.labels }, order: part.orders[row.labels] ?? 0, tenant });
      part.from += 1;
    }
    if (part.from >= rows.length) (part as TenantScan).batch = undefined;
  }
  // The rows of one tenant are in order already, and sorting keeps the order of equal ones.
  taken.sort((a, b) => (a.row.timeNs === b.row.timeNs ? a.order - b.order || a.tenant - b.tenant : a.row.timeNs < b.row.timeNs ? -sign : sign));
  return { labels, rows: taken.slice(0, limit).map(({ row }) => row) };
}
