import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError, form, type AnsweredSeries } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

const config = `
auth_enabled: true
overrides:
  hurried: {query_timeout: 1ms}
  busy: {ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB}
  narrow: {max_query_series: 3}
`;
let server: InProcess;
const second = 1_000_000_000n;
/** A whole minute some minutes ago. */
const startNs = (BigInt(Date.now()) / 60_000n - 30n) * 60n * second;
const endNs = startNs + 600n * second;
const at = (seconds: number): string => String(startNs + BigInt(seconds) * second);
const range = { start: String(startNs), end: String(endNs) };

beforeAll(async () => {
  server = await startInProcess(config);
  const api = server.as({ 'x-scope-orgid': 't' });
  const line = (n: number): readonly [string, string, Record<string, string>] => [at(n * 10), `{"n":${n},"level":"${n % 3 === 0 ? 'error' : 'info'}","ms":${n * 1.5}}`, { user: `u${n % 2}` }];
  await api.push([{ stream: { app: 'shop', pod: 'a' }, values: Array.from({ length: 20 }, (_, n) => line(n)) }]);
  await server.api.flush();
  await api.push([{ stream: { app: 'shop', pod: 'b' }, values: Array.from({ length: 20 }, (_, n) => line(n + 20)) }]);
});
afterAll(() => server.close());

const api = () => server.as({ 'x-scope-orgid': 't' });

/** Where each text begins; throws where one is missing. */
function places(text: string, parts: readonly string[]): number[] {
  return parts.map((part) => {
    const place = text.indexOf(part);
    if (place < 0) throw new Error(`${part} is not in ${text.slice(0, 500)}`);
    return place;
  });
}

describe('query_range', () => {
  it('answers log queries in both directions, from heads and segments', async () => {
    const backward = await api().streams('{app="shop"}', { ...range, limit: 25 });
    expect(backward.map(({ stream }) => stream['pod'])).toEqual(expect.arrayContaining(['a', 'b']));
    const rows = backward.flatMap(({ values }) => values.map(([time]) => BigInt(time)));
    expect(rows.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(Array.from({ length: 25 }, (_, i) => BigInt(at((15 + i) * 10))));
    const forward = await api().lines('{app="shop"} | json', { ...range, limit: 3, direction: 'forward' });
    expect(forward.map((text) => (JSON.parse(text) as { n: number }).n).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it('answers GET and POST alike, parameters in the URL or in a form', async () => {
    const values = { query: '{app="shop"} | json | n > 10', ...range, limit: 3, direction: 'FORWARD' };
    const ask = async (path: string, init?: RequestInit): Promise<unknown> => {
      const answer = JSON.parse(await api().text(path, init)) as { data: { result: unknown } };
      return answer.data.result;
    };
    const get = await ask(`/loki/api/v1/query_range?${form(values)}`);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await ask('/loki/api/v1/query_range', { method: 'POST', headers, body: form(values) })).toEqual(get);
    expect(await ask('/loki/api/v1/query_range', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }, body: form(values) })).toEqual(get);
    const { query, ...rest } = values;
    expect(await ask(`/loki/api/v1/query_range?${form(rest)}`, { method: 'POST', headers, body: form({ query }) })).toEqual(get);
  });

  it.each([
    ['ns', String(startNs), String(endNs)],
    ['seconds', String(startNs / second), String(endNs / second)],
    ['float seconds', `${startNs / second}.000`, `${endNs / second}.0`],
    ['RFC 3339', new Date(Number(startNs / 1_000_000n)).toISOString(), new Date(Number(endNs / 1_000_000n)).toISOString()],
  ])('takes times as %s', async (_name, start, end) => {
    expect(await api().lines('{app="shop"}', { start, end })).toHaveLength(40);
  });

  it("writes keys in the order that Grafana's decoder needs", async () => {
    const text = await api().text(`/loki/api/v1/query_range?${form({ query: '{app="shop"} | json', ...range })}`);
    const order = places(text, ['{"status":"success"', '"data":{', '"resultType":"streams"', '"result":[', '{"stream":{', '"values":[', '"stats":{']);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(text.startsWith('{"status":"success","data":{"resultType":"streams","result":[{"stream":{')).toBe(true);
    const { data } = JSON.parse(text) as { data: { result: Record<string, unknown>[]; stats: Record<string, Record<string, number>> } };
    for (const stream of data.result) {
      expect(Object.keys(stream)).toEqual(['stream', 'values']);
      for (const value of stream['values'] as unknown[][]) {
        expect(value).toHaveLength(2);
        expect(value[0]).toMatch(/^\d{19}$/);
      }
    }
    expect(data.stats['summary']).toMatchObject({ totalLinesProcessed: 40, totalEntriesReturned: 40 });
    expect(data.stats['summary']?.['execTime']).toBeGreaterThan(0);
    // Without the flag labels of every kind are in `stream`.
    expect(data.result[0]?.['stream']).toMatchObject({ app: 'shop', user: expect.any(String) as string, ms: expect.any(String) as string });
  });

  it('tells labels apart where the request asks for it', async () => {
    const text = await api().text(`/loki/api/v1/query_range?${form({ query: '{app="shop"} | json', ...range })}`, { headers: { 'x-loki-response-encoding-flags': 'categorize-labels' } });
    expect(text.startsWith('{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[{"stream":{')).toBe(true);
    const { data } = JSON.parse(text) as { data: { result: { stream: Record<string, string>; values: [string, string, Record<string, Record<string, string>>][] }[] } };
    expect(data.result).toHaveLength(2);
    for (const { stream, values } of data.result) {
      expect(Object.keys(stream).toSorted()).toEqual(['app', 'pod', 'service_name']);
      expect(values).toHaveLength(20);
      for (const [, , categories] of values) {
        expect(Object.keys(categories)).toEqual(['structuredMetadata', 'parsed']);
        expect(Object.keys(categories['structuredMetadata'] ?? {}).toSorted()).toEqual(['detected_level', 'user']);
        expect(Object.keys(categories['parsed'] ?? {}).toSorted()).toEqual(['level', 'ms', 'n']);
      }
    }
  });

  it('answers metric queries as a matrix on the step', async () => {
    const answer = await api().get<{ data: { resultType: string; result: readonly AnsweredSeries[] } }>('/loki/api/v1/query_range', {
      query: 'sum by (level) (count_over_time({app="shop"} | json [1m]))', ...range, step: '60',
    });
    expect(answer.data.resultType).toBe('matrix');
    const total = answer.data.result.flatMap(({ values }) => values ?? []).reduce((sum, [, value]) => sum + Number(value), 0);
    expect(total).toBe(40);
    expect(answer.data.result.map(({ metric }) => metric)).toEqual([{ level: 'error' }, { level: 'info' }]);
  });

  it.each<[string, Readonly<Record<string, string | number>>, string]>([
    ['no query', {}, 'parse error : syntax error: unexpected $end'],
    ['a bad query', { query: '{app=' }, 'parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING'],
    ['a bad limit', { query: '{app="shop"}', limit: '0' }, 'limit must be a positive value'],
    ['a limit over the limit', { query: '{app="shop"}', limit: '5001' }, 'max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)'],
    ['a bad direction', { query: '{app="shop"}', direction: 'sideways' }, "invalid direction 'sideways'"],
    ['an end before the start', { query: '{app="shop"}', start: '20', end: '10' }, 'end timestamp must not be before or equal to start time'],
    ['no step', { query: 'rate({app="shop"}[1m])', step: '0' }, 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
    ['too many steps', { query: 'rate({app="shop"}[1m])', start: '0', end: '100000', step: '1' }, 'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter'],
    ['a bad interval', { query: '{app="shop"}', interval: 'x' }, 'cannot parse "x" to a valid duration'],
    ['too long a range', { query: '{app="shop"}', start: '2025-01-01T00:00:00Z', end: '2026-01-15T00:05:00Z' }, 'the query time range exceeds the limit (query length: 9096h5m0s, limit: 30d1h)'],
    ['a matcher that matches everything', { query: '{app=~".*"}' }, 'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'],
  ])('refuses %s', async (_name, values, text) => {
    const answer = await api().fetch(`/loki/api/v1/query_range?${form(values)}`);
    expect([answer.status, await answer.text()]).toEqual([400, `${text}\n`]);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('cuts series for Logs Drilldown, with a warning, and refuses them for others', async () => {
    const narrow = server.as({ 'x-scope-orgid': 'narrow' });
    await narrow.push(Array.from({ length: 5 }, (_, i) => ({ stream: { app: `a${i}` }, values: [[at(i), 'x']] })));
    const query = form({ query: 'count_over_time({app=~"a.*"}[10m])', ...range, step: '60' });
    const refused = await narrow.fetch(`/loki/api/v1/query_range?${query}`);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/^maximum number of series \(3\) reached for a single query/) as string]);
    const text = await narrow.text(`/loki/api/v1/query_range?${query}`, { headers: { 'x-query-tags': 'Source=grafana-lokiexplore-app' } });
    expect(text).toMatch(/^\{"status":"success","warnings":\["[^"]*maximum number of series[^"]*"\],"data":\{"resultType":"matrix"/);
  });
});

describe('query', () => {
  it('answers a vector at the time asked for', async () => {
    const answer = await api().get<{ data: { resultType: string; result: readonly AnsweredSeries[] } }>('/loki/api/v1/query', { query: 'sum(count_over_time({app="shop"}[5m]))', time: at(300) });
    expect(answer.data.resultType).toBe('vector');
    expect(answer.data.result).toEqual([{ metric: {}, value: [Number(startNs / second) + 300, '30'] }]);
  });

  it('takes a form', async () => {
    const body = form({ query: '1+1', time: at(0) });
    const answer = JSON.parse(await api().text('/loki/api/v1/query', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })) as { data: unknown };
    expect(answer.data).toMatchObject({ resultType: 'scalar', result: [expect.any(Number), '2'] });
  });

  it('refuses log queries', async () => {
    await expect(api().get('/loki/api/v1/query', { query: '{app="shop"}' })).rejects.toThrow(
      '400: log queries are not supported as an instant query type, please change your query to a range query type',
    );
  });
});

describe('queries that take long', () => {
  /** A few megabytes and a query that goes over them again and again. */
  const legs = Array.from({ length: 60 }, (_, i) => `sum(count_over_time({app="big"} |~ "(?i)(a|b|c).*x${i}.*y" [1h]))`);
  const slow = { query: legs.join(' + '), start: String(startNs), end: String(endNs), step: '60' };

  beforeAll(async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => [String(startNs + BigInt(i) * 1000n), `${i} abc ${'lorem ipsum dolor sit amet '.repeat(6)}`] as const);
    for (const tenant of ['busy', 'hurried']) {
      const api = server.as({ 'x-scope-orgid': tenant });
      await api.push([{ stream: { app: 'big' }, values: tenant === 'busy' ? lines : lines.slice(0, 2000) }]);
    }
  });

  it('end with 504 after query_timeout', async () => {
    const error = await server.as({ 'x-scope-orgid': 'hurried' }).get('/loki/api/v1/query_range', slow).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).toBe('504: request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed\n');
  });

  it('are given up when the client leaves', async () => {
    const busy = server.as({ 'x-scope-orgid': 'busy' });
    const client = new AbortController();
    const asked = busy.fetch(`/loki/api/v1/query_range?${form(slow)}`, { signal: client.signal });
    setTimeout(() => client.abort(), 50);
    await expect(asked).rejects.toThrow('aborted');
    const gone = 'spoor_request_duration_seconds_count{method="GET",route="/loki/api/v1/query_range",status_code="499"}';
    for (let attempt = 0; ; attempt++) {
      const samples = await server.api.metrics();
      if (samples.get(gone) === 1 && samples.get('spoor_querier_scans') === 0) break;
      if (attempt === 100) throw new Error('the query was not given up');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // Nothing of it is left in the threads.
    expect(await busy.number('sum(count_over_time({app="big"}[1h]))', { time: String(endNs) })).toBe(10_000);
  });
});
