import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { Metrics } from '../../src/http/mod.ts';
import { ingestScope, PushIntake } from '../../src/http/push-intake.ts';
import { SpoorError, systemClock } from '../../src/model/mod.ts';

let app: FastifyInstance | undefined;
let metrics: Metrics | undefined;
afterEach(async () => {
  await app?.close();
  metrics?.close();
});

async function start(settings: { bodyBytesMax?: number; pushBytesMax?: number; refusalDelayMaxMs?: number } = {}) {
  const made = new Metrics();
  metrics = made;
  const intake = new PushIntake({ bodyBytesMax: 1000, pushBytesMax: 1000, refusalDelayMaxMs: 0, metrics: made, clock: systemClock, ...settings });
  const server = fastify();
  app = server;
  server.setErrorHandler(async (error, _request, reply) => reply.code(error instanceof SpoorError ? error.status : 500).send(String(error)));
  await ingestScope(server, { metrics: made, intake }, 'otlp', (scope) => {
    scope.post('/echo', async (request, reply) => intake.receive('otlp', request, (body) => body.length, async ({ body, decoded }) => {
      decoded(body.length);
      if (String(body) === 'bad') throw new SpoorError('push_snappy');
      return reply.code(String(body) === 'part' ? 400 : 200).send(String(body));
    }));
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const post = async (body: string) => fetch(`${url}/echo`, { method: 'POST', body });
  const samples = async () => (await made.registry.metrics()).split('\n').filter((line) => line.startsWith('spoor_ingest_') || line.startsWith('spoor_push_'));
  return { intake, post, samples };
}

test('requests, their bytes and what fails as a whole are counted by protocol', async () => {
  const { post, samples } = await start();
  for (const body of ['good', 'bad', 'part', 'x'.repeat(2000)]) await (await post(body)).text();
  await expect.poll(samples, { timeout: 20_000 }).toEqual(expect.arrayContaining([
    'spoor_ingest_requests_total{protocol="otlp",status_code="200"} 1',
    'spoor_ingest_requests_total{protocol="otlp",status_code="400"} 2',
    'spoor_ingest_requests_total{protocol="otlp",status_code="413"} 1',
    'spoor_ingest_body_bytes_total{protocol="otlp"} 11',
    'spoor_ingest_body_bytes_total{protocol="syslog"} 0',
    'spoor_ingest_refused_requests_total{protocol="otlp",reason="push_snappy"} 1',
    'spoor_ingest_refused_requests_total{protocol="otlp",reason="body_too_large"} 1',
    'spoor_push_body_bytes 0',
  ]));
});

test('an answer that is held back holds no memory', async () => {
  const { intake, post, samples } = await start({ pushBytesMax: 10, bodyBytesMax: 10, refusalDelayMaxMs: 8000 });
  // A storm of the same tenant, which is none here.
  for (let i = 0; i < 100; i++) void intake.pace('', 2 ** 20);
  const heldBack = async (): Promise<number> => Number((await samples()).find((line) => line.includes('held_back'))?.split(' ')[1]);
  const before = await heldBack();
  const refused = post('part');
  await expect.poll(heldBack, { timeout: 20_000, interval: 5 }).toBeGreaterThan(before);
  // Its bytes would leave no room for these.
  expect(await samples()).toContain('spoor_push_body_bytes 0');
  expect((await post('0123456789')).status).toBe(200);
  expect((await refused).status).toBe(400);
}, 60_000);

test('bodies that are in memory already share the budget', async () => {
  const { intake, samples } = await start({ pushBytesMax: 10, bodyBytesMax: 10 });
  const result = intake.take('grpc', Buffer.from('12345678'), ({ length }) => length, async ({ body }) => {
    await expect(intake.take('grpc', Buffer.from('123'), () => 3, async () => 'never')).rejects.toMatchObject({ code: 'pushes_under_way' });
    return body.length;
  });
  expect(await result).toBe(8);
  expect(await samples()).toContain('spoor_push_body_bytes 0');
});
