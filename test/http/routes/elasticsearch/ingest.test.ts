import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { startInProcess, type InProcess } from '../../../support/in-process.ts';

const config = `
auth_enabled: true
server: {body_bytes_max: 200KB}
elasticsearch: {tenant: fallback}
overrides:
  slow: {ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002}
  few: {max_global_streams_per_user: 2}
  blocked: {block_ingestion_until: "2199-01-01T00:00:00Z"}
  own: {elasticsearch_label_fields: [team], elasticsearch_line_fields: [text], elasticsearch_time_fields: [when], elasticsearch_ignored_fields: [secret]}
`;
let server: InProcess;
beforeAll(async () => {
  server = await startInProcess(config);
});
afterAll(() => server.close());

interface Answer {
  readonly errors: boolean;
  readonly items: readonly Record<string, { readonly status: number; readonly error?: { readonly type: string; readonly reason: string } }>[];
}

const nowMs = Date.now();
const document = (message: string, fields: object = {}): string => `{"create":{"_index":"logs"}}\n${JSON.stringify({ '@timestamp': nowMs, message, ...fields })}\n`;

async function send(path: string, body: string | Uint8Array<ArrayBuffer>, { tenant = 't', method = 'POST', headers = {} }: { tenant?: string; method?: string; headers?: Readonly<Record<string, string>> } = {}) {
  const answer = await server.as(tenant === '' ? {} : { 'x-scope-orgid': tenant }).fetch(path, { method, body, headers: { 'content-type': 'application/x-ndjson', ...headers } });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: (text === '' ? null : JSON.parse(text)) as Answer };
}
const statuses = ({ items }: Answer): number[] => items.map((item) => Object.values(item)[0]!.status);
const errors = ({ items }: Answer): (readonly [string, string] | undefined)[] => items.map((item) => Object.values(item)[0]!.error).map((error) => error && ([error.type, error.reason] as const));

describe('_bulk', () => {
  test.each<[string, string, string]>([
    ['POST', '/_bulk', 'root'],
    ['PUT', '/_bulk', 'put'],
    ['POST', '/logs/_bulk', 'index'],
    ['POST', '/elasticsearch/_bulk', 'below'],
    ['PUT', '/elasticsearch/logs/_bulk?pipeline=x&refresh=true', 'below-index'],
    ['POST', '/_bulk/?filter_path=errors,items.*.status', 'slash'],
  ])('%s %s stores what it is sent', async (method, path, host) => {
    const answer = await send(path, document('text', { host: { name: host }, log: { level: 'ERROR' }, user: { id: 7 } }), { method });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-elastic-product')).toBe('Elasticsearch');
    expect(answer.json).toMatchObject({ errors: false, items: [{ create: { status: 201 } }] });
    expect(await server.as({ 'x-scope-orgid': 't' }).streams(`{host_name="${host}"}`)).toEqual([
      { stream: { _index: 'logs', host_name: host, service_name: 'unknown_service', log_level: 'ERROR', user_id: '7', detected_level: 'error' }, values: [[`${nowMs}000000`, 'text']] },
    ]);
  });

  test.each<[string, (text: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', (text) => zstdCompressSync(text)],
  ])('takes %s', async (encoding, compress) => {
    const answer = await send('/_bulk', new Uint8Array(compress(Buffer.from(document('compressed', { host: { name: encoding } })))), { headers: { 'content-encoding': encoding } });
    expect(statuses(answer.json)).toEqual([201]);
    expect(await server.as({ 'x-scope-orgid': 't' }).lines(`{host_name="${encoding}"}`)).toEqual(['compressed']);
  });

  it('answers in the versioned type that clients of version 8 and 9 ask for', async () => {
    const type = 'application/vnd.elasticsearch+json; compatible-with=9';
    const answer = await send('/_bulk', document('v9'), { headers: { accept: type, 'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=9', authorization: 'ApiKey a2V5OnNlY3JldA==' } });
    expect(answer.headers.get('content-type')).toBe('application/vnd.elasticsearch+json;compatible-with=9');
  });

  it('refuses single documents and stores the others', async () => {
    const body = `${document('good', { host: { name: 'mixed' } })}${document('old', { '@timestamp': '2001-01-01T00:00:00Z' })}{"create":{}}\n{"a":\n${document('x'.repeat(10), { host: { name: 'mixed' }, '@timestamp': nowMs + 1 })}{"delete":{"_id":"1"}}\n`;
    const { json } = await send('/_bulk', body);
    expect(json.errors).toBe(true);
    expect(statuses(json)).toEqual([201, 400, 400, 201, 400]);
    expect(errors(json)[1]).toEqual(['illegal_argument_exception', expect.stringContaining('has timestamp too old: 2001-01-01T00:00:00Z')]);
    expect(errors(json)[2]?.[0]).toBe('document_parsing_exception');
    expect((await server.as({ 'x-scope-orgid': 't' }).lines('{host_name="mixed"}')).toSorted()).toEqual(['good', 'xxxxxxxxxx']);
  });

  it('answers 429 for just those items that a limit refuses for now', async () => {
    const { json, status } = await send('/_bulk', ['a', 'b', 'c', 'a'].map((app) => document(`of ${app}`, { app })).join(''), { tenant: 'few' });
    expect(status).toBe(200);
    expect(statuses(json)).toEqual([201, 201, 429, 201]);
    expect(errors(json)[2]).toEqual(['es_rejected_execution_exception', expect.stringContaining('maximum active stream limit exceeded')]);
    const slow = await send('/_bulk', `${document('y'.repeat(3000))}{"create":{}}\n[]\n${document('z')}`, { tenant: 'slow' });
    expect(slow.status).toBe(200);
    expect(statuses(slow.json)).toEqual([429, 400, 429]);
  });

  it('answers 403 for items of a tenant that may not push', async () => {
    const { json } = await send('/_bulk', document('no'), { tenant: 'blocked' });
    expect(statuses(json)).toEqual([403]);
    expect(errors(json)[0]?.[1]).toContain("ingestion blocked for user 'blocked'");
  });

  test.each<[string, string, Readonly<Record<string, string>>, number, string]>([
    ['no line end', '{"create":{}}\n{}', {}, 400, 'illegal_argument_exception'],
    ['nothing', '', {}, 400, 'parse_exception'],
    ['no action', 'hello\n', {}, 400, 'illegal_argument_exception'],
    ['an unknown encoding', document('m'), { 'content-encoding': 'br' }, 400, 'illegal_argument_exception'],
    ['a damaged body', document('m'), { 'content-encoding': 'gzip' }, 400, 'illegal_argument_exception'],
    ['CBOR', document('m'), { 'content-type': 'application/cbor' }, 406, 'illegal_argument_exception'],
    ['too much', document('m').repeat(4000), {}, 413, 'content_too_long_exception'],
    ['too many field names', document('m'), { 'vl-stream-fields': Array.from({ length: 101 }, (_, i) => `f${i}`).join(',') }, 400, 'illegal_argument_exception'],
  ])('answers %s with an error as Elasticsearch has them', async (_, body, headers, status, type) => {
    const answer = await send('/_bulk', body, { headers });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ status, error: { type, root_cause: [{ type }] } });
    expect(answer.headers.get('x-elastic-product')).toBe('Elasticsearch');
  });
});

describe('fields', () => {
  it('are those of the tenant', async () => {
    const { json } = await send('/_bulk', `{"create":{}}\n${JSON.stringify({ when: nowMs, text: 'mine', team: 'a', secret: 's', host: { name: 'h' }, message: 'not the line' })}\n`, { tenant: 'own' });
    expect(statuses(json)).toEqual([201]);
    expect(await server.as({ 'x-scope-orgid': 'own' }).streams('{team="a"}')).toEqual([
      { stream: { team: 'a', service_name: 'unknown_service', host_name: 'h', message: 'not the line', detected_level: 'unknown' }, values: [[`${nowMs}000000`, 'mine']] },
    ]);
  });

  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['parameters', '?_msg_field=body.text,message&_time_field=ts&_stream_fields=via,x.y%3Drenamed&ignore_fields=junk', {}],
    ['headers', '', { 'VL-Msg-Field': 'body.text', 'VL-Time-Field': 'ts', 'VL-Stream-Fields': 'via,x.y=renamed', 'VL-Ignore-Fields': 'junk' }],
  ])('can be named by %s of a request', async (via, query, headers) => {
    await send(`/_bulk${query}`, `{"create":{"_index":"i"}}\n${JSON.stringify({ ts: nowMs, body: { text: 'named' }, via, x: { y: 1 }, junk: { a: 1 } })}\n`, { headers });
    expect(await server.as({ 'x-scope-orgid': 't' }).streams(`{via="${via}"}`)).toEqual([
      { stream: { via, renamed: '1', service_name: 'unknown_service', detected_level: 'unknown' }, values: [[`${nowMs}000000`, 'named']] },
    ]);
  });
});

describe('single documents', () => {
  test.each<[string, string, string]>([
    ['POST', '/single/_doc', 'post'],
    ['PUT', '/single/_doc/7', 'put'],
    ['PUT', '/elasticsearch/single/_create/8', 'create'],
    ['POST', '/single/events', 'rsyslog'],
  ])('%s %s', async (method, path, host) => {
    const answer = await send(path, `{\n  "@timestamp": ${nowMs},\n  "message": "one", "host": {"name": "${host}"}\n}`, { method, headers: { 'content-type': 'application/json' } });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ _index: 'single', result: 'created', _version: 1, _shards: { failed: 0 } });
    expect(await server.as({ 'x-scope-orgid': 't' }).lines(`{host_name="${host}", _index="single"}`)).toEqual(['one']);
  });

  it('are refused with the error of their item', async () => {
    expect(await send('/single/_doc', '{"message":', {})).toMatchObject({ status: 400, json: { error: { type: 'document_parsing_exception' } } });
    expect(await send('/single/_doc', JSON.stringify({ '@timestamp': 1, message: 'old' }), {})).toMatchObject({ status: 400, json: { error: { type: 'illegal_argument_exception' } } });
    expect(await send('/single/_doc', JSON.stringify({ message: 'y'.repeat(3000) }), { tenant: 'slow' })).toMatchObject({ status: 429, json: { error: { type: 'es_rejected_execution_exception' } } });
  });
});

describe('tenants', () => {
  it('are those of X-Scope-OrgID, or the one of the configuration', async () => {
    await send('/_bulk', document('unnamed'), { tenant: '' });
    expect(await server.as({ 'x-scope-orgid': 'fallback' }).lines('{_index="logs"}')).toEqual(['unnamed']);
  });

  it('must be one, and well named', async () => {
    expect(await send('/_bulk', document('m'), { tenant: 'a|b' })).toMatchObject({ status: 400, json: { status: 400 } });
    expect(await send('/_bulk', document('m'), { tenant: 'a b' })).toMatchObject({ status: 400 });
  });
});

it('counts what came in and what was refused', async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const value = (name: string): number => Number(metrics.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  expect(value('spoor_ingest_entries_total{protocol="elasticsearch"}')).toBeGreaterThan(15);
  expect(value('spoor_ingest_requests_total{protocol="elasticsearch",status_code="200"}')).toBeGreaterThan(10);
  expect(value('spoor_ingest_refused_entries_total{protocol="elasticsearch",reason="elastic_item"}')).toBeGreaterThan(1);
  expect(value('spoor_ingest_refused_entries_total{protocol="elasticsearch",reason="stream_limit"}')).toBe(1);
  expect(value('spoor_ingest_refused_requests_total{protocol="elasticsearch",reason="elastic_bulk"}')).toBeGreaterThan(2);
});
