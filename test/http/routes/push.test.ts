import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { labelSet } from '../../../src/model/mod.ts';
import { PushEncoder } from '../../../src/protocols/mod.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

const config = `
auth_enabled: true
server: {body_bytes_max: 200KB}
overrides:
  slow: {ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002}
  few: {max_global_streams_per_user: 2}
  policies: {block_ingestion_policy_until: {closed: "2199-01-01T00:00:00Z"}}
  blocked: {block_ingestion_until: "2199-01-01T00:00:00Z", block_ingestion_status_code: 402}
`;
let server: InProcess;
beforeAll(async () => {
  server = await startInProcess(config);
});
afterAll(() => server.close());

const nowNs = BigInt(Date.now()) * 1_000_000n;
const json = (app: string, line: string): string =>
  JSON.stringify({ streams: [{ stream: { app }, values: [[String(nowNs), line, { user: 'u' }]] }] });

async function post(text: Uint8Array<ArrayBuffer> | string, headers: Readonly<Record<string, string>>, tenant = 't'): Promise<{ status: number; text: string; headers: Headers }> {
  // As bytes, because fetch gives texts a media type.
  const body = typeof text === 'string' ? new Uint8Array(Buffer.from(text)) : text;
  const answer = await server.as({ 'x-scope-orgid': tenant }).fetch('/loki/api/v1/push', { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

async function protobuf(app: string, line: string): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new PushEncoder();
  encoder.stream(labelSet([['app', app]]));
  const bytes = Buffer.from(line);
  encoder.entry(nowNs, bytes, 0, bytes.length, encodeMetadata([{ name: 'user', value: 'u' }]));
  return new Uint8Array(await encoder.finish());
}

describe('POST /loki/api/v1/push', () => {
  const ways: readonly (readonly [string, () => Promise<Uint8Array<ArrayBuffer> | string>, Readonly<Record<string, string>>])[] = [
    ['json', async () => json('json', 'a line'), { 'content-type': 'application/json' }],
    ['charset', async () => json('charset', 'a line'), { 'content-type': 'application/json; charset=utf-8' }],
    ['gzip', async () => new Uint8Array(gzipSync(json('gzip', 'a line'))), { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['deflate', async () => new Uint8Array(deflateRawSync(json('deflate', 'a line'))), { 'content-type': 'application/json', 'content-encoding': 'deflate' }],
    ['zlib', async () => new Uint8Array(deflateSync(json('zlib', 'a line'))), { 'content-type': 'application/json', 'content-encoding': 'deflate' }],
    ['zstd', async () => new Uint8Array(zstdCompressSync(json('zstd', 'a line'))), { 'content-type': 'application/json', 'content-encoding': 'zstd' }],
    ['number', async () => json('number', 'a line').replace(`"${nowNs}"`, String(nowNs)), { 'content-type': 'application/json' }],
    ['protobuf', async () => protobuf('protobuf', 'a line'), { 'content-type': 'application/x-protobuf' }],
    ['zsnappy', async () => new Uint8Array(zstdCompressSync(await protobuf('zsnappy', 'a line'))), { 'content-type': 'application/x-protobuf', 'content-encoding': 'zstd' }],
    ['snappy', async () => protobuf('snappy', 'a line'), { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }],
    ['odd', async () => protobuf('odd', 'a line'), { 'content-type': 'application/octet-stream' }],
  ];

  it.each(ways)('takes %s and answers 204 without a body once the entry can be queried', async (app, body, headers) => {
    const answer = await post(await body(), headers);
    expect(answer).toMatchObject({ status: 204, text: '' });
    const streams = await server.as({ 'x-scope-orgid': 't' }).streams(`{app="${app}"}`);
    expect(streams).toEqual([{ stream: expect.objectContaining({ app, user: 'u' }) as object, values: [[String(nowNs), 'a line']] }]);
  });

  it('keeps the good entries and names the bad ones', async () => {
    const late = '9000000000000000000';
    const streams = [
      { stream: { app: 'mixed' }, values: [[String(nowNs), 'good'], [late, 'bad']] },
      { stream: { app: 'mixed', of: 'others' }, values: [[late, 'bad'], [late, 'worse']] },
    ];
    const answer = await post(JSON.stringify({ streams }), { 'content-type': 'application/json' });
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(
      '1 errors like: entry for stream \'{app="mixed", service_name="mixed"}\' has timestamp too new: 2255-03-14T16:00:00Z; ' +
        '2 errors like: entry for stream \'{app="mixed", of="others", service_name="mixed"}\' has timestamp too new: 2255-03-14T16:00:00Z\n',
    );
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await server.as({ 'x-scope-orgid': 't' }).lines('{app="mixed"}')).toEqual(['good']);
  });

  it.each<[string, Uint8Array<ArrayBuffer> | string, Readonly<Record<string, string>>, number, string]>([
    ['no JSON', 'not json', { 'content-type': 'application/json' }, 400, 'error found'],
    ['nothing', '', { 'content-type': 'application/json' }, 400, 'error found'],
    ['no stream', '{}', { 'content-type': 'application/json' }, 422, 'error at least one valid stream is required for ingestion\n'],
    ['no streams', '{"streams":[]}', { 'content-type': 'application/json' }, 422, 'error at least one valid stream is required for ingestion\n'],
    ['JSON that says it is text', '{"streams":[]}', { 'content-type': 'text/plain' }, 400, 'snappy: corrupt input\n'],
    ['no media type', '{}', {}, 400, 'mime: no media type\n'],
    ['an unknown encoding', '{}', { 'content-type': 'application/json', 'content-encoding': 'br' }, 400, 'Content-Encoding "br" not supported\n'],
    ['no gzip', '{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 400, 'gzip: '],
    ['a body over the limit', ' '.repeat(300_000), { 'content-type': 'application/json' }, 413, 'request body too large: over the limit of 204800 bytes (server.body_bytes_max)\n'],
    ['a body that expands over the limit', new Uint8Array(gzipSync(' '.repeat(300_000))), { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 413, 'request body too large: over the limit of 204800 bytes'],
    ['a bad label name', json('x', 'y').replace('"app"', '"bad-name"'), { 'content-type': 'application/json' }, 400, "couldn't parse labels: 1:5: parse error: unexpected character inside braces: '-'\n"],
  ])('refuses %s', async (_name, body, headers, status, text) => {
    const answer = await post(body, headers);
    expect(answer.text).toContain(text);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBeNull();
  });

  it('answers 429 with Retry-After over the rate, and takes the push later', async () => {
    const line = 'x'.repeat(1500);
    const push = (text: string) => post(json('rate', text), { 'content-type': 'application/json' }, 'slow');
    expect((await push(line)).status).toBe(204);
    const refused = await push(`${line}2`);
    expect(refused.status).toBe(429);
    expect(refused.text).toMatch(/^ingestion rate limit exceeded for user slow \(limit: 1048 bytes\/sec\) while attempting to ingest '1' lines totaling '\d+' bytes/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await new Promise((resolve) => setTimeout(resolve, Number(refused.headers.get('retry-after')) * 1000 + 50));
    expect((await push(`${line}2`)).status).toBe(204);
  });

  it('holds a tenant to its number of streams, and stores what belongs to known ones', async () => {
    const push = (apps: readonly string[]) =>
      post(JSON.stringify({ streams: apps.map((app) => ({ stream: { app }, values: [[String(nowNs), `of ${app}`]] })) }), { 'content-type': 'application/json' }, 'few');
    expect((await push(['a', 'b'])).status).toBe(204);
    const refused = await push(['a', 'c']);
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('maximum active stream limit exceeded');
    expect(refused.headers.get('retry-after')).toBe('1');
  });

  it('answers blocked tenants as configured', async () => {
    const answer = await post(json('a', 'b'), { 'content-type': 'application/json' }, 'blocked');
    expect(answer.status).toBe(402);
    expect(answer.text).toBe("ingestion blocked for user 'blocked' until '2199-01-01T00:00:00Z' with status code '402'\n");
  });

  it('stores a repeated push once', async () => {
    for (let i = 0; i < 3; i++) expect((await post(json('again', 'same'), { 'content-type': 'application/json' })).status).toBe(204);
    await server.api.flush();
    expect((await post(json('again', 'same'), { 'content-type': 'application/json' })).status).toBe(204);
    expect(await server.as({ 'x-scope-orgid': 't' }).lines('{app="again"}')).toEqual(['same']);
  });

  it('keeps tenants apart and wants to know which', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await post(json('whose', 'of one'), headers, 'one')).status).toBe(204);
    expect((await post(json('whose', 'of two'), headers, 'two')).status).toBe(204);
    expect(await server.as({ 'x-scope-orgid': 'one' }).lines('{app="whose"}')).toEqual(['of one']);
    expect(await server.as({ 'x-scope-orgid': 'two' }).lines('{app="whose"}')).toEqual(['of two']);
    const nobody = await server.api.fetch('/loki/api/v1/push', { method: 'POST', headers, body: json('a', 'b') });
    expect([nobody.status, await nobody.text()]).toEqual([401, 'no org id\n']);
    expect((await post(json('a', 'b'), headers, 'one|two')).text).toBe('multiple org IDs present\n');
    expect((await post(json('a', 'b'), headers, '../..')).status).toBe(400);
    await expect(server.api.lines('{app="whose"}')).rejects.toThrow('401: no org id');
  });

  it('counts requests, entries, bytes and refusals of its protocol', async () => {
    const headers = { 'content-type': 'application/json' };
    const count = async (): Promise<ReadonlyMap<string, number>> => server.api.metrics();
    const before = await count();
    const good = json('counted', 'four');
    const late = JSON.stringify({ streams: [{ stream: { app: 'counted' }, values: [['9000000000000000000', 'late'], [String(nowNs), 'good']] }] });
    for (const body of [good, late, 'no json']) await post(body, headers);
    const after = await count();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(Object.fromEntries([
      'spoor_ingest_requests_total{protocol="loki",status_code="204"}', 'spoor_ingest_requests_total{protocol="loki",status_code="400"}', 'spoor_ingest_body_bytes_total{protocol="loki"}',
      'spoor_ingest_entries_total{protocol="loki"}', 'spoor_ingest_bytes_total{protocol="loki"}',
      'spoor_ingest_refused_entries_total{protocol="loki",reason="too_far_in_future"}', 'spoor_ingest_refused_requests_total{protocol="loki",reason="push_json"}',
    ].map((name) => [name.replace('spoor_ingest_', ''), grown(name)]))).toEqual({
      'requests_total{protocol="loki",status_code="204"}': 1,
      'requests_total{protocol="loki",status_code="400"}': 2,
      'body_bytes_total{protocol="loki"}': good.length + late.length + 7,
      'entries_total{protocol="loki"}': 3,
      // "four", its metadata user=u, "late" and "good".
      'bytes_total{protocol="loki"}': 4 + 5 + 4 + 4,
      'refused_entries_total{protocol="loki",reason="too_far_in_future"}': 1,
      'refused_requests_total{protocol="loki",reason="push_json"}': 1,
    });
  });

  it('lets a push name its policy', async () => {
    const headers = { 'content-type': 'application/json', 'x-loki-ingestion-policy': 'closed' };
    const answer = await post(json('policy', 'a line'), headers, 'policies');
    expect([answer.status, answer.text]).toEqual([260, "ingestion blocked for user 'policies' (policy: 'closed') until '2199-01-01T00:00:00Z' with status code '260'\n"]);
    expect((await post(json('policy', 'a line'), { 'content-type': 'application/json' }, 'policies')).status).toBe(204);
  });
});

describe('POST /api/prom/push', () => {
  const send = async (body: Uint8Array<ArrayBuffer> | string, type: string) => {
    const answer = await server.as({ 'x-scope-orgid': 'old' }).fetch('/api/prom/push', { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? new Uint8Array(Buffer.from(body)) : body });
    return [answer.status, await answer.text()];
  };

  it("takes the form of Loki's first API, and protobuf", async () => {
    const body = JSON.stringify({ streams: [{ labels: '{app="first", env=\'e\'}', entries: [{ ts: new Date().toISOString(), line: 'of the first form', structuredMetadata: { k: 'v' } }] }] });
    expect(await send(body, 'application/json')).toEqual([204, '']);
    expect(await send(await protobuf('first', 'of protobuf'), 'application/x-protobuf')).toEqual([204, '']);
    expect([...(await server.as({ 'x-scope-orgid': 'old' }).lines('{app="first"}'))].toSorted()).toEqual(['of protobuf', 'of the first form']);
  });

  it('refuses what it cannot read', async () => {
    expect(await send('{"streams":[{"labels":"{app=a}","entries":[{"ts":"2026-01-01T00:00:00Z","line":"x"}]}]}', 'application/json')).toEqual([
      400, 'couldn\'t parse labels: 1:6: parse error: unexpected identifier "a" in label set, expected string\n',
    ]);
  });
});
