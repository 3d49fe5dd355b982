import type { IndexReader, IndexStats } from '../index/mod.ts';
import { formatLabels, isJoined, labelValue, splitTenants, tenantLabel, withTenantLabel, type LabelSet } from '../model/mod.ts';
import { LabelQuerier, type LabelQuery } from './labels.ts';
import type { SnapshotSource } from './ports.ts';

/**
 * LabelQuerier for several tenants too (`a|b`, see joinTenants): each is asked, the answers are joined, with `__tenant_id__` where labels are answered. Unlike in
 * queries, matchers of that label mean a label of the streams here, as in Loki.
 */
export class TenantLabelQuerier extends LabelQuerier {
  readonly #severalTenants: boolean;

  /** @param severalTenants whether queries of several tenants are answered; only then `__tenant_id__` has values */
  constructor(snapshots: SnapshotSource, index: IndexReader, severalTenants: boolean) {
    super(snapshots, index);
    this.#severalTenants = severalTenants;
  }

  override async names(query: LabelQuery, signal: AbortSignal): Promise<string[]> {
    if (!isJoined(query.tenant)) return super.names(query, signal);
    return union([...(await forEach(query, (one) => super.names(one, signal))), [tenantLabel]]);
  }

  override async values(name: string, query: LabelQuery, signal: AbortSignal): Promise<string[]> {
    if (this.#severalTenants && name === tenantLabel) return [...splitTenants(query.tenant)];
    if (!isJoined(query.tenant)) return super.values(name, query, signal);
    return union(await forEach(query, (one) => super.values(name, one, signal)));
  }

  /** A series that has a label of the tenants' name keeps it, as in Loki. */
  override async series(queries: readonly LabelQuery[], signal: AbortSignal): Promise<LabelSet[]> {
    const tenants = new Set(queries.flatMap(({ tenant }) => splitTenants(tenant)));
    if (tenants.size <= 1) return super.series(queries, signal);
    const found = new Map<string, LabelSet>();
    for (const tenant of tenants) {
      const own = queries.filter((query) => splitTenants(query.tenant).includes(tenant)).map((query) => ({ ...query, tenant }));
      for (const series of await super.series(own, signal)) {
        const labels = labelValue(series, tenantLabel) === undefined ? withTenantLabel(series, tenant) : series;
        found.set(formatLabels(labels), labels);
      }
    }
    return [...found.values()];
  }

  override async stats(query: LabelQuery, signal: AbortSignal): Promise<IndexStats> {
    if (!isJoined(query.tenant)) return super.stats(query, signal);
    const all = await forEach(query, (one) => super.stats(one, signal));
    const sum = (pick: (stats: IndexStats) => number): number => all.reduce((total, stats) => total + pick(stats), 0);
    return { streams: sum(({ streams }) => streams), chunks: sum(({ chunks }) => chunks), rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes) };
  }
}

/** Asks for each tenant of a query in turn. */
async function forEach<Answer>(query: LabelQuery, ask: (query: LabelQuery) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const tenant of splitTenants(query.tenant)) answers.push(await ask({ ...query, tenant }));
  return answers;
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
