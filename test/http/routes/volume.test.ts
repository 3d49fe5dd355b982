import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
const second = 1_000_000_000n;
const startMs = Math.floor(Date.now() / 3_600_000 - 2) * 3_600_000;
const startNs = BigInt(startMs) * 1_000_000n;
const endMs = startMs + 3_600_000;
const range = { start: String(startNs), end: String(startNs + 3600n * second) };
const [volume, volumeRange] = ['/loki/api/v1/index/volume', '/loki/api/v1/index/volume_range'] as const;

beforeAll(async () => {
  server = await startInProcess(`
auth_enabled: true
multi_tenant_queries_enabled: true
limits: {discover_service_name: [], discover_log_levels: false}
overrides:
  short: {max_query_length: 30m, volume_max_series: 1}
  off: {volume_enabled: false}
  back: {max_query_lookback: 1m}
`);
  const values = (count: number, bytes: number) => Array.from({ length: count }, (_, i) => [String(startNs + (BigInt(i) * 3600n * second) / BigInt(count)), 'x'.repeat(bytes)] as const);
  for (const tenant of ['t', 'short', 'off', 'back']) {
    const api = server.as({ 'x-scope-orgid': tenant });
    await api.push([{ stream: { app: 'shop', zone: 'a' }, values: values(60, 10) }]);
    // Two flushes and the heads; what a client sends twice at once counts once.
    await api.flush();
    await api.push([{ stream: { app: 'shop', zone: 'b' }, values: [...values(60, 5), ...values(60, 5)] }]);
    await api.push([{ stream: { app: 'mail' }, values: values(1, 100) }]);
  }
});
afterAll(() => server.close());

const ask = async (path: string, values: Readonly<Record<string, string>>, tenant = 't'): Promise<unknown> => {
  const answer = await server.as({ 'x-scope-orgid': tenant }).get<{ status: string; data: { resultType: string; result: unknown; stats: unknown } }>(path, { ...range, ...values });
  expect(answer).toEqual({ status: 'success', data: { resultType: expect.any(String) as string, result: expect.any(Array) as unknown[], stats: expect.any(Object) as object } });
  return [answer.data.resultType, answer.data.result];
};
const point = (bytes: number): readonly [number, string] => [endMs / 1000, String(bytes)];

describe('index/volume', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly object[]]>([
    ['the labels of the selector', { query: '{app=~".+"}' }, [{ metric: { app: 'shop' }, value: point(900) }, { metric: { app: 'mail' }, value: point(100) }]],
    ['all labels', { query: '{}', limit: '2' }, [{ metric: { app: 'shop', zone: 'a' }, value: point(600) }, { metric: { app: 'shop', zone: 'b' }, value: point(300) }]],
    ['labels that are asked for', { query: '{}', targetLabels: 'zone' }, [{ metric: { zone: 'a' }, value: point(600) }, { metric: { zone: 'b' }, value: point(300) }]],
    ['names of labels', { query: '{app="shop"}', aggregateBy: 'labels', limit: '0' }, [{ metric: { app: '' }, value: point(900) }, { metric: { zone: '' }, value: point(900) }]],
    ['no streams', { query: '{app="nope"}' }, []],
  ])('answers a vector by %s', async (_name, values, result) => {
    expect(await ask(volume, values)).toEqual(['vector', result]);
  });

  it('takes a form, RFC 3339 and several tenants', async () => {
    const body = form({ query: '{app="shop"}', start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() });
    const answer = await server.as({ 'x-scope-orgid': 't|nobody|off' }).fetch(volume, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    expect(((await answer.json()) as { data: { result: unknown } }).data.result).toEqual([{ metric: { app: 'shop' }, value: point(1800) }]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['an unknown aggregation', { aggregateBy: 'bogus' }, 'invalid aggregation option'],
    ['a negative limit', { limit: '-1' }, 'limit must be a positive value'],
    ['a limit that is no number', { limit: 'x', start: 'y' }, 'strconv.Atoi: parsing "x": invalid syntax'],
    ['a limit that is too large', { limit: '4294967296' }, 'limit value 4294967296 is out of range [0, 4294967295]'],
    ['a bad time', { start: 'y' }, `could not parse 'start' parameter: strconv.ParseInt: parsing "y": invalid syntax`],
    ['a bad time of the query', { time: 'y' }, 'strconv.ParseInt: parsing "y": invalid syntax'],
    ['a bad direction', { direction: 'up' }, `invalid direction 'up'`],
    ['an end before the start', { start: '20', end: '10' }, 'end timestamp must not be before or equal to start time'],
    ['no query', { query: '' }, 'parse error : syntax error: unexpected $end'],
    ['a pipeline', { query: '{app="shop"} | json' }, 'only label matchers are supported'],
    ['a selector of everything that is not {}', { query: '{ }' }, 'parse error : queries require at least one regexp or equality matcher'],
  ])('refuses %s', async (_name, values, text) => {
    await expect(ask(volume, { query: '{app="shop"}', ...values })).rejects.toThrow(`400: ${text}`);
  });

  it('is not found where it is switched off, once the parameters are right', async () => {
    await expect(ask(volume, { query: '{' }, 'off')).rejects.toThrow('404: not found');
    await expect(ask(volume, { query: '{', limit: 'x' }, 'off')).rejects.toThrow('400: strconv.Atoi');
  });

  it('holds to the limits', async () => {
    await expect(ask(volume, { query: '{app="shop"}' }, 'short')).rejects.toThrow('400: the query time range exceeds the limit (query length: 1h0m0s, limit: 30m)');
    await expect(ask(volume, { query: '{app=~".+"}', end: String(startNs + 600n * second) }, 'short')).rejects.toThrow('400: the query hit the max number of series limit (limit: 1 series)');
    expect(await ask(volume, { query: '{app="shop"}' }, 'back')).toEqual(['vector', []]);
  });
});

describe('index/volume_range', () => {
  it('answers a matrix, each bucket stamped before its end and the last one with the end', async () => {
    const stamps = [endMs - 1_800_001, endMs].map((time) => time / 1000);
    const halves = (first: number, last: number) => [[stamps[0], String(first)], [stamps[1], String(last)]];
    expect(await ask(volumeRange, { query: '{app="shop"}', step: '30m' })).toEqual(['matrix', [{ metric: { app: 'shop' }, values: halves(305 + 152, 294 + 147) }]]);
    expect(await ask(volumeRange, { query: '{app=~".+"}', step: '30m', limit: '1' })).toEqual(['matrix', [{ metric: { app: 'shop' }, values: halves(305 + 152, 294 + 147) }]]);
  });

  it('answers a vector where no series has two points', async () => {
    expect(await ask(volumeRange, { query: '{app="shop"}', step: '1h' })).toEqual(['vector', [{ metric: { app: 'shop' }, value: point(900) }]]);
    expect(await ask(volumeRange, { query: '{app="nope"}', step: '1h' })).toEqual(['vector', []]);
  });

  it('holds each bucket to max_query_length', async () => {
    expect(await ask(volumeRange, { query: '{app="shop"}', step: '30m' }, 'short')).toHaveLength(2);
    await expect(ask(volumeRange, { query: '{app="shop"}', step: '1h' }, 'short')).rejects.toThrow('400: the query time range exceeds the limit (query length: 1h0m0s, limit: 30m)');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a step of 0', { step: '0' }, 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
    ['too many points', { step: '100ms' }, 'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter'],
    ['a step that is none', { step: 'x' }, 'cannot parse "x" to a valid duration'],
    ['an unknown aggregation', { aggregateBy: 'bogus' }, 'invalid aggregation option'],
  ])('refuses %s', async (_name, values, text) => {
    await expect(ask(volumeRange, { query: '{app="shop"}', ...values })).rejects.toThrow(`400: ${text}`);
  });
});

describe('index/stats', () => {
  const stats = (values: Readonly<Record<string, string>>, tenant = 't') => server.as({ 'x-scope-orgid': tenant }).get('/loki/api/v1/index/stats', { ...range, query: '{app="shop"}', ...values });

  it('counts what is equal in the heads once, before and after a flush', async () => {
    const expected = { streams: 2, chunks: 2, entries: 120, bytes: 900 };
    expect(await stats({})).toEqual(expected);
    await server.as({ 'x-scope-orgid': 't' }).flush();
    expect(await stats({})).toEqual(expected);
  });

  it('counts in proportion, and no stream of which nothing is left', async () => {
    expect(await stats({ end: String(startNs + 1770n * second) })).toEqual({ streams: 2, chunks: 2, entries: 60, bytes: 450 });
    expect(await stats({ query: '{app="mail"}', start: String(startNs + second) })).toEqual({ streams: 0, chunks: 0, entries: 0, bytes: 0 });
    expect(await stats({ start: String(startNs + 60n * second), end: String(startNs + 61n * second) })).toEqual({ streams: 0, chunks: 0, entries: 0, bytes: 0 });
  });

  it('adds up tenants', async () => {
    expect(await stats({}, 't|off')).toEqual({ streams: 4, chunks: 4, entries: 240, bytes: 1800 });
  });

  it('holds to the limits, and checks what it does not use', async () => {
    await expect(stats({}, 'short')).rejects.toThrow('400: the query time range exceeds the limit (query length: 1h0m0s, limit: 30m)');
    expect(await stats({}, 'back')).toEqual({ streams: 0, chunks: 0, entries: 0, bytes: 0 });
    await expect(stats({ start: '20', end: '10' })).rejects.toThrow('400: end timestamp must not be before or equal to start time');
    await expect(stats({ step: '0' })).rejects.toThrow('400: zero or negative query resolution step widths');
    await expect(stats({ interval: '-1s' })).rejects.toThrow('400: ');
  });
});
