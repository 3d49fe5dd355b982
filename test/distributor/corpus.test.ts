import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { defaultLimits, isSpoorError, limitSpecs, parseConfigSize, parseDuration, parseRfc3339, type LimitName, type Limits } from '../../src/model/mod.ts';
import { betterThanLoki } from '../ingest/list.ts';
import { Harness, type StoredEntry } from './harness.ts';

/** What the recorded cases need of the corpus' own runner. */
interface Runner {
  loadCases(folders: string[]): Case[];
  tenantOf(c: Case): string;
  wire(request: Request, base: bigint): Buffer;
  newBase(): bigint;
  expandStored(c: Case, base: bigint): Row[];
  diff(want: Row[], got: Row[], from: bigint, to: bigint): { missing: Row[]; extra: Row[] };
}
interface Request {
  method?: string;
  path: string;
  headers: Record<string, string>;
  noTenant?: boolean;
  status?: number;
}
interface Case {
  id: string;
  group: string;
  profile: string;
  setup?: Request[];
  request: Request;
  expect: { status: number; statusAlso?: number[]; body: string; stored?: unknown };
}
interface Row {
  labels: Record<string, string>;
  ts: string;
  line: string;
  structuredMetadata: Record<string, string>;
}

const folder = fileURLToPath(new URL('../../../shared/ingest/', import.meta.url));
const groups = ['push-json', 'push-pb', 'push-http', 'push-limits', 'discover', 'cap-default', 'cap-off', 'cap-bigline', 'wire'];

const base = { ingestion_rate_mb: 500, ingestion_burst_size_mb: 500, per_stream_rate_limit: 500 * 2 ** 20, per_stream_rate_limit_burst: 500 * 2 ** 20 };

function limitsOf(profile: Record<string, unknown>): Limits {
  const limits: Record<string, unknown> = { ...defaultLimits, ...base };
  for (const [name, value] of Object.entries(profile)) {
    const kind = name in limitSpecs ? limitSpecs[name as LimitName].kind : undefined;
    limits[name] = kind === 'lists' ? new Map(Object.entries((value as { fields: Record<string, string[]> }).fields)) : kind === 'size' && typeof value === 'string' ? parseConfigSize(value) : kind === 'duration' ? parseDuration(String(value)) : kind === 'time' ? parseRfc3339(String(value)) : value;
  }
  return limits as unknown as Limits;
}

/** What a query of Loki shows of it: equal entries once, metadata named as a label renamed, and no stream that holds nothing but empty lines. */
function readBack(entries: StoredEntry[]): Row[] {
  const rows = new Map<string, Row>();
  const visible = new Set(entries.filter((entry) => entry.line !== '' || Object.keys(entry.metadata).length > 0).map((entry) => JSON.stringify(entry.labels)));
  for (const entry of entries) {
    if (!visible.has(JSON.stringify(entry.labels))) continue;
    const structuredMetadata = Object.fromEntries(Object.entries(entry.metadata).map(([name, value]) => [name in entry.labels ? `${name}_extracted` : name, value]));
    const row = { labels: { ...entry.labels }, ts: String(entry.timeNs), line: entry.line, structuredMetadata };
    rows.set(JSON.stringify(row), row);
  }
  return [...rows.values()];
}

describe.skipIf(!existsSync(folder))('recorded pushes', async () => {
  if (!existsSync(folder)) return;
  const runner = (await import(pathToFileURL(`${folder}run.mjs`).href)) as Runner;
  const profiles = JSON.parse(readFileSync(`${folder}settings/profiles.json`, 'utf8')) as Record<string, Record<string, unknown>>;
  // Other paths and methods belong to HTTP and to other protocols; what spoor answers better is stated in test/ingest.
  const better = new Set(betterThanLoki().map(({ id }) => id));
  const cases = runner.loadCases([`${folder}cases`]).filter((c) =>
    groups.includes(c.group) && c.request.path === '/loki/api/v1/push' && (c.request.method ?? 'POST') === 'POST' && c.request.noTenant !== true && !better.has(c.id));

  test('are many', () => {
    expect(cases.length).toBeGreaterThan(250);
  });

  const send = async (harness: Harness, tenant: string, request: Request, now: bigint): Promise<{ status: number; body: string }> => {
    const header = (name: string) => Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1];
    try {
      const outcome = await harness.push(tenant, {
        body: runner.wire(request, now), contentType: header('content-type'), contentEncoding: header('content-encoding'), backfillShard: header('x-loki-backfill-shard'),
      });
      return { status: outcome.status, body: outcome.refusal?.message ?? '' };
    } catch (error) {
      if (!isSpoorError(error)) throw error;
      return { status: error.status, body: error.message };
    }
  };

  test.for(cases)('$id', async (c) => {
    const now = runner.newBase();
    const harness = new Harness(limitsOf(profiles[c.profile]!), { nowNs: now + 30_000_000_000n });
    const tenant = runner.tenantOf(c);
    for (const request of c.setup ?? []) expect((await send(harness, tenant, request, now)).status).toBe(request.status ?? 204);
    const answer = await send(harness, tenant, c.request, now);
    const differs: string[] = [];
    if (answer.status !== c.expect.status && !(c.expect.statusAlso ?? []).includes(answer.status)) differs.push(`status ${answer.status}, want ${c.expect.status}: ${answer.body}`);
    if (c.expect.stored !== null) {
      const { missing, extra } = runner.diff(runner.expandStored(c, now), readBack(harness.stored(tenant)), now, now + 60_000_000_000n);
      if (missing.length > 0) differs.push(`${missing.length} missing, such as ${JSON.stringify(missing[0])}`);
      if (extra.length > 0) differs.push(`${extra.length} too many, such as ${JSON.stringify(extra[0])}`);
    }
    expect(differs).toEqual([]);
  });
});
