import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanExplanation } from '../../../src/querier/mod.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
const dayNs = 86_400_000_000_000n;
/** Noon, two days before yesterday. */
const noonNs = (BigInt(Date.now()) * 1_000_000n / dayNs - 3n) * dayNs + dayNs / 2n;
const range = { start: String(noonNs), end: String(noonNs + 600_000_000_000n) };
const wide = { start: String(noonNs - dayNs), end: String(noonNs + 2n * dayNs) };

interface Node {
  readonly operator: string;
  readonly read?: number;
  readonly inputs?: readonly Node[];
  readonly [detail: string]: unknown;
}
interface Explained {
  readonly query: string;
  readonly plan: Node;
  readonly reads: readonly (ScanExplanation & { readonly selector: string; readonly columns: readonly string[]; readonly stages: readonly { readonly stage: string; readonly over: string }[] })[];
  readonly analyzed?: Readonly<Record<string, number>>;
}

beforeAll(async () => {
  server = await startInProcess('limits: {reject_old_samples: false}');
  const stream = (app: string, day: bigint): { stream: Record<string, string>; values: [string, string][] } => ({
    stream: { app },
    values: Array.from({ length: 100 }, (_, n) => [String(noonNs + day * dayNs + BigInt(n) * 1_000_000_000n), `level=info n=${n}`]),
  });
  await server.api.push([stream('a', 0n), stream('b', 0n), stream('c', 0n), stream('a', 1n)]);
  await server.api.flush();
  await server.api.push([{ stream: { app: 'a' }, values: [[String(noonNs + 500_000_000_000n), 'level=warn n=500']] }, { stream: { app: 'b' }, values: [[String(noonNs), 'late']] }]);
});
afterAll(() => server.close());

const explain = async (values: Readonly<Record<string, string | number>>): Promise<Explained> => (await server.api.get<{ data: Explained }>('/spoor/api/v1/explain', values)).data;

describe('explain', () => {
  it('tells the plan of a log query, what would be read, and what not for which reason', async () => {
    const { query, plan, reads, analyzed } = await explain({ query: '{app="a"}|="info"|logfmt|n>5', ...range, limit: 7, direction: 'forward' });
    expect(query).toBe('{app="a"} |= "info" | logfmt | n>5');
    expect(plan).toEqual({ operator: 'rows', direction: 'forward', limit: 7, read: 0 });
    expect(analyzed).toBeUndefined();
    const [read] = reads;
    expect(read!.selector).toBe('{app="a"}');
    expect(read!.stages).toEqual([
      { stage: '|= "info"', over: 'blocks of lines' },
      { stage: '| logfmt', over: 'rows' },
      { stage: '| n>5', over: 'rows' },
    ]);
    expect(read!.columns).toEqual(['order', 'lines', 'metadata']);
    const { files, chunks, streams } = read!.index;
    // Two days have index files, of each partition that has streams of it.
    expect(files.considered).toBeGreaterThan(files.read);
    expect(files.pruned).toEqual({ time: files.considered - files.read });
    expect(streams).toEqual({ considered: 3, pruned: { labels: 2, time: 0 }, read: 1 });
    expect(chunks).toEqual({ considered: 3, pruned: { labels: 2, time: 0, counted: 0 }, read: 1 });
    expect(read).toMatchObject({ segments: { read: 1 }, rowGroups: { read: 1 }, rows: 101 });
    expect(read!.heads).toMatchObject({ streams: { considered: 2, pruned: { labels: 1, time: 0 }, read: 1 }, rows: 1 });
    expect(read!.units.mayEndEarly).toBe(true);
  });

  it('counts what time leaves out', async () => {
    const early = { start: range.start, end: String(noonNs + 1n) };
    const [read] = (await explain({ query: '{app=~"a|b"}', ...early })).reads;
    expect(read!.heads.streams).toEqual({ considered: 2, pruned: { labels: 0, time: 1 }, read: 1 });
    const [all] = (await explain({ query: '{app="a"}', ...wide })).reads;
    expect(all!.index.files.pruned).toEqual({ time: 0 });
    expect(all!.rows).toBe(201);
    // Rows of heads that overlap those of segments are merged with them.
    const [merged] = (await explain({ query: '{app="b"}', ...wide })).reads;
    expect(merged!.units.merge).toBe(1);
    const [nothing] = (await explain({ query: '{app="a"}', start: 1, end: 2 })).reads;
    expect(nothing).toMatchObject({ rows: 0, bytes: 0, units: { plain: 0, merge: 0 } });
  });

  it('tells the operators of metric queries, and what goes down to where the rows are', async () => {
    const { plan, reads } = await explain({ query: 'topk(2, sum by (app) (rate({app=~".+"} | logfmt [5m]))) / on () group_left sum(count_over_time({app="a"}[1m]))', time: range.end });
    expect(plan.operator).toBe('vector');
    const [join] = plan.inputs!;
    expect(join!.operator).toBe('/');
    const [left, right] = join!.inputs!;
    expect([left!.operator, left!.inputs![0]!.operator]).toEqual(['topk', 'sum']);
    expect(left!.inputs![0]!.inputs![0]).toMatchObject({ operator: 'rate', rangeNs: '300000000000', pushedDown: 'by (app)', parsers: 'for app', read: 0 });
    expect(right!.inputs![0]).toMatchObject({ operator: 'count_over_time', read: 1, parsers: expect.stringContaining('not run') });
    expect(reads.map(({ columns }) => columns)).toEqual([expect.arrayContaining(['lines']), []]);
    expect((await explain({ query: 'rate({app="a"}[5m]) > 2', ...range, step: 60 })).plan).toMatchObject({ operator: 'matrix', stepNs: '60000000000', inputs: [{ operator: '>', value: 2 }] });
  });

  it('runs the query where asked, and says what it cost', async () => {
    const { analyzed } = await explain({ query: 'sum(count_over_time({app="a"}[2d]))', time: String(noonNs + dayNs + 200_000_000_000n), analyze: 'true' });
    expect(analyzed).toMatchObject({ resultType: 'vector', rows: 201, rowsMatched: 201, returned: 1, chunks: 0, chunksCounted: 2, headChunks: 1, headRows: 1 });
    // Where a line has to be looked at, the index alone does not do.
    const { analyzed: opened, reads } = await explain({ query: 'sum(count_over_time({app="a"} |= "level" [2d]))', time: String(noonNs + dayNs + 200_000_000_000n), analyze: 'true' });
    expect(opened).toMatchObject({ rows: 201, chunks: 2, chunksCounted: 0 });
    expect(opened!['storedBytes']).toBeGreaterThan(100);
    expect(opened!['storeRequests']).toBeGreaterThan(2);
    expect(opened!['storeBytes']).toBeGreaterThanOrEqual(opened!['storedBytes'] as number);
    expect(opened).toMatchObject({ cacheHits: 0, cacheBytes: 0 });
    expect(opened!['indexMs']).toBeGreaterThan(0);
    expect(reads[0]!.index.chunks).toMatchObject({ read: 2, pruned: { counted: 0 } });
    // 199 lines of 14 or 15 bytes and more, counted although no line was opened.
    expect(analyzed!['bytes']).toBeGreaterThan(201 * 14);
    expect(analyzed!['elapsedMs']).toBeGreaterThan(0);
  });

  it('refuses what the query would be refused for', async () => {
    await expect(explain({ query: '{app="a"', ...range })).rejects.toMatchObject({ status: 400 });
    await expect(explain({ query: '{app="a"}', ...range, limit: 100_000 })).rejects.toThrow(/max entries limit/);
    await expect(explain({ query: '{app="a"}', ...range, analyze: 'perhaps' })).rejects.toThrow(/'analyze'/);
  });
});

describe('statistics of an answer', () => {
  it("have Loki's names, and count also where no line is opened", async () => {
    const { data } = await server.api.get<{ data: { stats: { summary: Record<string, number>; querier: { store: Record<string, number> }; ingester: Record<string, number>; spoor: Record<string, number> } } }>(
      '/loki/api/v1/query', { query: 'sum(count_over_time({app="a"}[2d]))', time: String(noonNs + dayNs + 200_000_000_000n) },
    );
    const { summary, querier, ingester, spoor } = data.stats;
    expect(summary).toMatchObject({ totalLinesProcessed: 201, totalEntriesReturned: 1, totalPostFilterLines: 201 });
    expect(summary['totalBytesProcessed']).toBeGreaterThan(201 * 14);
    expect(querier.store).toMatchObject({ totalChunksRef: 2, totalChunksDownloaded: 0 });
    expect(ingester).toMatchObject({ totalReached: 1, totalChunksMatched: 1 });
    expect(spoor).toMatchObject({ chunksCounted: 2, headChunks: 1, headRows: 1 });
  });
});
