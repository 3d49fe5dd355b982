import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfiguration } from '../../../src/server/mod.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('storage: {s3: {access_key_id: AKIA, secret_access_key: very-secret}}\nlimits: {max_line_size: 5KB}\noverrides: {t: {max_query_series: 7}}');
});
afterAll(() => server.close());

const push = (line: string) => server.api.push([{ stream: { app: 'a' }, values: [[String(BigInt(Date.now()) * 1_000_000n), line]] }]);

it('is ready', async () => {
  const answer = await server.api.fetch('/ready');
  expect([answer.status, await answer.text()]).toEqual([200, 'ready\n']);
});

it('answers metrics in the Prometheus format', async () => {
  await push('one');
  await server.api.lines('{app="a"}');
  await server.api.fetch('/nosuch');
  const answer = await server.api.fetch('/metrics');
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const samples = await server.api.metrics();
  expect(samples.get('spoor_distributor_lines_received_total{tenant="fake"}')).toBe(1);
  expect(samples.get('spoor_ingester_head_rows')).toBe(1);
  expect(samples.get('spoor_ingester_streams')).toBe(1);
  expect(samples.get('spoor_object_store_failures{operation="put"}')).toBe(0);
  expect(samples.get('spoor_request_duration_seconds_count{method="POST",route="/loki/api/v1/push",status_code="204"}')).toBe(1);
  expect(samples.get('spoor_request_duration_seconds_count{method="GET",route="/loki/api/v1/query_range",status_code="200"}')).toBe(1);
  // Paths that do not exist share one label, or clients could make as many as they like.
  expect(samples.get('spoor_request_duration_seconds_count{method="GET",route="unknown",status_code="404"}')).toBe(1);
  expect(samples.get('spoor_event_loop_delay_p99_seconds')).toBeGreaterThan(0);
  expect([...samples.keys()].filter((name) => !name.startsWith('spoor_'))).toEqual([]);
});

it('shows the configuration in force, which can be read again, and no secret', async () => {
  const text = await server.api.text('/config');
  expect(text).not.toContain('very-secret');
  expect(text).toContain('secret_access_key: "********"');
  const { settings, limits, overrides } = readConfiguration({ file: { name: 'config', text }, environment: {}, flags: {} });
  expect(settings.data_dir).toBe(server.directory);
  expect(limits.max_line_size).toBe(5120);
  expect(overrides.get('t')).toEqual({ max_query_series: 7 });
});

it('says what it is', async () => {
  const info = await server.api.get<Record<string, string>>('/loki/api/v1/status/buildinfo');
  expect(info['version']).toMatch(/^\d+\.\d+\.\d+/);
  expect(Object.keys(info)).toEqual(expect.arrayContaining(['version', 'revision', 'branch', 'buildUser', 'buildDate', 'goVersion']));
});

it('writes the heads out on /flush', async () => {
  await push('two');
  const answer = await server.api.fetch('/flush', { method: 'POST' });
  expect([answer.status, await answer.text()]).toEqual([204, '']);
  const samples = await server.api.metrics();
  expect(samples.get('spoor_ingester_head_rows')).toBe(0);
  expect(samples.get('spoor_ingester_streams')).toBe(0);
  expect(samples.get('spoor_object_store_written_bytes')).toBeGreaterThan(0);
  expect((await readdir(path.join(server.directory, 'objects'))).sort()).toEqual(expect.arrayContaining(['index', 'manifests', 'segments']));
  expect(await server.api.lines('{app="a"}', { direction: 'forward' })).toEqual(['one', 'two']);
});
