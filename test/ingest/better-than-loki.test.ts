import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { betterThanLoki } from './list.ts';

/** What these need of the corpus' own runner. */
interface Runner {
  loadCases(folders: readonly string[]): readonly Case[];
  tenantOf(one: Case): string;
  send(url: string, request: unknown, base: bigint, tenant: string): Promise<{ readonly status: number; readonly body: Buffer }>;
  newBase(): bigint;
  windowsOf(one: Case, base: bigint): readonly (readonly string[])[];
  readBack(url: string, tenant: string, windows: readonly (readonly string[])[], labels: readonly string[]): Promise<readonly Entry[]>;
}
interface Case {
  readonly id: string;
  readonly setup?: readonly unknown[];
  readonly request: unknown;
}
interface Entry {
  readonly labels: Readonly<Record<string, string>>;
  readonly line: string;
  readonly structuredMetadata: Readonly<Record<string, string>>;
}

/** The better answer to a case: its status, what it says, and the entries that can be read afterwards: labels, line, metadata. */
interface Better {
  readonly status: number;
  readonly says?: RegExp;
  readonly stored: readonly (readonly [labels: Readonly<Record<string, string>>, line: string, metadata?: Readonly<Record<string, string>>])[] | number;
}

const oldForm = { application: 'cart', logger: 'cart.old-form-on-new-path.0', severity: 'info' };
const a = { app: 'a' };
const service = { service_name: 'svc' };
const allNames = { A_B: '8', __name__: '14', _d: '6', _u: '5', a_b: '12', a_b_c: '7', end_: '11', key_1a: '3', key_two: '13', x_y: '10' };

const types = {
  _dunder: 'd', _under: 'u', arr: '["a","b"]', big: '9007199254740991', bytes: 'AQID', f: '0.1', host_name: 'h1', i: '7', key_1starts: 'digit', neg: '-3', nested_a_b_c: '1', nested_d_e: 'f', nums: '[1,2.5]',
  observed_timestamp: expect.stringMatching(/^\d+$/) as string, process_pid: '123', s: 'x', scope_name: 'my-lib', scope_version: '1.2.3', t: 'true', weird_key_: 'w',
};
const leftOut = (count: number): RegExp => new RegExp(`attributes left out.*\\(${count}\\)`);

const better: Readonly<Record<string, Better>> = {
  'cap-default/python-logging-loki-v0/old-form-on-new-path': { status: 204, stored: [[{ ...oldForm, service_name: 'cart' }, 'old form on /loki/api/v1/push', { detected_level: 'info' }]] },
  'cap-off/python-logging-loki-v0/old-form-on-new-path': { status: 204, stored: [[oldForm, 'old form on /loki/api/v1/push']] },
  'push-json/old-form@default': { status: 204, stored: [[{ app: 'a', service_name: 'a' }, 'x', { detected_level: 'unknown' }]] },
  'push-json/old-form@off': { status: 204, stored: [[a, 'x']] },
  'legacy/new-form': { status: 204, stored: [[a, 'x']] },
  'push-json/key-case': { status: 204, stored: [[a, 'x']] },
  'push-json/far-behind-first-of-two': { status: 204, stored: [[a, 'late'], [a, 'newest'], [{ app: 'b' }, 'fine']] },
  'push-json/far-behind-mixed': { status: 204, stored: [[a, 'late'], [a, 'newest'], [a, 'ok1'], [a, 'ok2']] },
  'push-json/far-behind-one-push': { status: 204, stored: [[a, 'late'], [a, 'newest']] },
  'push-limits/stream-rate': { status: 429, says: /^Per stream rate limit exceeded \(limit: 1KB\/sec\) while attempting to ingest for stream '\{app="a"\}'/, stored: [[{ app: 'b' }, 'small']] },
  'push-pb/sm-empty': { status: 400, says: /^stream '\{app="a"\}' has structured metadata with an unusable name: label name is empty\n$/, stored: [[a, 'y']] },
  'cap-off/python-logging-loki-v1/empty-line': { status: 204, stored: [[{ application: 'cart', logger: 'cart.empty-line.1', severity: 'info' }, '']] },
  'legacy/no-line': { status: 204, stored: [[a, '']] },
  'push-json/value-one': { status: 204, stored: [[a, '']] },
  'push-pb/no-line': { status: 204, stored: [[a, '']] },
  'push-json/ts-number': { status: 204, stored: [[a, 'x']] },
  'push-http/json-zstd': { status: 204, stored: [[a, 'x']] },
  'otlp-http/enc-snappy': { status: 204, stored: [[service, 'x']] },
  'wire/otelcol-filelog/cri-snappy-proto': { status: 204, stored: 108 },
  'wire/otelcol-filelog/cri-snappy-proto-2': { status: 204, stored: 20 },
  'otlp-http/enc-deflate': { status: 204, stored: [[service, 'x']] },
  'wire/otelcol-filelog/cri-deflate-proto': { status: 204, stored: 108 },
  'wire/otelcol-filelog/cri-deflate-proto-2': { status: 204, stored: 20 },
  'otlp-http/v1-logs': { status: 200, says: /^\{\}$/, stored: [[service, 'x']] },
  'otlp-http/pb-bad-utf8-label': { status: 204, stored: [[{ service_name: 'Q\uFFFDQQ' }, 'x'], [service, 'kept']] },
  'otlp-json/attr-names': { status: 200, says: leftOut(2), stored: [[service, 'x', allNames]] },
  'otlp-pb/attr-names': { status: 200, says: leftOut(2), stored: [[service, 'x', allNames]] },
  'cap-default/otel-js-proto/attribute-types': { status: 200, says: leftOut(1), stored: [[{ service_name: 'checkout', service_namespace: 'shop' }, 'attrs', { ...types, detected_level: 'unknown' }]] },
  'cap-off/otel-js-proto/attribute-types': { status: 200, says: leftOut(1), stored: [[{ service_name: 'checkout', service_namespace: 'shop' }, 'attrs', types]] },
  'otlp-json/attr-empty-name': { status: 200, says: leftOut(1), stored: [[service, 'x']] },
  'otlp-pb/attr-empty-name': { status: 200, says: leftOut(1), stored: [[service, 'x']] },
};

const corpus = path.resolve(import.meta.dirname, '../../../shared/ingest');

test('each case of the list is stated here', () => {
  expect(Object.keys(better).toSorted()).toEqual(betterThanLoki().map(({ id }) => id).toSorted());
});

describe.skipIf(!existsSync(corpus))('better than Loki', async () => {
  if (!existsSync(corpus)) return;
  const runner = (await import(pathToFileURL(path.join(corpus, 'run.mjs')).href)) as Runner;
  const cases = new Map(runner.loadCases([path.join(corpus, 'cases')]).map((one) => [one.id, one]));
  let server: InProcess;
  beforeAll(async () => {
    const config = readFileSync(path.join(corpus, 'settings/spoor.yaml'), 'utf8');
    server = await startInProcess(config.replace('overrides_file: ', `overrides_file: ${path.join(corpus, 'settings')}/`));
  }, 60_000);
  afterAll(() => server.close());

  test.each(Object.entries(better))('%s', async (id, { status, says, stored }) => {
    const one = cases.get(id)!;
    const base = runner.newBase();
    const tenant = runner.tenantOf(one);
    for (const request of one.setup ?? []) await runner.send(server.url, request, base, tenant);
    const answer = await runner.send(server.url, one.request, base, tenant);
    expect([answer.status, answer.body.toString()]).toEqual([status, expect.stringMatching(says ?? /^$/)]);
    const entries = await runner.readBack(server.url, tenant, runner.windowsOf(one, base), ['app', 'service_name', 'application']);
    expect(entries.length).toBe(typeof stored === 'number' ? stored : stored.length);
    if (typeof stored === 'number') return;
    for (const [labels, line, metadata = {}] of stored) expect(entries).toContainEqual(expect.objectContaining({ labels, line, structuredMetadata: metadata }));
  }, 60_000);
});
