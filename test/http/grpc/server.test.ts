import { createServer } from 'node:net';
import http2 from 'node:http2';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { Client, compressionAlgorithms, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelSet } from '../../../src/model/mod.ts';
import { protobufOf } from '../../protocols/loki/wire.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';
import { exportOf, field } from '../../support/otlp.ts';

const config = `
auth_enabled: true
grpc: {listen: "127.0.0.1:0,127.0.0.1:0", message_bytes_max: 256KB}
overrides:
  slow: {ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002}
  blocked: {block_ingestion_until: "2199-01-01T00:00:00Z"}
`;
const exportPath = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const pushPath = '/logproto.Pusher/Push';

let server: InProcess;
let client: Client;
beforeAll(async () => {
  server = await startInProcess(config);
  client = clientOf(server.grpcPorts[0]!);
});
afterAll(async () => {
  client.close();
  await server.close();
});

function clientOf(port: number, options = {}): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.max_send_message_length': -1, ...options });
}

interface Answer {
  readonly code: status;
  readonly details: string;
  readonly message: Buffer;
  /** Seconds of RetryInfo. */
  readonly retryAfter: number | null;
}

async function call(path: string, message: Buffer, tenant: string | null = 't', by: Client = client): Promise<Answer> {
  const metadata = new Metadata();
  if (tenant !== null) metadata.set('x-scope-orgid', tenant);
  const asItIs = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    by.makeUnaryRequest(path, asItIs, asItIs, message, metadata, (error: ServiceError | null, answer?: Buffer) => {
      const details = error?.metadata.get('grpc-status-details-bin')[0];
      // The delay is the last byte of the last field.
      const retryAfter = Buffer.isBuffer(details) && details.includes('google.rpc.RetryInfo') ? details.at(-1)! : null;
      resolve({ code: error?.code ?? status.OK, details: error?.details ?? '', message: answer ?? Buffer.alloc(0), retryAfter });
    });
  });
}

const nowNs = BigInt(Date.now()) * 1_000_000n;
const lines = (query: string, tenant = 't'): Promise<readonly string[]> => server.as({ 'x-scope-orgid': tenant }).lines(query);

describe('LogsService/Export', () => {
  it('stores an export, on each address', async () => {
    expect(await call(exportPath, exportOf('grpc', [{ time: nowNs, body: 'one' }]))).toMatchObject({ code: status.OK, message: Buffer.alloc(0) });
    const other = clientOf(server.grpcPorts[1]!);
    expect((await call(exportPath, exportOf('grpc', [{ time: nowNs + 1n, body: 'two' }]), 't', other)).code).toBe(status.OK);
    other.close();
    expect(await lines('{service_name="grpc"}')).toEqual(['two', 'one']);
  });

  it.each([
    ['gzip', compressionAlgorithms.gzip],
    ['deflate', compressionAlgorithms.deflate],
  ])('takes %s', async (name, algorithm) => {
    const compressing = clientOf(server.grpcPorts[0]!, { 'grpc.default_compression_algorithm': algorithm });
    expect((await call(exportPath, exportOf(name, [{ time: nowNs, body: 'a line' }]), 't', compressing)).code).toBe(status.OK);
    compressing.close();
    expect(await lines(`{service_name="${name}"}`)).toEqual(['a line']);
  });

  it('says in partial_success what was refused', async () => {
    const answer = await call(exportPath, exportOf('partly', [{ time: nowNs, body: 'good' }, { time: 1n, body: 'too old' }]));
    expect(answer.code).toBe(status.OK);
    expect(answer.message.toString()).toContain('has timestamp too old');
    expect(await lines('{service_name="partly"}')).toEqual(['good']);
  });

  it('takes an empty export', async () => {
    expect(await call(exportPath, Buffer.alloc(0))).toMatchObject({ code: status.OK, message: Buffer.alloc(0) });
  });
});

describe('Pusher/Push', () => {
  const push = protobufOf([{ labels: [['app', 'pusher']], entries: [{ timeNs: nowNs, line: Buffer.from('a line'), metadata: [['user', 'u']] }] }]);

  it('stores a push, which comes without snappy', async () => {
    expect(await call(pushPath, push)).toMatchObject({ code: status.OK, message: Buffer.alloc(0) });
    const streams = await server.as({ 'x-scope-orgid': 't' }).streams('{app="pusher"}');
    expect(streams).toMatchObject([{ stream: { ...Object.fromEntries(labelSet([['app', 'pusher']]).map(({ name, value }) => [name, value])), user: 'u' }, values: [[String(nowNs), 'a line']] }]);
  });

  it('stores the good entries beside bad ones, and says INVALID_ARGUMENT', async () => {
    const mixed = protobufOf([{ labels: [['app', 'mixed']], entries: [{ timeNs: 1n, line: Buffer.from('old'), metadata: [] }, { timeNs: nowNs, line: Buffer.from('good'), metadata: [] }] }]);
    expect(await call(pushPath, mixed)).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining('too old') as string, retryAfter: null });
    expect(await lines('{app="mixed"}')).toEqual(['good']);
  });
});

describe('errors', () => {
  it.each<[string, string, Buffer, string | null, status, RegExp]>([
    ['no tenant', exportPath, exportOf('a', [{}]), null, status.UNAUTHENTICATED, /no org id/],
    ['a bad tenant', pushPath, Buffer.alloc(0), 'a/b', status.INVALID_ARGUMENT, /unsupported character/],
    ['several tenants', exportPath, exportOf('a', [{}]), 'a|b', status.INVALID_ARGUMENT, /multiple org IDs/],
    ['garbage', exportPath, Buffer.from('garbage'), 't', status.INVALID_ARGUMENT, /proto/],
    ['a push of garbage', pushPath, Buffer.from('garbage'), 't', status.INVALID_ARGUMENT, /proto/],
    ['bad labels', pushPath, field(1, field(1, Buffer.from('{a'))), 't', status.INVALID_ARGUMENT, /couldn't parse labels/],
    ['an empty push', pushPath, Buffer.alloc(0), 't', status.INVALID_ARGUMENT, /at least one valid stream/],
    ['old records only', exportPath, exportOf('a', [{ time: 1n }]), 't', status.INVALID_ARGUMENT, /too old/],
    ['blocked ingestion', exportPath, exportOf('a', [{ time: nowNs }]), 'blocked', status.PERMISSION_DENIED, /ingestion blocked/],
    ['a long message', exportPath, Buffer.alloc(300 * 1024), 't', status.RESOURCE_EXHAUSTED, /larger than max/],
    ['an unknown method', '/logproto.Querier/Query', Buffer.alloc(0), 't', status.UNIMPLEMENTED, /./],
  ])('%s', async (_, path, message, tenant, code, details) => {
    const answer = await call(path, message, tenant);
    expect(answer).toMatchObject({ code, retryAfter: null });
    expect(answer.details).toMatch(details);
  });

  it('that may pass say when to come back', async () => {
    const body = exportOf('a', [{ time: nowNs, body: 'x'.repeat(1800) }]);
    expect((await call(exportPath, body, 'slow')).code).toBe(status.OK);
    const answer = await call(exportPath, body, 'slow');
    expect(answer.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(answer.retryAfter).toBeGreaterThan(0);
  });

  it('bombs are refused', async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 26));
    const answer = await raw(exportPath, Buffer.concat([Buffer.from([1, bomb.length >>> 24, (bomb.length >>> 16) & 255, (bomb.length >>> 8) & 255, bomb.length & 255]), bomb]), { 'grpc-encoding': 'gzip' });
    expect(answer).toMatchObject({ 'grpc-status': String(status.RESOURCE_EXHAUSTED) });
  });

  it('a length of 1 GB is refused before its bytes are there', async () => {
    expect(await raw(exportPath, Buffer.from([0, 0x40, 0, 0, 0, 1, 2, 3]), {}, false)).toMatchObject({ 'grpc-status': String(status.RESOURCE_EXHAUSTED) });
  });

  it('an encoding that it does not have is UNIMPLEMENTED', async () => {
    expect(await raw(exportPath, Buffer.from([1, 0, 0, 0, 1, 0]), { 'grpc-encoding': 'zstd' })).toMatchObject({ 'grpc-status': String(status.UNIMPLEMENTED) });
  });
});

/** A call by hand; gives the trailers. */
async function raw(path: string, body: Buffer, headers: Readonly<Record<string, string>>, ends = true): Promise<http2.IncomingHttpHeaders> {
  const session = http2.connect(`http://127.0.0.1:${server.grpcPorts[0]!}`);
  try {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', 'x-scope-orgid': 't', ...headers });
    const found = Promise.withResolvers<http2.IncomingHttpHeaders>();
    // Trailers, or the only headers where nothing else comes.
    const note = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) found.resolve(headers);
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', found.reject);
    stream.resume();
    stream.write(body);
    if (ends) stream.end();
    return await found.promise;
  } finally {
    session.destroy();
  }
}

it('is counted, with codes by name', async () => {
  const metrics = await server.as({}).text('/metrics');
  for (const code of ['OK', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED']) expect(metrics).toMatch(new RegExp(`spoor_ingest_requests_total\\{protocol="grpc",status_code="${code}"\\} [1-9]`, 'v'));
  expect(metrics).toMatch(/spoor_ingest_refused_requests_total\{protocol="grpc",reason="push_labels"\} [1-9]/);
  expect(metrics).toMatch(/spoor_ingest_body_bytes_total\{protocol="grpc"\} [1-9]/);
});

describe('its address', () => {
  it('may be none', async () => {
    const without = await startInProcess('grpc: {listen: ""}\n');
    expect(without.grpcPorts).toEqual([]);
    await without.close();
  });

  it('that somebody chose must be free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    await expect(startInProcess(`grpc: {listen: "127.0.0.1:${address.port}"}\n`)).rejects.toThrow(/EADDRINUSE|No address added/);
    holder.close();
  });
});

it('ends calls under way before it stops', async () => {
  const own = await startInProcess('grpc: {listen: "127.0.0.1:0"}\n');
  const by = clientOf(own.grpcPorts[0]!);
  const calls = Array.from({ length: 20 }, (_, i) => call(exportPath, exportOf('stop', [{ time: nowNs + BigInt(i), body: `line ${i}` }]), null, by));
  await Promise.race(calls);
  await own.restart();
  const answers = await Promise.all(calls);
  by.close();
  const stored = await own.api.lines('{service_name="stop"}');
  for (const [i, { code }] of answers.entries()) {
    if (code === status.OK) expect(stored).toContain(`line ${i}`);
    else expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain(code);
  }
  await own.close();
});
