import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
const second = 1_000_000_000n;
const startNs = (BigInt(Date.now()) / 60_000n - 60n) * 60n * second;
const range = { start: String(startNs), end: String(startNs + 3600n * second) };

beforeAll(async () => {
  server = await startInProcess();
  const values = (from: number, count: number) => Array.from({ length: count }, (_, i) => [String(startNs + BigInt(from + i) * second), `line ${from + i}`] as const);
  await server.api.push([
    { stream: { app: 'shop', pod: 'a' }, values: values(0, 10) },
    { stream: { app: 'shop', pod: 'b', level: 'error' }, values: values(0, 5) },
  ]);
  await server.api.flush();
  // One stream goes on, one is new, one lies before.
  await server.api.push([
    { stream: { app: 'shop', pod: 'a' }, values: values(100, 10) },
    { stream: { app: 'mail', node: 'n1' }, values: values(100, 3) },
    { stream: { app: 'early' }, values: [[String(startNs - 7200n * second), 'early']] },
  ]);
});
afterAll(() => server.close());

/** Asks before and after everything is in segments. */
async function both<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const before = await ask();
  await server.api.flush();
  expect(await ask()).toEqual(before);
  return before;
}

describe('labels', () => {
  it.each<[string, string, Readonly<Record<string, string>>, readonly string[] | undefined]>([
    ['all names', '/labels', {}, ['app', 'level', 'node', 'pod', 'service_name']],
    ['all names, under the old path', '/label', {}, ['app', 'level', 'node', 'pod', 'service_name']],
    ['names of a selector', '/labels', { query: '{app="mail"}' }, ['app', 'node', 'service_name']],
    ['names of nothing', '/labels', { query: '{app="nope"}' }, undefined],
    ['values', '/label/app/values', {}, ['mail', 'shop']],
    ['values of a selector', '/label/pod/values', { query: '{app="shop",level=""}' }, ['a']],
    ['values of a name that is not there', '/label/nope/values', {}, undefined],
    ['values of an escaped name', '/label/%61pp/values', {}, ['mail', 'shop']],
  ])('answers %s', async (_name, path, values, data) => {
    const answer = await both(() => server.api.get('/loki/api/v1' + path, { ...range, ...values }));
    expect(answer).toEqual(data === undefined ? { status: 'success' } : { status: 'success', data });
  });

  it('takes a range of time', async () => {
    const values = { start: String(startNs - 8000n * second), end: String(startNs - 7000n * second) };
    expect(await both(() => server.api.get('/loki/api/v1/label/app/values', values))).toEqual({ status: 'success', data: ['early'] });
  });

  it('takes a form', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form({ ...range, query: '{app="mail"}' }) };
    expect(JSON.parse(await server.api.text('/loki/api/v1/labels', init))).toEqual({ status: 'success', data: ['app', 'node', 'service_name'] });
  });

  it.each([
    ['a pipeline', '/labels', { query: '{app="shop"} | json' }, 'only label matchers are supported'],
    ['a line filter', '/label/app/values', { query: '{app="shop"} |= "x"' }, 'only label matchers are supported'],
    ['a broken selector', '/labels', { query: '{app=' }, 'parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING'],
    ['a bad time', '/labels', { start: 'bad' }, `could not parse 'start' parameter: strconv.ParseInt: parsing "bad": invalid syntax`],
    ['an end before the start', '/labels', { start: '20', end: '10' }, 'this data is no longer available, it is past now - max_query_lookback (0s)'],
  ])('refuses %s', async (_name, path, values, text) => {
    await expect(server.api.get('/loki/api/v1' + path, { ...range, ...values })).rejects.toThrow(`400: ${text}`);
  });
});

describe('series', () => {
  const series = async (matches: readonly string[], values: Readonly<Record<string, string>> = range): Promise<readonly Readonly<Record<string, string>>[]> => {
    const query = [form(values), ...matches.map((match) => form({ 'match[]': match }))].join('&');
    const answer = JSON.parse(await server.api.text(`/loki/api/v1/series?${query}`)) as { status: string; data: Record<string, string>[] };
    expect(answer.status).toBe('success');
    return answer.data.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  };
  const shopA = { app: 'shop', pod: 'a', service_name: 'shop' };
  const shopB = { app: 'shop', level: 'error', pod: 'b', service_name: 'shop' };
  const mail = { app: 'mail', node: 'n1', service_name: 'mail' };

  it.each<[string, readonly string[], readonly object[]]>([
    ['one selector', ['{app="shop"}'], [shopB, shopA]],
    ['two that overlap', ['{app="shop"}', '{pod="a"}', '{app="mail"}'], [mail, shopB, shopA]],
    ['none', [], [mail, shopB, shopA]],
    ['an empty one', ['{}'], [mail, shopB, shopA]],
    ['one that nothing matches', ['{app="nope"}'], []],
  ])('answers %s', async (_name, matches, expected) => {
    expect(await both(() => series(matches))).toEqual(expected);
  });

  it('takes match without brackets', async () => {
    expect(await server.api.get('/loki/api/v1/series', { ...range, match: '{app="mail"}' })).toEqual({ status: 'success', data: [mail] });
  });

  it('refuses what is no selector', async () => {
    await expect(series(['{app="a"} | json'])).rejects.toThrow('400: only label matchers are supported');
    await expect(series(['{app=~".*"}'])).rejects.toThrow('queries require at least one regexp or equality matcher');
    await expect(series(['{ }', '{app="a"}'])).rejects.toThrow('400: 0 matchers in group: { }');
    // What cannot be read comes first, then the range, then what matches everything.
    const long = { start: '1', end: '9999999' };
    await expect(series(['{app=""}', '{app='], long)).rejects.toThrow('400: parse error at line 1, col 6');
    await expect(series(['{app=""}'], long)).rejects.toThrow('400: the query time range exceeds the limit');
  });
});

describe('index/stats', () => {
  it('counts streams, chunks, entries and bytes', async () => {
    const stats = await both(() => server.api.get<Record<string, number>>('/loki/api/v1/index/stats', { ...range, query: '{app="shop"}' }));
    expect(stats).toEqual({ streams: 2, chunks: 3, entries: 25, bytes: expect.any(Number) as number });
    expect(stats['bytes']).toBeGreaterThan(25 * 6);
    expect(await server.api.get('/loki/api/v1/index/stats', { ...range, query: '{app="nope"}' })).toEqual({ streams: 0, chunks: 0, entries: 0, bytes: 0 });
  });
});
