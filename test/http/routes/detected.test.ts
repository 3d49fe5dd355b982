import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
const second = 1_000_000_000n;
const startNs = (BigInt(Date.now()) / 60_000n - 60n) * 60n * second;
// As Logs Drilldown sends times.
const iso = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString();
const range = { start: iso(startNs), end: iso(startNs + 3600n * second) };

const lines: Readonly<Record<string, (i: number) => string>> = {
  json: (i) => `{"level":"info","http":{"status":${200 + i},"took":"${i}ms"},"app":"x"}`,
  logfmt: (i) => `level=warn status=${300 + i} size=${i}KB msg="number ${i}"`,
  mixed: (i) => (i % 2 === 0 ? `{"n":${i}}` : `n=${i}`),
  plain: (i) => `the quick brown fox ${i}`,
};

beforeAll(async () => {
  server = await startInProcess();
  const values = (app: string, from: number) =>
    Array.from({ length: 10 }, (_, i) => [String(startNs + BigInt(from + i) * second), lines[app]?.(from + i) ?? '', { trace_id: `t${from + i}` }] as const);
  const push = (from: number): Promise<void> => server.api.push(Object.keys(lines).map((app) => ({ stream: { app, pod: `pod-${app}`, build: '17' }, values: values(app, from) })));
  await push(0);
  await server.api.flush();
  await push(10);
});
afterAll(() => server.close());

/** Asks while some rows are in heads, when all are in segments, and after a restart, with nothing read before. */
async function always<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const before = await ask();
  await server.api.flush();
  expect(await ask()).toEqual(before);
  await server.restart();
  expect(await ask()).toEqual(before);
  return before;
}

interface Fields {
  readonly fields: readonly { readonly label: string; readonly type: string; readonly cardinality: number; readonly parsers: readonly string[] | null; readonly jsonPath?: readonly string[] }[];
  readonly limit: number;
}

describe('detected_fields', () => {
  it('describes the fields of every kind of line, and no index labels', async () => {
    const ask = (): Promise<Fields[]> => Promise.all(Object.keys(lines).map((app) => server.api.get<Fields>('/loki/api/v1/detected_fields', { ...range, query: `{app="${app}"}` })));
    const [json, logfmt, mixed, plain] = await always(ask);
    const metadata = [
      { label: 'detected_level', type: 'string', cardinality: 1, parsers: null },
      { label: 'trace_id', type: 'string', cardinality: 20, parsers: null },
    ];
    expect(json).toEqual({
      fields: [
        { label: 'app_extracted', type: 'string', cardinality: 1, parsers: ['json'], jsonPath: ['app'] },
        metadata[0],
        { label: 'http_status', type: 'int', cardinality: 20, parsers: ['json'], jsonPath: ['http', 'status'] },
        { label: 'http_took', type: 'duration', cardinality: 20, parsers: ['json'], jsonPath: ['http', 'took'] },
        { label: 'level', type: 'string', cardinality: 1, parsers: ['json'], jsonPath: ['level'] },
        metadata[1],
      ],
      limit: 1000,
    });
    expect(logfmt?.fields.map(({ label, type, cardinality }) => [label, type, cardinality])).toEqual([
      ['detected_level', 'string', 1], ['level', 'string', 1], ['msg', 'string', 20], ['size', 'bytes', 20], ['status', 'int', 20], ['trace_id', 'string', 20],
    ]);
    expect(mixed?.fields.find(({ label }) => label === 'n')).toEqual({ label: 'n', type: 'int', cardinality: 20, parsers: ['logfmt', 'json'], jsonPath: ['n'] });
    expect(plain?.fields).toEqual(metadata);
  });

  it('takes queries with stages, and the newest lines only', async () => {
    const fields = async (query: string, values: Readonly<Record<string, string>> = {}): Promise<readonly (readonly [string, number])[]> =>
      (await server.api.get<Fields>('/loki/api/v1/detected_fields', { ...range, query, ...values })).fields.map(({ label, cardinality }) => [label, cardinality]);
    expect(await fields('{app="json"} | json | http_status > 215')).toContainEqual(['http_status', 4]);
    expect(await fields('{app="logfmt"} |= "number 1" | drop trace_id')).toEqual([['detected_level', 1], ['level', 1], ['msg', 11], ['size', 11], ['status', 11]]);
    expect(await fields('{app="plain"} | pattern "<_> <colour> <rest>" | drop trace_id, detected_level')).toEqual([['colour', 1], ['rest', 20]]);
    expect(await fields('{app="logfmt"}', { line_limit: '3' })).toContainEqual(['status', 3]);
    expect(await fields('{app="logfmt"}', { limit: '2' })).toHaveLength(2);
    expect(await fields('{app="logfmt"}', { field_limit: '3' })).toHaveLength(3);
  });

  it('answers nothing where nothing is', async () => {
    expect(await server.api.text(`/loki/api/v1/detected_fields?${form({ ...range, query: '{app="nope"}' })}`)).toBe('{}');
  });

  it('takes a form', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form({ ...range, query: '{app="mixed"}' }) };
    const answer = await server.api.fetch('/loki/api/v1/detected_fields', init);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    expect(((await answer.json()) as Fields).limit).toBe(1000);
  });
});

describe('what Logs Drilldown asks next', () => {
  it('has data for every field, after a restart, with nothing read before', async () => {
    const started = [String(startNs), String(startNs + 60n * second)] as const;
    const checkField = async (app: string, label: string, cardinality: number): Promise<void> => {
      const query = `sum by (${label}) (count_over_time({app="${app}"} | json | logfmt | drop __error__, __error_details__ | ${label}!="" [60s]))`;
      const answer = await server.api.get<{ data: { result: unknown[] } }>('/loki/api/v1/query_range', { query, start: started[0], end: started[1], step: '60000ms' });
      expect([app, label, answer.data.result.length]).toEqual([app, label, cardinality]);
      const parsed = `{app="${app}"} | json | logfmt | drop __error__, __error_details__`;
      const { values } = await server.api.get<{ values: string[] }>(`/loki/api/v1/detected_field/${label}/values`, { ...range, query: parsed });
      expect([app, label, values.length]).toEqual([app, label, cardinality]);
    };
    await server.restart();
    await Promise.all(
      Object.keys(lines).map(async (app) => {
        const { fields } = await server.api.get<Fields>('/loki/api/v1/detected_fields', { ...range, query: `{app="${app}"}` });
        expect(fields.length).toBeGreaterThan(0);
        await Promise.all(fields.map(({ label, cardinality }) => checkField(app, label, cardinality)));
      }),
    );
  });
});

describe('detected_field/{name}/values', () => {
  const values = (name: string, query: string, more: Readonly<Record<string, string>> = {}): Promise<{ values?: string[]; limit?: number }> =>
    server.api.get(`/loki/api/v1/detected_field/${name}/values`, { ...range, query, ...more });

  it('lists the values of a field', async () => {
    const all = await always(() => values('n', '{app="mixed"}'));
    expect(all).toEqual({ limit: 1000, values: Array.from({ length: 20 }, (_, i) => String(19 - i)) });
    expect(await values('size', '{app="logfmt"} |= "number 5"')).toEqual({ limit: 1000, values: ['5.0kB'] });
    expect(await values('trace_id', '{app="plain"}', { limit: '2' })).toEqual({ limit: 2, values: ['t19', 't18'] });
    expect(await values('%61pp_extracted', '{app="json"}')).toEqual({ limit: 1000, values: ['x'] });
  });

  it('answers nothing for index labels and unknown names', async () => {
    expect(await values('app', '{app="mixed"}')).toEqual({});
    expect(await values('nope', '{app="mixed"}')).toEqual({});
  });
});

describe('detected_labels', () => {
  it('counts the values of labels, without those that hold only identifiers', async () => {
    const detectedLabels = [
      { label: 'app', cardinality: 4 },
      { label: 'pod', cardinality: 4 },
      { label: 'service_name', cardinality: 4 },
    ];
    expect(await always(() => server.api.get('/loki/api/v1/detected_labels', range))).toEqual({ detectedLabels });
    expect(await server.api.get('/loki/api/v1/detected_labels', { ...range, query: '' })).toEqual({ detectedLabels });
    expect(await server.api.get('/loki/api/v1/detected_labels', { ...range, query: '{app=~"json|plain"}' })).toEqual({ detectedLabels: detectedLabels.map((one) => ({ ...one, cardinality: 2 })) });
  });

  it('answers nothing where nothing is', async () => {
    expect(await server.api.text(`/loki/api/v1/detected_labels?${form({ ...range, query: '{app="nope"}' })}`)).toBe('{}');
    expect(await server.api.get('/loki/api/v1/detected_labels', { start: '1', end: '2' })).toEqual({});
  });
});

const all = ['detected_labels', 'detected_fields', 'detected_field/n/values'];
const ofFields = all.slice(1);
const resolution = 'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter';
it.each<[string, Readonly<Record<string, string>>, readonly string[], string]>([
  ['a broken selector', { query: '{app=' }, all, 'parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING'],
  ['a selector of everything', { query: '{}' }, all, 'parse error : queries require at least one regexp or equality matcher'],
  ['an end before the start', { start: '20', end: '10' }, all, 'end timestamp must not be before or equal to start time'],
  ['a bad time', { start: 'bad' }, all, `could not parse 'start' parameter: strconv.ParseInt: parsing "bad": invalid syntax`],
  ['a long range', { start: '1700000000', end: '1710000000', step: '1h' }, all, 'the query time range exceeds the limit (query length: 2777h46m40s, limit: 30d1h)'],
  ['no query', { query: '' }, ofFields, 'parse error : syntax error: unexpected $end'],
  ['a metric query', { query: 'rate({app="json"}[1m])' }, ofFields, 'only log selector is supported'],
  ['a limit of 0', { limit: '0' }, ofFields, 'limit must be a positive value'],
  ['a large limit', { limit: '4294967296' }, ofFields, 'limit value 4294967296 is out of range [0, 4294967295]'],
  ['a large limit by its older name', { field_limit: '4294967296' }, ofFields, 'limit value 4294967296 is out of range [0, 4294967295]'],
  ['a limit that is none', { limit: 'x' }, ofFields, 'strconv.Atoi: parsing "x": invalid syntax'],
  ['a line limit of 0', { line_limit: '0' }, ofFields, 'limit must be a positive value'],
  ['a large line limit', { line_limit: '4294967296' }, ofFields, 'line_limit value 4294967296 is out of range [0, 4294967295]'],
  ['more lines than a query may ask for', { line_limit: '5001' }, ofFields, 'max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)'],
  ['a step of 0', { step: '0' }, ofFields, 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
  ['a step below a millisecond', { step: '0.0001' }, ofFields, 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
  ['a small step', { step: '10ms' }, ofFields, resolution],
])('refuses %s', async (_name, values, paths, text) => {
  for (const path of paths) {
    await expect(server.api.get(`/loki/api/v1/${path}`, { query: '{app="json"}', ...range, ...values })).rejects.toThrow(`400: ${text}`);
  }
});

it('refuses other methods and paths', async () => {
  expect((await server.api.fetch('/loki/api/v1/detected_labels', { method: 'PUT' })).status).toBe(405);
  expect((await server.api.fetch(`/loki/api/v1/detected_field//values?${form({ ...range, query: '{app="json"}' })}`)).status).toBe(404);
  expect((await server.api.fetch('/loki/api/v1/detected_field/values')).status).toBe(404);
});

it('obeys max_query_lookback', async () => {
  const short = await startInProcess('limits: {max_query_lookback: 30m, query_timeout: 1m}');
  try {
    await short.api.push([{ stream: { app: 'a' }, values: [[String(BigInt(Date.now()) * 1_000_000n), 'v=1']] }]);
    await short.api.flush();
    const past = { start: iso(startNs - 7200n * second), end: iso(startNs - 3600n * second), query: '{app="a"}' };
    for (const path of all) expect(await short.api.get(`/loki/api/v1/${path}`, past)).toEqual({});
    expect(await short.api.get('/loki/api/v1/detected_labels', { query: '{app="a"}' })).toEqual({ detectedLabels: [{ label: 'app', cardinality: 1 }, { label: 'service_name', cardinality: 1 }] });
  } finally {
    await short.close();
  }
});

it('answers for several tenants at once', async () => {
  const shared = await startInProcess('{auth_enabled: true, multi_tenant_queries_enabled: true}');
  try {
    const now = BigInt(Date.now()) * 1_000_000n;
    const push = (tenant: string, stream: Readonly<Record<string, string>>, line: string): Promise<void> =>
      shared.as({ 'x-scope-orgid': tenant }).push([{ stream: { app: 'x', service_name: 's', ...stream }, values: [[String(now), line]] }]);
    await push('one', { build: '17', zone: 'a' }, 'v=1 w=x');
    await push('two', { build: 'main', zone: 'b' }, '{"v":2,"__tenant_id__":"q"}');
    const both = shared.as({ 'x-scope-orgid': 'one|two' });
    const query = '{app="x"}';
    expect(await both.get('/loki/api/v1/detected_labels', { query })).toEqual({
      detectedLabels: [{ label: 'app', cardinality: 1 }, { label: 'build', cardinality: 1 }, { label: 'service_name', cardinality: 1 }, { label: 'zone', cardinality: 2 }],
    });
    const { fields } = await both.get<Fields>('/loki/api/v1/detected_fields', { query });
    expect(fields.filter(({ label }) => label !== 'detected_level').map(({ label, cardinality }) => [label, cardinality])).toEqual([['__tenant_id___extracted', 1], ['v', 2], ['w', 1]]);
    expect(await both.get('/loki/api/v1/detected_field/v/values', { query: '{app="x",__tenant_id__="two"}' })).toEqual({ limit: 1000, values: ['2'] });
  } finally {
    await shared.close();
  }
});
