import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import winston from 'winston';
import { freePort, ServerProcess } from '../support/server.ts';

const require = createRequire(import.meta.url);
let directory: string;
let server: ServerProcess;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-shippers-'));
  server = await ServerProcess.start({ dataDirectory: directory, port: await freePort() });
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await rm(directory, { recursive: true, force: true });
});

interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [string, string])[];
}

/** Asks until `count` lines are there. */
async function lines(query: string, count: number): Promise<readonly Stream[]> {
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(`${server.url}/loki/api/v1/query_range?${String(new URLSearchParams({ query, limit: '1000', direction: 'forward' }))}`);
    expect(answer.status).toBe(200);
    const { data } = (await answer.json()) as { data: { result: Stream[] } };
    if (data.result.reduce((sum, { values }) => sum + values.length, 0) >= count || attempt === 100) return data.result;
    await sleep(100);
  }
}

it('takes what pino-loki sends', async () => {
  const transport = pino.transport({ target: 'pino-loki', options: { host: server.url, labels: { app: 'pino' }, batching: { interval: 1 } } }) as NodeJS.EventEmitter & { end(): void };
  const log = pino({ level: 'debug' }, transport as unknown as pino.DestinationStream);
  for (let i = 0; i < 20; i++) log.info({ i, user: 'ünï' }, `message ${i}`);
  log.error(new Error('broken'), 'it failed');
  transport.end();
  await once(transport, 'close');
  const found = await lines('{app="pino"}', 21);
  const all = found.flatMap(({ values }) => values.map(([, line]) => line));
  expect(all).toHaveLength(21);
  expect(all.filter((line) => line.includes('ünï'))).toHaveLength(20);
  const errors = await lines('{app="pino", level="error"}', 1);
  expect(errors[0]?.values[0]?.[1]).toContain('it failed');
});

it.each([
  ['JSON', { json: true }],
  ['protobuf', { json: false }],
])('takes what winston-loki sends as %s', async (name, options) => {
  const LokiTransport = require('winston-loki') as new (options: object) => winston.transport & { flush(): Promise<void> };
  const transport = new LokiTransport({ host: server.url, labels: { app: `winston-${name}` }, batching: true, interval: 1, format: winston.format.json(), ...options });
  const log = winston.createLogger({ level: 'debug', transports: [transport] });
  for (let i = 0; i < 20; i++) log.info(`message ${i}`, { i });
  log.warn('careful');
  await transport.flush();
  const all = (await lines(`{app="winston-${name}"}`, 21)).flatMap(({ values }) => values.map(([, line]) => line));
  expect(all).toHaveLength(21);
  const warnings = await lines(`{app="winston-${name}", level="warn"}`, 1);
  expect(warnings[0]?.values[0]?.[1]).toContain('careful');
  log.close();
});
