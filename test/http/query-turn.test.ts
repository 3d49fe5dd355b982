import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError, PushStream } from '../support/api.ts';
import { startInProcess, type InProcess } from '../support/in-process.ts';

const startNs = 1_768_435_200_000_000_000n;
const time = { time: startNs + 3_600_000_000_000n };
/** Slow in every stage: about a second of work for each 50,000 rows. */
const heavy = 'sum by (x) (count_over_time({app="load"} | label_format x=`{{ regexReplaceAll "(.*)[0-9]+(.*)" __line__ "" | trunc 1 }}` [2h]))';
const rowsPerPush = 5000;
let server: InProcess;

beforeAll(async () => {
  server = await startInProcess(
    'auth_enabled: true\nlimits: {reject_old_samples: false, discover_log_levels: false, discover_service_name: [], ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB}\n' +
      'overrides: {few: {max_outstanding_requests_per_tenant: 2}, small: {max_query_memory: 256KB}, hasty: {query_timeout: 50ms}}\n',
    { SPOOR_QUERIER_MAX_CONCURRENT: '1', SPOOR_QUERIER_QUEUE_LENGTH_MAX: '3' },
  );
  for (const tenant of ['a', 'few', 'small', 'hasty']) {
    for (let push = 0; push < 12; push++) {
      const values = Array.from({ length: rowsPerPush }, (_, i) => [String(startNs + BigInt((push * rowsPerPush + i) * 1000)), `row ${i} of ${push} says something long enough to look at for a while ${i * 7919}`] as const);
      await as(tenant).push([{ stream: { app: 'load' }, values }] satisfies PushStream[]);
    }
    await as(tenant).push([{ stream: { app: 'light' }, values: [[String(startNs), 'one row']] }]);
  }
});
afterAll(() => server.close());

function as(tenant: string): ReturnType<InProcess['as']> {
  return server.as({ 'x-scope-orgid': tenant });
}

interface Asked {
  readonly answer: Promise<{ readonly status: number; readonly retryAfter: string | null; readonly message: string }>;
  readonly stop: () => void;
}

/** Asks, and says how it was refused; 0 where the client went away. */
function ask(tenant: string, query = heavy): Asked {
  const stop = new AbortController();
  const answer = as(tenant)
    .text(`/loki/api/v1/query?${new URLSearchParams({ query, time: String(time.time) }).toString()}`, { signal: stop.signal })
    .then(() => ({ status: 200, retryAfter: null, message: '' }), (error: unknown) => {
      const { status, retryAfter, message } = error as Partial<ApiError>;
      return { status: status ?? 0, retryAfter: retryAfter ?? null, message: message ?? '' };
    });
  return { answer, stop: () => stop.abort() };
}

async function gauge(name: string): Promise<number> {
  return (await server.api.metrics()).get(name) ?? 0;
}

/** Waits until a gauge has a value; fails after a while. */
async function until(name: string, value: number): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if ((await gauge(name)) === value) return;
    await sleep(20);
  }
  expect([name, await gauge(name)]).toEqual([name, value]);
}

const inFlight = 'spoor_queries_in_flight{queue="query"}';
const waiting = 'spoor_query_queue_length{queue="query"}';

/** Nothing is left of any query. */
async function idle(): Promise<void> {
  for (const name of [inFlight, waiting, 'spoor_querier_scans', 'spoor_querier_units_waiting', 'spoor_querier_read_bytes']) await until(name, 0);
}

describe('queries that wait', () => {
  it('are answered, later; 429 comes only where the queue is full, and says which', async () => {
    const running = ask('a');
    await until(inFlight, 1);
    const queued = [ask('a'), ask('a'), ask('a')];
    await until(waiting, 3);
    expect(await ask('a').answer).toEqual({ status: 429, retryAfter: '1', message: '429: too many outstanding requests (querier.queue_length_max: 3)\n' });
    // A tenant that has nothing running waits for nobody, and log queries and lookups have queues of their own.
    expect((await ask('small', 'sum(count_over_time({app="light"}[2h]))').answer).status).toBe(200);
    expect(await as('a').lines('{app="light"}', { start: startNs, end: startNs + 1n })).toEqual(['one row']);
    for (const { answer } of [running, ...queued]) expect((await answer).status).toBe(200);
    await idle();
    expect(await gauge('spoor_queries_refused_total{queue="query",limit="querier.queue_length_max"}')).toBe(1);
    expect(await gauge('spoor_query_queue_wait_seconds_count{queue="query"}')).toBe(5);
  });

  it('are held to max_outstanding_requests_per_tenant', async () => {
    const running = [ask('few'), ask('few')];
    await until(waiting, 1);
    expect(await ask('few').answer).toEqual({ status: 429, retryAfter: '1', message: '429: too many outstanding requests (max_outstanding_requests_per_tenant: 2)\n' });
    for (const { answer } of running) expect((await answer).status).toBe(200);
    await idle();
  });

  it('leave when their clients do, and those that run stop', async () => {
    const running = ask('a');
    await until('spoor_querier_scans', 1);
    const queued = ask('a');
    await until(waiting, 1);
    queued.stop();
    expect((await queued.answer).status).toBe(0);
    await until(waiting, 0);
    expect(await gauge(inFlight)).toBe(1);
    running.stop();
    expect((await running.answer).status).toBe(0);
    await idle();
    // The lanes are free.
    expect(await as('a').number('sum(count_over_time({app="light"}[2h]))', time)).toBe(1);
  });

  it('count the wait against query_timeout', async () => {
    const others = [ask('hasty'), ask('hasty')];
    for (const { answer } of others) expect(await answer).toMatchObject({ status: 504, message: expect.stringContaining('request timed out') as string });
    await idle();
  });
});

describe('memory of a query', () => {
  it.each([
    ['rows', '/loki/api/v1/query_range', { query: '{app="load"}', limit: 5000, start: startNs, end: startNs + 3_600_000_000_000n }],
    ['series', '/loki/api/v1/query', { query: 'sum(count by (x) (count_over_time({app="load"} | label_format x=`{{ __line__ }}` [2h])))', ...time }],
    ['samples', '/loki/api/v1/query', { query: 'quantile_over_time(0.5, {app="load"} | pattern `<_> <n> <_>` | unwrap n | __error__="" [2h]) by (app)', ...time }],
    ['points', '/loki/api/v1/query_range', { query: '1234'.replaceAll(/./g, ' or label_replace(vector(1), "a", "$&", "", "")').slice(4), step: 1, start: startNs, end: startNs + 10_000_000_000_000n }],
  ])('is bounded: %s', async (_what, path, values) => {
    const refused = await as('small').get(path, values).then(() => null, (error: unknown) => error as ApiError);
    expect([refused?.status, refused?.message]).toEqual([400, expect.stringContaining('the query would hold more than 262144 bytes of memory (max_query_memory)')]);
    await idle();
  });
});
