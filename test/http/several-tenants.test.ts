import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError } from '../support/api.ts';
import { startInProcess, type InProcess } from '../support/in-process.ts';

const startNs = 1_768_435_200_000_000_000n;
const range = { start: startNs, end: startNs + 3_600_000_000_000n };
const time = { time: startNs + 3_600_000_000_000n };
let server: InProcess;

/** A stream of ten rows, a minute apart. */
function stream(labels: Readonly<Record<string, string>>, from: number, line: (i: number) => string): { stream: Readonly<Record<string, string>>; values: [string, string][] } {
  return { stream: labels, values: Array.from({ length: 10 }, (_, i) => [String(startNs + BigInt(i * 60 + from) * 1_000_000_000n), line(i)]) };
}

function as(tenant: string): ReturnType<InProcess['as']> {
  return server.as({ 'x-scope-orgid': tenant });
}

async function refusal(tenant: string, path: string, values: Record<string, string | bigint>): Promise<[number, string]> {
  const error = await as(tenant).get(path, values).then(() => null, (thrown: unknown) => thrown as ApiError);
  return [error?.status ?? 0, error?.message ?? ''];
}

beforeAll(async () => {
  const limits = 'limits: {reject_old_samples: false, discover_log_levels: false, discover_service_name: []}';
  server = await startInProcess(`auth_enabled: true\nmulti_tenant_queries_enabled: true\n${limits}\noverrides: {b: {max_query_series: 3, max_entries_limit_per_query: 20}, c: {required_labels: [app]}}\n`);
  await as('a').push([stream({ app: 'web' }, 0, (i) => `level=info n=${i}`), stream({ app: 'db', __tenant_id__: 'mine' }, 1, (i) => `level=warn n=${i}`)]);
  await as('b').push([stream({ app: 'web' }, 2, (i) => JSON.stringify({ level: 'error', n: i, __tenant_id__: 'line' }))]);
});
afterAll(() => server.close());

describe.each(['heads', 'segments', 'restarted'])('several tenants, from %s', (state) => {
  beforeAll(async () => {
    if (state === 'segments') await as('a').flush();
    if (state === 'restarted') await server.restart();
  });

  it('merges their rows, and labels them', async () => {
    const streams = await as('a|b').streams('{app="web"}', { ...range, limit: 5, direction: 'forward' });
    expect(streams.map(({ stream, values }) => [stream, values.length])).toEqual([[{ __tenant_id__: 'a', app: 'web' }, 3], [{ __tenant_id__: 'b', app: 'web' }, 2]]);
    const [own] = await as('b|a').streams('{app="db"}', { ...range, limit: 20 });
    expect(own?.stream).toEqual({ __tenant_id__: 'a', app: 'db', original___tenant_id__: 'mine' });
  });

  it.each([
    ['{app=~".+", __tenant_id__="b"}', ['b']],
    ['{app=~".+", __tenant_id__!="b"}', ['a', 'a']],
    ['{app=~".+", __tenant_id__=~"b|x"}', ['b']],
    ['{app=~".+", original___tenant_id__="mine"}', ['a']],
    ['{app=~".+"} | __tenant_id__="b"', []],
  ])('chooses among them: %s', async (query, tenants) => {
    expect((await as('a|b').streams(query, { ...range, limit: 20 })).map(({ stream }) => stream['__tenant_id__'])).toEqual(tenants);
  });

  it('calls what a line says original, and puts it beside the line where it is asked to', async () => {
    const query = '{app="web", __tenant_id__="b"} | json';
    const [merged] = await as('a|b').streams(query, { ...range, limit: 1 });
    expect(merged?.stream).toMatchObject({ __tenant_id__: 'b', original___tenant_id__: 'line', level: 'error' });
    const apart = server.as({ 'x-scope-orgid': 'a|b', 'x-loki-response-encoding-flags': 'categorize-labels' });
    const [categorised] = await apart.streams(query, { ...range, limit: 1 });
    expect(categorised?.stream).toEqual({ app: 'web', original___tenant_id__: 'line' });
  });

  it.each<[string, Record<string, string>]>([
    ['sum(count_over_time({app=~".+"}[2h]))', { '{}': '30' }],
    ['sum by (__tenant_id__) (count_over_time({app=~".+"}[2h]))', { '{"__tenant_id__":"a"}': '20', '{"__tenant_id__":"b"}': '10' }],
    ['sum by (app) (count_over_time({app="web"}[2h]))', { '{"app":"web"}': '20' }],
    ['sum by (__tenant_id__) (count_over_time({app="web", __tenant_id__="b"}[2h]))', { '{"__tenant_id__":"b"}': '10' }],
    ['sum(count_over_time({app="web", __tenant_id__="a"}[2h])) - sum(count_over_time({app="db"}[2h]))', { '{}': '0' }],
    ['max_over_time({app=~".+"} | logfmt | unwrap n | __error__="" [2h]) by (level)', { '{"level":"info"}': '9', '{"level":"warn"}': '9' }],
    ['absent_over_time({app="none", __tenant_id__="a"}[2h])', { '{"__tenant_id__":"a","app":"none"}': '1' }],
  ])('computes over them: %s', async (query, expected) => {
    const found = (await as('a|b').vector(query, time)).map(({ metric, value }) => [JSON.stringify(metric), value?.[1]]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('answers labels, values, series and statistics of all', async () => {
    const api = as('a|b');
    const data = async <Data>(path: string, values: Record<string, string> = {}): Promise<Data> => (await api.get<{ data: Data }>(`/loki/api/v1/${path}`, { ...range, ...values })).data;
    expect(await data('labels')).toEqual(['__tenant_id__', 'app']);
    expect(await data('label/__tenant_id__/values')).toEqual(['a', 'b']);
    expect(await data('label/app/values')).toEqual(['db', 'web']);
    const series = await data<Record<string, string>[]>('series', { match: '{app=~".+"}' });
    expect(series.map((one) => JSON.stringify(one)).toSorted()).toEqual(['{"__tenant_id__":"a","app":"web"}', '{"__tenant_id__":"b","app":"web"}', '{"__tenant_id__":"mine","app":"db"}']);
    expect(await api.get('/loki/api/v1/index/stats', { ...range, query: '{app=~".+"}' })).toMatchObject({ streams: 3, entries: 30 });
    const alone = await as('a').get<{ data: string[] }>('/loki/api/v1/label/__tenant_id__/values', range);
    expect(alone.data).toEqual(['a']);
  });
});

describe('limits of several tenants', () => {
  it('holds them to the strictest', async () => {
    expect(await refusal('a|b', '/loki/api/v1/query_range', { ...range, query: '{app="web"}', limit: '21' })).toEqual([400, '400: max entries limit per query exceeded, limit > max_entries_limit_per_query (21 > 20)\n']);
    expect(await refusal('a|b', '/loki/api/v1/query', { ...time, query: 'count_over_time({app=~".+"} | logfmt [2h])' })).toEqual([400, expect.stringContaining('maximum number of series (3) reached')]);
    expect(await refusal('a|c', '/loki/api/v1/query_range', { ...range, query: '{pod="x"}' })).toEqual([400, '400: stream selector is missing required matchers [app], labels present in the query were [pod]\n']);
  });

  it('says why, whichever tenant was over the limit first', async () => {
    const asked = { ...range, step: '10m', query: 'topk(2, count_over_time({app=~".+"} | logfmt [2h]))' };
    const answers = await Promise.all(Array.from({ length: 30 }, () => refusal('a|b', '/loki/api/v1/query_range', asked)));
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([400]));
  });

  it('leaves pushes and tails to one', async () => {
    expect(await refusal('a|b', '/loki/api/v1/tail', { query: '{app="web"}' })).toEqual([400, '400: multiple org IDs present\n']);
    await expect(as('a|b').push([stream({ app: 'web' }, 0, String)])).rejects.toMatchObject({ status: 400 });
  });
});
