import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { form, type Api, type PushStream } from '../support/api.ts';
import { startInProcess, type InProcess } from '../support/in-process.ts';

/*
 * What Grafana's Loki data source, Explore and Logs Drilldown ask of a server. Drilldown goes wrong on an empty answer, so each of these has to give data: from heads, after a flush, and as the first
 * thing after a restart.
 */

const rowsPerService = 720;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const hourNs = 3_600_000_000_000n;
const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs;
const startMs = nowMs - 30 * hourMs;
const services = ['shop', 'pay', 'edge'] as const;
type Service = (typeof services)[number];

const lineOf: { readonly [service in Service]: (n: number) => string } = {
  shop: (n) => JSON.stringify({ level: n % 6 === 0 ? 'error' : 'info', status: n % 9 === 0 ? 500 : 200, user: `u${n % 7}`, msg: `order ${n} taken`, took: { ms: n % 100 } }),
  pay: (n) => `level=${n % 4 === 0 ? 'warn' : 'info'} method=${n % 2 === 0 ? 'card' : 'cash'} amount=${n % 50} took=${n % 30}ms msg="payment ${n} done"`,
  edge: (n) => `10.0.0.${n % 5} GET /item/${n} took ${n % 80}ms`,
};

/** A row every two and a half minutes, for 30 hours. */
function pushes(from: number, to: number): PushStream[] {
  return services.map((service) => ({
    stream: { app: service, namespace: 'store', pod: `${service}-0` },
    values: Array.from({ length: to - from }, (_, i) => [String(BigInt(startMs + (from + i) * 2.5 * minuteMs) * 1_000_000n), lineOf[service](from + i), { trace_id: `t${(from + i) % 11}` }] as const),
  }));
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}
interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [string, string, object])[];
}
interface Answer<Result> {
  readonly status: string;
  readonly data: { readonly resultType: string; readonly result: readonly Result[] };
}

/** As Grafana writes times. */
const ns = (ms: number): string => String(BigInt(ms) * 1_000_000n);
/** As Drilldown writes them. */
const iso = (ms: number): string => new Date(ms).toISOString();
const span = { start: ns(startMs), end: ns(nowMs) };
const isoSpan = { start: iso(startMs), end: iso(nowMs) };
const autoStep = '300000ms';
const parsed = '| json | logfmt | drop __error__, __error_details__';

/** One state of the server, asked as Grafana asks. */
class Grafana {
  readonly #api: Api;

  constructor(server: InProcess) {
    this.#api = server.as({ 'x-query-tags': 'Source=grafana-lokiexplore-app', 'x-loki-response-encoding-flags': 'categorize-labels', 'user-agent': 'Grafana/13.0.0' });
  }

  async get<Body>(path: string, values: Readonly<Record<string, string | number>> = {}): Promise<Body> {
    return this.#api.get<Body>(path, values);
  }

  async matrix(query: string, values: Readonly<Record<string, string | number>> = {}): Promise<readonly Series[]> {
    const { data } = await this.get<Answer<Series>>('/loki/api/v1/query_range', { query, direction: 'backward', step: autoStep, ...span, ...values });
    expect(data.resultType).toBe('matrix');
    return data.result;
  }

  async vector(query: string, time: string): Promise<readonly Series[]> {
    const { data } = await this.get<Answer<Series>>('/loki/api/v1/query', { query, direction: 'backward', time });
    expect(data.resultType).toBe('vector');
    return data.result;
  }

  async logs(query: string, values: Readonly<Record<string, string | number>> = {}): Promise<readonly Stream[]> {
    const { data } = await this.get<Answer<Stream>>('/loki/api/v1/query_range', { query, direction: 'backward', limit: 1000, step: autoStep, ...span, ...values });
    expect(data.resultType).toBe('streams');
    return data.result;
  }
}

const rowsOf = (streams: readonly Stream[]): number => streams.reduce((sum, { values }) => sum + values.length, 0);
const sumOf = (series: readonly Series[]): number => series.reduce((sum, { values, value }) => sum + (values ?? (value === undefined ? [] : [value])).reduce((all, [, number]) => all + Number(number), 0), 0);
const labelsOf = (series: readonly Series[], name: string): string[] => [...new Set(series.map(({ metric }) => metric[name] ?? ''))].sort();

/** The shapes of "Query shapes to serve well", all at once: nothing was asked before them. */
const shapes: Readonly<Record<string, (grafana: Grafana) => Promise<void>>> = {
  'Save & test': async (grafana) => {
    const answer = await grafana.get<Answer<Series>>('/loki/api/v1/query', { query: 'vector(1)+vector(1)', direction: 'backward', time: '4000000000' });
    // Up to ten digits are seconds.
    expect(answer.data).toMatchObject({ resultType: 'vector', result: [{ metric: {}, value: [4_000_000_000, '2'] }] });
  },
  'the histogram above every Explore query': async (grafana) => {
    for (const query of ['{app="shop"}', '{app="shop"} |= "order"', `{namespace="store"} ${parsed}`, '{app="pay"} | logfmt | amount > 10']) {
      const series = await grafana.matrix(`sum by (level, detected_level) (count_over_time(${query} | drop __error__ [300s]))`);
      expect(labelsOf(series, 'detected_level').length, query).toBeGreaterThan(1);
      expect(sumOf(series), query).toBeGreaterThan(rowsPerService / 2);
    }
    expect(sumOf(await grafana.matrix('sum by (level, detected_level) (count_over_time({app="shop"} | drop __error__ [300s]))'))).toBe(rowsPerService);
  },
  'context of a row': async (grafana) => {
    const at = startMs + 400 * 2.5 * minuteMs;
    const selector = '{app="shop",namespace="store",pod="shop-0",service_name="shop"}';
    const before = await grafana.logs(selector, { start: ns(at - 2 * hourMs), end: ns(at), limit: 100 });
    const after = await grafana.logs(selector, { start: ns(at), end: ns(at + 2 * hourMs), direction: 'forward', limit: 100 });
    expect([rowsOf(before), rowsOf(after)]).toEqual([48, 48]);
    expect(after[0]?.values[0]?.[1]).toBe(lineOf.shop(400));
    expect(before[0]?.values[0]?.[1]).toBe(lineOf.shop(399));
  },
  'logs in slices of 24 hours, the newest first': async (grafana) => {
    const whole = await grafana.logs('{app="pay"}');
    const slices = [[nowMs - 24 * hourMs, nowMs], [startMs, nowMs - 24 * hourMs]] as const;
    const parts: Stream[] = [];
    for (const [start, end] of slices) parts.push(...(await grafana.logs('{app="pay"}', { start: ns(start), end: ns(end) })));
    expect(parts.every((stream) => stream.values.length > 0)).toBe(true);
    const times = (streams: readonly Stream[]): string[] => streams.flatMap(({ values }) => values.map(([time]) => time)).sort();
    expect(times(parts)).toEqual(times(whole));
    expect(times(whole)).toHaveLength(rowsPerService);
  },
  'metrics in slices of 24 hours, on one axis': async (grafana) => {
    const query = 'sum by (detected_level) (count_over_time({app="pay"}[300s]))';
    const points = (series: readonly Series[]): Map<string, string> => new Map(series.flatMap(({ metric, values }) => (values ?? []).map(([time, value]) => [`${metric['detected_level']} ${time}`, value] as const)));
    const whole = points(await grafana.matrix(query));
    const cut = Math.floor((nowMs - 24 * hourMs) / 300_000) * 300_000;
    const parts = new Map([...points(await grafana.matrix(query, { start: ns(cut), end: ns(nowMs) })), ...points(await grafana.matrix(query, { start: ns(startMs), end: ns(cut - 300_000) }))]);
    expect(parts.size).toBeGreaterThan(100);
    expect(parts).toEqual(whole);
  },
  'shard splitting, where there are no shards': async (grafana) => {
    expect(await grafana.get('/loki/api/v1/label/__stream_shard__/values', span)).toMatchObject({ status: 'success' });
    expect(await grafana.logs('{app="shop", __stream_shard__=~"1|2"}')).toEqual([]);
    expect(rowsOf(await grafana.logs('{app="shop", __stream_shard__=""}'))).toBe(rowsPerService);
  },
  "Drilldown's service cards": async (grafana) => {
    const volume = await grafana.get<Answer<Series>>('/loki/api/v1/index/volume', { query: '{service_name=~`.+`}', limit: 5000, ...isoSpan });
    expect(labelsOf(volume.data.result, 'service_name')).toEqual(services.toSorted());
    for (const service of services) {
      const series = await grafana.matrix(`sum(count_over_time({service_name=\`${service}\`} | detected_level != "" [300s])) by (detected_level)`);
      expect(sumOf(series), service).toBe(rowsPerService);
      const logs = await grafana.logs(`{service_name=\`${service}\`} | json | logfmt | drop __error__, __error_details__`, { limit: 100 });
      expect(rowsOf(logs), service).toBe(100);
    }
  },
  "Drilldown's labels": async (grafana) => {
    for (const query of ['{service_name="shop"}', '']) {
      const { detectedLabels } = await grafana.get<{ detectedLabels: readonly { label: string; cardinality: number }[] }>('/loki/api/v1/detected_labels', { query, ...isoSpan });
      expect(detectedLabels.map(({ label }) => label), query).toEqual(expect.arrayContaining(['app', 'pod', 'service_name']));
    }
    for (const label of ['app', 'pod', 'namespace']) {
      expect(sumOf(await grafana.matrix(`sum by (${label}) (count_over_time({service_name="shop", ${label}!=""}[300s]))`)), label).toBe(rowsPerService);
      expect(await grafana.get(`/loki/api/v1/label/${label}/values`, { query: '{service_name="shop"}', ...isoSpan })).toMatchObject({ data: expect.arrayContaining([expect.any(String)]) as unknown });
    }
    expect(await grafana.get('/loki/api/v1/labels', isoSpan)).toMatchObject({ data: ['app', 'namespace', 'pod', 'service_name'] });
    expect(await grafana.get('/loki/api/v1/series', { 'match[]': '{service_name="shop"}', ...span })).toMatchObject({ data: [{ app: 'shop' }] });
    expect(await grafana.get('/loki/api/v1/index/stats', { query: '{service_name="shop"}', ...span })).toMatchObject({ streams: 1, entries: rowsPerService });
  },
  "Drilldown's fields, tens of queries at once": async (grafana) => {
    for (const service of ['shop', 'pay'] as const) {
      const { fields } = await grafana.get<{ fields: readonly { label: string; parsers: readonly string[] | null }[] }>('/loki/api/v1/detected_fields', { query: `{service_name="${service}"}`, ...isoSpan });
      const names = fields.map(({ label }) => label).filter((label) => !['detected_level', 'level', 'level_extracted'].includes(label));
      expect(names).toEqual(expect.arrayContaining(service === 'shop' ? ['msg', 'status', 'took_ms', 'trace_id', 'user'] : ['amount', 'method', 'msg', 'took', 'trace_id']));
      expect(names).not.toEqual(expect.arrayContaining(['app']));
      const selector = `{service_name="${service}"}`;
      await Promise.all(names.map(async (field) => {
        // Drilldown draws what it gets of a field with very many values.
        const series = await grafana.matrix(`sum by (${field}) (count_over_time(${selector} ${parsed} | ${field}!="" [300s]))`);
        expect(series.length, field).toBeGreaterThan(0);
        const list = await grafana.vector(`sum by (${field}) (count_over_time(${selector} ${parsed} | ${field}!="" | keep ${field} [30h]))`, ns(nowMs));
        expect(list.length, field).toBeGreaterThan(0);
        expect(labelsOf(list, field), field).not.toContain('');
        const { values } = await grafana.get<{ values: readonly string[] }>(`/loki/api/v1/detected_field/${field}/values`, { query: selector, limit: 50, ...isoSpan });
        expect(values.length, field).toBeGreaterThan(0);
      }));
    }
    expect(sumOf(await grafana.matrix(`sum by (user) (count_over_time({service_name="shop"} ${parsed} | user!="" [300s]))`))).toBe(rowsPerService);
    expect(sumOf(await grafana.matrix(`avg by (method) (avg_over_time({service_name="pay"} | logfmt | drop __error__ | unwrap duration(took) | __error__="" [300s]))`))).toBeGreaterThan(0);
  },
  "Drilldown's patterns": async (grafana) => {
    const { data } = await grafana.get<{ data: readonly { pattern: string; samples: readonly (readonly [number, number])[] }[] }>('/loki/api/v1/patterns', { query: '{service_name="edge"}', step: 300, ...isoSpan });
    expect(data.length).toBeGreaterThan(0);
    const { pattern, samples } = data[0] as (typeof data)[number];
    expect(samples.length).toBeGreaterThan(0);
    const like = rowsOf(await grafana.logs(`{service_name="edge"} |> ${JSON.stringify(pattern)}`));
    const unlike = rowsOf(await grafana.logs(`{service_name="edge"} !> ${JSON.stringify(pattern)}`));
    expect(like).toBeGreaterThan(0);
    expect(like + unlike).toBe(rowsPerService);
    expect(rowsOf(await grafana.logs('{service_name="edge"} |> "10.0.0.<_> GET /item/<_> took <_>ms"'))).toBe(rowsPerService);
  },
  "Drilldown's limits": async (grafana) => {
    expect(await grafana.get('/loki/api/v1/drilldown-limits')).toMatchObject({ limits: { volume_enabled: true, max_query_series: 500 }, pattern_ingester_enabled: true, version: expect.any(String) as string });
  },
  'dashboards and alerts': async (grafana) => {
    const queries = [
      'sum(rate({app="shop"} | json | status >= 500 [1h])) / sum(rate({app="shop"}[1h]))', 'topk(3, sum by (user) (count_over_time({app="shop"} | json [1h])))', 'quantile_over_time(0.95, {app="pay"} | logfmt | unwrap duration(took) [1h]) by (method)',
      'sum by (app) (bytes_rate({namespace="store"}[10m]))', 'absent_over_time({app="nothing"}[5m])', 'sum(count_over_time({app="shop"} |= "error" [1h])) > 1 or vector(0)',
    ];
    for (const query of queries) {
      expect((await grafana.matrix(query)).length, query).toBeGreaterThan(0);
      // A minute after a row, so that a window of five minutes has one.
      expect((await grafana.vector(query, ns(nowMs - 29 * hourMs + minuteMs))).length, query).toBeGreaterThan(0);
    }
  },
};

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('limits: {max_entries_limit_per_query: 5000}');
  await server.api.push(pushes(0, 500));
}, 60_000);
afterAll(() => server.close());

async function allShapes(): Promise<void> {
  const grafana = new Grafana(server);
  const failed: string[] = [];
  await Promise.all(Object.entries(shapes).map(async ([name, ask]) => ask(grafana).catch((error: unknown) => failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`))));
  expect(failed).toEqual([]);
}

describe('every query shape of Grafana gives data', () => {
  test('from heads', async () => {
    await server.api.push(pushes(500, rowsPerService));
    await allShapes();
  }, 60_000);
  test('from segments', async () => {
    await server.api.flush();
    await allShapes();
  }, 60_000);
  test('as the first thing after a restart', async () => {
    await server.restart();
    await allShapes();
  }, 60_000);
  test('while rows come', async () => {
    const enough = new AbortController();
    const pushing = (async () => {
      for (let i = 0; !enough.signal.aborted; i++) await server.api.push([{ stream: { app: 'other', namespace: 'elsewhere', pod: 'other-0' }, values: [[String(BigInt(Date.now()) * 1_000_000n - hourNs * 100n + BigInt(i)), 'something else']] }]);
    })();
    await allShapes().finally(() => enough.abort());
    await pushing;
  }, 60_000);
});

test('form writes what URLSearchParams does', () => {
  expect(form({ a: '{x="y"}', b: 1 })).toBe('a=%7Bx%3D%22y%22%7D&b=1');
});
