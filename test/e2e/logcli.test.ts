import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { form, type ApiError, type PushStream } from '../support/api.ts';
import { startInProcess, type InProcess } from '../support/in-process.ts';

const rowsPerApp = 1200;
const second = 1_000_000_000n;
const nowNs = BigInt(Date.now()) * 1_000_000n;
const startNs = nowNs - 3_600n * second;

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess();
  for (const [part, flush] of [[0, true], [1, true], [2, false]] as const) {
    const streams = ['shop', 'pay'].map((app): PushStream => ({
      stream: { app, pod: `${app}-${part % 2}`, namespace: 'prod' },
      values: Array.from({ length: rowsPerApp / 3 }, (_, i) => {
        const n = part * (rowsPerApp / 3) + i;
        // Two lines have one time.
        const timeNs = startNs + BigInt(n >> 1) * 4n * second;
        const line = app === 'shop' ? JSON.stringify({ level: n % 5 === 0 ? 'error' : 'info', n, user: `u${n % 7}` }) : `level=${n % 4 === 0 ? 'warn' : 'info'} n=${n} took=${n % 50}ms`;
        return [String(timeNs), line, { trace_id: `t${n % 9}` }];
      }),
    }));
    await server.api.push(streams);
    if (flush) await server.api.flush();
  }
}, 60_000);
afterAll(() => server.close());

type Parameters = Readonly<Record<string, string | number | bigint>>;
interface Entries {
  readonly data: { readonly result: readonly { readonly stream: Readonly<Record<string, string>>; readonly values: readonly (readonly [string, string])[] }[] };
}

/** What logcli adds to every request but those of its own. */
const range = { start: startNs, end: nowNs };
const get = async <Answer>(at: string, parameters: Parameters = {}): Promise<Answer> => server.api.get<Answer>(at, parameters);

// The requests of logcli's commands, recorded in front of logcli of August 2026.
describe("logcli's requests", () => {
  const shop = '{app="shop"}';

  test.each([
    ['query', '/loki/api/v1/query_range', { direction: 'BACKWARD', limit: 3, query: shop, ...range }, { status: 'success', data: { resultType: 'streams', result: expect.arrayContaining([{ stream: expect.objectContaining({ app: 'shop' }), values: expect.any(Array) }]) } }],
    ['query of metrics', '/loki/api/v1/query_range', { direction: 'BACKWARD', limit: 30, query: `sum(rate(${shop}[5m]))`, step: 1800, ...range }, { data: { resultType: 'matrix', result: [{ metric: {}, values: expect.any(Array) }] } }],
    ['instant-query', '/loki/api/v1/query', { direction: 'BACKWARD', limit: 30, query: `sum(count_over_time(${shop}[2h]))`, time: nowNs }, { data: { resultType: 'vector', result: [{ metric: {}, value: [expect.any(Number), String(rowsPerApp)] }] } }],
    ['labels', '/loki/api/v1/labels', range, { status: 'success', data: ['app', 'namespace', 'pod', 'service_name'] }],
    ['labels app', '/loki/api/v1/label/app/values', range, { status: 'success', data: ['pay', 'shop'] }],
    ['series', '/loki/api/v1/series', { match: shop, ...range }, { data: ['shop-0', 'shop-1'].map((pod) => ({ app: 'shop', namespace: 'prod', pod, service_name: 'shop' })) }],
    ['stats', '/loki/api/v1/index/stats', { query: shop, ...range }, { streams: 2, entries: rowsPerApp, chunks: expect.any(Number), bytes: expect.any(Number) }],
    ['volume', '/loki/api/v1/index/volume', { query: '{namespace="prod"}', limit: 30, targetLabels: 'app', ...range }, { data: { resultType: 'vector', result: expect.arrayContaining([{ metric: { app: 'shop' }, value: expect.any(Array) }, { metric: { app: 'pay' }, value: expect.any(Array) }]) } }],
    ['volume_range', '/loki/api/v1/index/volume_range', { query: '{namespace="prod"}', limit: 30, aggregateBy: 'labels', step: 600, ...range }, { data: { resultType: 'matrix', result: expect.arrayContaining(['app', 'namespace', 'pod', 'service_name'].map((name) => ({ metric: { [name]: '' }, values: expect.any(Array) }))) } }],
    ['detected-fields', '/loki/api/v1/detected_fields', { query: shop, limit: 100, line_limit: 1000, step: '10s', ...range }, { fields: expect.arrayContaining([expect.objectContaining({ label: 'user', type: 'string', cardinality: 7 })]) }],
    ['detected-fields level', '/loki/api/v1/detected_field/level/values', { query: shop, limit: 100, line_limit: 1000, step: '10s', ...range }, { values: expect.arrayContaining(['error', 'info']) }],
  ])('%s', async (_command, at, parameters, expected) => {
    const answer = await get<{ data?: unknown }>(at, parameters);
    expect(answer).toMatchObject(expected);
    expect(JSON.stringify(answer)).not.toMatch(/"result":\[\]/);
  });

  // Each page ends a nanosecond behind the oldest entry of the one before, so that entries of the same time come again.
  test.each([[500, 700], [1000, 137], [rowsPerApp, 500]])('query --limit %i --batch %i', async (limit, batch) => {
    const seen = new Set<string>();
    let end = nowNs;
    while (seen.size < limit) {
      const { data } = await get<Entries>('/loki/api/v1/query_range', { direction: 'BACKWARD', query: shop, start: startNs, end, limit: Math.min(batch, limit - seen.size + 2) });
      const page = data.result.flatMap(({ values }) => values).sort(([a], [b]) => (a < b ? 1 : -1));
      const before = seen.size;
      for (const [time, line] of page) if (seen.size < limit) seen.add(`${time} ${line}`);
      if (seen.size === before) break;
      end = BigInt(page.at(-1)?.[0] ?? 0) + 1n;
    }
    expect(seen.size).toBe(limit);
    const numbers = [...seen].map((text) => Number(/"n":(\d+)/.exec(text)?.[1])).sort((a, b) => b - a);
    expect(numbers).toEqual(Array.from({ length: limit }, (_, i) => rowsPerApp - 1 - i));
  });

  test('delete', async () => {
    await expect(server.api.text(`/loki/api/v1/delete?query=x&start=1&end=2`, { method: 'POST' })).rejects.toMatchObject({ status: 501 } satisfies Partial<ApiError>);
    await expect(server.api.text('/loki/api/v1/delete')).rejects.toMatchObject({ status: 501 });
  });

  test('query --tail', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/loki/api/v1/tail?${form({ query: shop, limit: 5, delay_for: 1, start: startNs })}`);
    const lines: string[] = [];
    socket.on('message', (data: Buffer) => lines.push(...(JSON.parse(data.toString('utf8')) as { streams: { values: [string, string][] }[] }).streams.flatMap(({ values }) => values.map(([, line]) => line))));
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(5);
    socket.terminate();
    expect(lines.map((line) => Number(/"n":(\d+)/.exec(line)?.[1]))).toEqual([1195, 1196, 1197, 1198, 1199]);
  });
});

const binary = path.join(homedir(), '.cache/spoor-bin/logcli');
const found = existsSync(binary);
test.skipIf(found)(`logcli itself: skipped, there is no ${binary} (go build ./cmd/logcli in Loki's source makes one)`, () => undefined);
describe.runIf(found)('logcli itself', () => {
  const logcli = async (...given: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> => {
    const options = { env: { LOKI_ADDR: server.url, PATH: process.env['PATH'] }, timeout: 30_000, maxBuffer: 2 ** 24 };
    try {
      return { ...(await promisify(execFile)(binary, [...given, '--quiet'], options)), code: 0 };
    } catch (error) {
      return error as { stdout: string; stderr: string; code: number };
    }
  };

  test.each([
    [['query', '{app="shop"}', '--since', '2h', '--limit', '3'], /^(.*"n":119[789].*\n){3}$/],
    [['query', '{app="shop"}', '--since', '2h', '--limit', '3', '--output', 'jsonl'], /^(\{"labels":\{.*\},"line":".*","timestamp":".*"\}\n){3}$/],
    [['query', '{app="pay"} | logfmt | took > 48ms', '--since', '2h', '--limit', '5', '--forward'], /^(.*took=49ms\n){5}$/],
    [['query', 'sum(rate({app="shop"}[5m]))', '--since', '2h', '--step', '30m'], /"metric": \{\}/],
    [['query', '{app="shop"}', '--since', '2h', '--limit', '1', '--stats'], /Common|"n":1199/],
    [['instant-query', 'sum by (app) (count_over_time({namespace="prod"}[2h]))'], /"pay"[^]*"1200"[^]*"shop"[^]*"1200"/],
    [['labels'], /^app\nnamespace\npod\nservice_name\n$/],
    [['labels', 'app'], /^pay\nshop\n$/],
    [['series', '{app="shop"}'], /^(\{app="shop", namespace="prod", pod="shop-[01]", service_name="shop"\}\n){2}$/],
    [['series', '{namespace="prod"}', '--analyze-labels'], /Total Streams: +4/],
    [['stats', '{app="shop"}', '--since', '2h'], /streams: 2\n +entries: 1200/],
    [['volume', '{namespace="prod"}', '--since', '2h', '--targetLabels', 'app'], /"app": "shop"/],
    [['volume_range', '{namespace="prod"}', '--since', '2h', '--step', '1h'], /"namespace": "prod"/],
    [['detected-fields', '{app="shop"}', '--since', '2h'], /label: user\t+type: string\t+cardinality: 7/],
    [['detected-fields', '{app="shop"}', 'level', '--since', '2h'], /error\n|info\n/],
  ])('%j', async (given, expected) => {
    const { stdout, stderr, code } = await logcli(...given);
    expect({ stdout, stderr, code }).toMatchObject({ code: 0, stdout: expect.stringMatching(expected) as string });
  });

  test('pages through everything', async () => {
    const { stdout } = await logcli('query', '{app=~"shop|pay"}', '--since', '2h', '--limit', '0', '--batch', '333');
    expect(new Set(stdout.trim().split('\n')).size).toBe(2 * rowsPerApp);
  });

  test('shows the reason of a refusal', async () => {
    expect(await logcli('query', '{app="shop"')).toMatchObject({ code: 1, stderr: expect.stringContaining('parse error at line 1') as string });
    expect(await logcli('delete', 'create', '{app="shop"}')).toMatchObject({ code: 1, stderr: expect.stringContaining('not implemented') as string });
  });
});
