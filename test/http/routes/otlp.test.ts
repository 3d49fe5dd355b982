import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../../support/in-process.ts';
import { exportOf, exportRequest, type OtlpRecord } from '../../support/otlp.ts';

const config = `
auth_enabled: true
grpc: {listen: ""}
server: {body_bytes_max: 200KB}
overrides:
  slow: {ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002}
  blocked: {block_ingestion_until: "2199-01-01T00:00:00Z"}
  strict: {discover_service_name: []}
  labels: {otlp_config: {log_attributes: [{action: index_label, regex: "tie."}]}}
`;
let server: InProcess;
beforeAll(async () => {
  server = await startInProcess(config);
});
afterAll(() => server.close());

const nowNs = BigInt(Date.now()) * 1_000_000n;
const tooOld: OtlpRecord = { time: 1n, body: 'too old' };
const protobufType = { 'content-type': 'application/x-protobuf' };
const jsonType = { 'content-type': 'application/json' };
const jsonOf = (service: string, line: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      resourceLogs: [
        { resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] }, scopeLogs: [{ logRecords: [{ timeUnixNano: String(nowNs), body: { stringValue: line } }] }] },
      ],
    }),
  );

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfter: string | null;
  readonly body: Buffer;
}

/** Over node:http's own client, which adds no Accept. */
async function post(path: string, body: Buffer, headers: Readonly<Record<string, string>>, tenant = 't'): Promise<Answer> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method: 'POST', headers: { ...headers, ...(tenant === '' ? {} : { 'x-scope-orgid': tenant }), 'content-length': body.length } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? null, retryAfter: response.headers['retry-after'] ?? null, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The message of a protobuf Status or of a partial_success, whose texts are short here. */
const said = (answer: Answer): string => answer.body.toString('utf8').replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
const lines = (service: string, tenant = 't'): Promise<readonly string[]> => server.as({ 'x-scope-orgid': tenant }).lines(`{service_name="${service}"}`);

describe('an export that is stored', () => {
  const ways: readonly (readonly [string, Buffer, Readonly<Record<string, string>>])[] = [
    ['protobuf', exportOf('protobuf', [{ time: nowNs, body: 'a line' }]), protobufType],
    ['json', jsonOf('json', 'a line'), jsonType],
    ['gzip', gzipSync(exportOf('gzip', [{ time: nowNs, body: 'a line' }])), { ...protobufType, 'content-encoding': 'gzip' }],
    ['zstd', zstdCompressSync(jsonOf('zstd', 'a line')), { ...jsonType, 'content-encoding': 'zstd' }],
    ['lz4', compressFrameSync(exportOf('lz4', [{ time: nowNs, body: 'a line' }])), { ...protobufType, 'content-encoding': 'lz4' }],
    ['snappy', compressSync(jsonOf('snappy', 'a line')), { ...jsonType, 'content-encoding': 'snappy' }],
    ['deflate', deflateSync(exportOf('deflate', [{ time: nowNs, body: 'a line' }])), { ...protobufType, 'content-encoding': 'deflate' }],
  ];

  it.each(ways)("as %s is answered 204 on Loki's path, and with an ExportLogsServiceResponse on OTLP's", async (service, body, headers) => {
    expect(await post('/otlp/v1/logs', body, headers)).toMatchObject({ status: 204, type: null, body: Buffer.alloc(0) });
    expect(await lines(service)).toEqual(['a line']);
    const isJson = headers['content-type'] === 'application/json';
    expect(await post('/v1/logs', body, headers)).toMatchObject({ status: 200, type: isJson ? expect.stringContaining('application/json') : 'application/x-protobuf', body: Buffer.from(isJson ? '{}' : '') });
  });

  it('without time gets one, and labels of its own where the tenant wants them', async () => {
    const answer = await post('/v1/logs', exportOf('own', [{ body: 'x', attributes: [['tier', 'gold']] }]), protobufType, 'labels');
    expect(answer.status).toBe(200);
    expect(await server.as({ 'x-scope-orgid': 'labels' }).streams('{tier="gold"}')).toMatchObject([{ stream: { service_name: 'own', tier: 'gold' } }]);
  });

  it("takes encodings and types as HTTP has them on OTLP's path, and as Loki has them on Loki's", async () => {
    const body = exportOf('forms', [{ time: nowNs, body: 'a line' }]);
    for (const headers of [{ 'content-type': 'application/x-protobuf', 'content-encoding': 'identity' }, { 'content-type': 'Application/X-Protobuf; v=1' }] as const) {
      expect((await post('/v1/logs', body, headers)).status).toBe(200);
      expect((await post('/otlp/v1/logs', body, headers)).status).toBe(400);
    }
    expect((await post('/v1/logs', gzipSync(body), { ...protobufType, 'content-encoding': 'GZIP' })).status).toBe(200);
  });

  it('has the level of the first severity_text, and shows the last', async () => {
    await post('/v1/logs', exportOf('levels', [{ time: nowNs, body: 'x', severityText: 'INFO', attributes: [['severity_text', 'warning'], ['level', '']] }]), protobufType);
    expect(await server.as({ 'x-scope-orgid': 't' }).streams('{service_name="levels"}')).toMatchObject([{ stream: { severity_text: 'INFO', detected_level: 'warn' } }]);
  });

  it('of a backfill has its labels', async () => {
    expect((await post('/otlp/v1/logs', exportOf('back', [{ time: 1_000_000_000n, body: 'x' }]), { ...protobufType, 'x-loki-backfill-shard': 's1' })).status).toBe(204);
  });
});

describe('an export with records that are refused', () => {
  const body = exportOf('partly', [{ time: nowNs, body: 'good' }, tooOld]);

  it("is stored without them, and answered 200 with partial_success on OTLP's path", async () => {
    const answer = await post('/v1/logs', body, protobufType);
    expect(answer).toMatchObject({ status: 200, type: 'application/x-protobuf', retryAfter: null });
    expect(said(answer)).toContain('has timestamp too old');
    // partial_success, whose first field is rejected_log_records = 1.
    expect(answer.body.subarray(6, 8).toString('hex')).toBe('0801');
    expect(await lines('partly')).toEqual(['good']);
  });

  it('the same as JSON', async () => {
    const answer = await post('/v1/logs', Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{}, { timeUnixNano: '1' }] }] }] })), jsonType);
    expect(JSON.parse(answer.body.toString())).toEqual({ partialSuccess: { rejectedLogRecords: '1', errorMessage: expect.stringContaining('too old') as string } });
  });

  it("is answered 400 on Loki's path, as Loki does, but to a client that says what it accepts", async () => {
    const answer = await post('/otlp/v1/logs', body, protobufType);
    expect(answer).toMatchObject({ status: 400, type: 'application/x-protobuf' });
    expect(said(answer)).toContain('has timestamp too old');
    expect(await post('/otlp/v1/logs', body, { ...protobufType, accept: '*/*' })).toMatchObject({ status: 200 });
  });

  it('of which nothing can be stored is an error', async () => {
    const answer = await post('/v1/logs', exportOf('bad', [tooOld]), protobufType);
    expect(answer).toMatchObject({ status: 400, type: 'application/x-protobuf' });
    expect(answer.body.subarray(0, 2).toString('hex')).toBe('0803');
    expect((await post('/v1/logs', exportRequest([{ scopes: [{ records: [{ body: 'x' }] }] }]), protobufType, 'strict')).status).toBe(400);
  });

  it('keeps records whose attributes have unusable names, and warns', async () => {
    for (const path of ['/v1/logs', '/otlp/v1/logs']) {
      const answer = await post(path, exportOf('named', [{ time: nowNs, body: 'kept', attributes: [['ключ', 'x']] }]), protobufType);
      expect(answer.status).toBe(200);
      expect(answer.body.toString()).toContain('no label name can be made of theirs (1): "ключ"');
    }
    expect(await lines('named')).toEqual(['kept']);
  });
});

describe('errors', () => {
  it.each<[string, string, Buffer, Readonly<Record<string, string>>, string, number, RegExp]>([
    ['no tenant', '/v1/logs', exportOf('a', [{}]), protobufType, '', 401, /no org id/],
    ['garbage', '/v1/logs', Buffer.from('garbage'), protobufType, 't', 400, /proto/],
    ['no JSON', '/otlp/v1/logs', Buffer.from('x'), jsonType, 't', 400, /must be an object/],
    ['an unknown encoding', '/v1/logs', exportOf('a', [{}]), { ...protobufType, 'content-encoding': 'br' }, 't', 400, /"br" not supported/],
    ['another type', '/v1/logs', exportOf('a', [{}]), { 'content-type': 'text/plain' }, 't', 400, /content type: text\/plain is not supported/],
    ["a type with parameters on Loki's path", '/otlp/v1/logs', jsonOf('a', 'x'), { 'content-type': 'application/json; charset=utf-8' }, 't', 400, /charset=utf-8 is not supported/],
    ["an empty export on Loki's path", '/otlp/v1/logs', Buffer.alloc(0), protobufType, 't', 422, /at least one valid stream/],
    ['a long body', '/v1/logs', Buffer.alloc(201 * 1024), protobufType, 't', 413, /204800 bytes \(server.body_bytes_max\)/],
    ['a bomb', '/v1/logs', gzipSync(Buffer.alloc(2 ** 24)), { ...protobufType, 'content-encoding': 'gzip' }, 't', 413, /204800 bytes/],
    ['blocked ingestion', '/v1/logs', exportOf('a', [{ time: nowNs }]), protobufType, 'blocked', 260, /ingestion blocked/],
  ])('%s', async (_, path, body, headers, tenant, status, text) => {
    const answer = await post(path, body, headers, tenant);
    expect(answer).toMatchObject({ status, type: 'application/x-protobuf', retryAfter: null });
    expect(said(answer)).toMatch(text);
  });

  it("are JSON for JSON on OTLP's path", async () => {
    const answer = await post('/v1/logs', Buffer.from('[]'), { 'content-type': 'application/json; charset=utf-8' });
    expect(answer).toMatchObject({ status: 400, type: expect.stringContaining('application/json') as string });
    expect(JSON.parse(answer.body.toString())).toEqual({ code: 3, message: expect.stringContaining('must be an object') as string });
  });

  it('that may pass say when to come back', async () => {
    const body = exportOf('a', [{ time: nowNs, body: 'x'.repeat(1800) }]);
    expect((await post('/v1/logs', body, protobufType, 'slow')).status).toBe(200);
    const answer = await post('/v1/logs', body, protobufType, 'slow');
    expect(answer).toMatchObject({ status: 429, retryAfter: expect.stringMatching(/^[1-9]\d*$/) as string });
    expect(answer.body.subarray(0, 2).toString('hex')).toBe('0808');
  });

  it("an empty export is taken on OTLP's path", async () => {
    expect(await post('/v1/logs', Buffer.alloc(0), protobufType)).toMatchObject({ status: 200 });
    expect((await post('/v1/logs', Buffer.from('{}'), jsonType)).body.toString()).toBe('{}');
  });
});

it('is counted by protocol', async () => {
  const metrics = await server.as({}).text('/metrics');
  expect(metrics).toMatch(/spoor_ingest_requests_total\{protocol="otlp",status_code="204"\} [1-9]/);
  expect(metrics).toMatch(/spoor_ingest_entries_total\{protocol="otlp"\} [1-9]/);
  expect(metrics).toMatch(/spoor_ingest_refused_entries_total\{protocol="otlp",reason="greater_than_max_sample_age"\} [1-9]/);
  expect(metrics).toMatch(/spoor_ingest_refused_requests_total\{protocol="otlp",reason="push_protobuf"\} [1-9]/);
});
