import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Api, form } from '../support/api.ts';
import { freePort, ServerProcess } from '../support/server.ts';

let directory: string;
let server: ServerProcess;
let api: Api;
let rssBefore: number;

const nowNs = BigInt(Date.now()) * 1_000_000n;
const rss = async (): Promise<number> => (await api.metrics()).get('spoor_process_resident_memory_bytes') ?? 0;
/** What all of this together may add to the memory of the process: less than a few bodies of the greatest length at the same time. */
const growthMax = 700 * 2 ** 20;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-hostile-'));
  server = await ServerProcess.start({
    dataDirectory: directory,
    port: await freePort(),
    environment: { SPOOR_SERVER_READ_TIMEOUT: '2s', SPOOR_LIMITS_QUERY_TIMEOUT: '5s', SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '200', SPOOR_LIMITS_INGESTION_RATE_MB: '200' },
  });
  api = new Api(server.url);
  await api.push([{ stream: { app: 'good' }, values: Array.from({ length: 2000 }, (_, i) => [String(nowNs - BigInt(i) * 1_000_000n), `${'a'.repeat(200)} ${i} {"deep":${'['.repeat(20)}1${']'.repeat(20)}}`] as const) }]);
  await api.lines('{app="good"} |= "x"');
  rssBefore = await rss();
});
afterAll(async () => {
  const growth = (await rss()) - rssBefore;
  process.stdout.write(`  RSS ${Math.round(rssBefore / 2 ** 20)} MiB before, ${Math.round((rssBefore + growth) / 2 ** 20)} MiB after\n`);
  expect(growth).toBeLessThan(growthMax);
  expect(await server.stop()).toBe(0);
  // Nothing that was sent is an inner error.
  expect(server.output.split('\n').filter((line) => line.includes('"level":50') || line.includes('"level":60'))).toEqual([]);
  await rm(directory, { recursive: true, force: true });
});
/** The process is alive and does what it is for. */
afterEach(async () => {
  expect(server.running).toBe(true);
  expect(await api.number('count_over_time({app="good"}[1h])')).toBe(2000);
});

type Body = Uint8Array<ArrayBuffer>;
const bytes = (data: Buffer | string): Body => new Uint8Array(typeof data === 'string' ? Buffer.from(data) : data);
const json = { 'content-type': 'application/json' };
const protobuf = { 'content-type': 'application/x-protobuf' };

async function push(body: Body, headers: Readonly<Record<string, string>>): Promise<{ status: number; text: string }> {
  const answer = await api.fetch('/loki/api/v1/push', { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

/** Refused, with a text that says something. */
function expectRefusal({ status, text }: { status: number; text: string }): void {
  expect(status, text.slice(0, 300)).toBeGreaterThanOrEqual(400);
  expect(status, text.slice(0, 300)).toBeLessThan(500);
  expect(text.trim()).not.toBe('');
  expect(text.length).toBeLessThan(100_000);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...out, Number(rest)]);
}
const field = (number: number, content: Buffer): Buffer => Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
const entry = (line: string): Buffer => field(2, Buffer.concat([field(1, Buffer.concat([Buffer.from([8]), varint(Number(nowNs / 1_000_000_000n))])), field(2, Buffer.from(line))]));
const good = (labels = '{app="x"}'): Buffer => field(1, Buffer.concat([field(1, Buffer.from(labels)), entry('a line'), entry('another')]));
const snappy = (data: Buffer): Body => bytes(compressSync(data));
/** A snappy block that claims to be so long when decompressed. */
const claiming = (length: number, rest: Buffer = Buffer.alloc(20)): Body => bytes(Buffer.concat([varint(length), rest]));
/** A small block that expands to `length` equal bytes: copies of 64 bytes each. */
function bomb(length: number): Body {
  const copies = Math.ceil((length - 64) / 64);
  const out = Buffer.alloc(2 + 64 + copies * 3);
  out[0] = 60 << 2;
  out[1] = 63;
  for (let i = 0; i < copies; i++) out.set([(63 << 2) | 2, 64, 0], 66 + i * 3);
  return bytes(Buffer.concat([varint(64 + copies * 64), out]));
}

describe('hostile pushes', () => {
  it('of random bytes are refused', async () => {
    for (let i = 0; i < 60; i++) {
      const noise = randomBytes(1 + Math.floor(Math.random() * 5000));
      for (const headers of [json, protobuf, { ...json, 'content-encoding': 'gzip' }, { ...json, 'content-encoding': 'deflate' }, { ...protobuf, 'content-encoding': 'snappy' }]) {
        const answer = await push(bytes(noise), headers);
        // Raw deflate has no checksum, and random bytes can be a stream that ends at once.
        expectRefusal(answer);
      }
      expectRefusal(await push(snappy(noise), protobuf));
    }
  });

  it('that are cut anywhere are refused or stored as far as they are whole', async () => {
    const text = Buffer.from(JSON.stringify({ streams: [{ stream: { app: 'cut' }, values: [[String(nowNs), 'line', { k: 'v' }]] }] }));
    const message = Buffer.concat([good(), good('{app="y", z="w"}')]);
    const zipped = gzipSync(text);
    const block = Buffer.from(compressSync(message));
    for (let length = 0; length < text.length; length += 3) expectRefusal(await push(bytes(text.subarray(0, length)), json));
    for (let length = 0; length < zipped.length; length += 5) expectRefusal(await push(bytes(zipped.subarray(0, length)), { ...json, 'content-encoding': 'gzip' }));
    for (let length = 0; length < block.length; length += 3) expectRefusal(await push(bytes(block.subarray(0, length)), protobuf));
    for (let length = 1; length < message.length; length += 3) {
      const answer = await push(snappy(message.subarray(0, length)), protobuf);
      expect([204, 400]).toContain(answer.status);
    }
  });

  it.each<[string, () => Body, Readonly<Record<string, string>>]>([
    ['a snappy block that claims a gigabyte', () => claiming(2 ** 30), protobuf],
    ['a snappy block that claims four', () => claiming(2 ** 32 - 1), protobuf],
    ['a snappy block that claims more than 32 bits', () => claiming(2 ** 40), protobuf],
    ['a snappy block whose claim does not end', () => bytes(Buffer.alloc(50, 0xff)), protobuf],
    ['a snappy block that claims the most there can be', () => claiming(99 * 2 ** 20, Buffer.alloc(5 * 2 ** 20)), protobuf],
    ['a snappy bomb under the limit', () => bomb(90 * 2 ** 20), protobuf],
    ['a snappy bomb over the limit', () => bomb(400 * 2 ** 20), protobuf],
    ['a gzip bomb', () => bytes(gzipSync(Buffer.alloc(400 * 2 ** 20))), { ...json, 'content-encoding': 'gzip' }],
    ['a gzip bomb under the limit', () => bytes(gzipSync(Buffer.alloc(90 * 2 ** 20, ' '))), { ...json, 'content-encoding': 'gzip' }],
    ['a protobuf field that claims a gigabyte', () => snappy(Buffer.concat([Buffer.from([10]), varint(2 ** 30), Buffer.alloc(50)])), protobuf],
    ['a protobuf field that claims 2^63 bytes', () => snappy(Buffer.concat([Buffer.from([10]), Buffer.alloc(9, 0xff), Buffer.from([0x7f]), Buffer.alloc(50)])), protobuf],
    ['fields in fields', () => snappy(Array.from({ length: 2000 }).reduce<Buffer>((inner) => field(1, inner), Buffer.from('x'))), protobuf],
    ['a million empty streams', () => snappy(Buffer.concat(Array.from({ length: 1_000_000 }, () => field(1, Buffer.alloc(0))))), protobuf],
    ['a hundred thousand labels', () => snappy(good(`{${Array.from({ length: 100_000 }, (_, i) => `l${i}="v"`).join(',')}}`)), protobuf],
    ['a hundred thousand labels in JSON', () => bytes(JSON.stringify({ streams: [{ stream: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`l${i}`, 'v'])), values: [[String(nowNs), 'x']] }] })), json],
    ['a label value of a megabyte', () => snappy(good(`{a="${'v'.repeat(2 ** 20)}"}`)), protobuf],
    ['a label name of a megabyte', () => snappy(good(`{${'n'.repeat(2 ** 20)}="v"}`)), protobuf],
    ['labels that do not end', () => snappy(good(`{${'a="'.repeat(100_000)}`)), protobuf],
    ['a hundred thousand metadata', () => bytes(JSON.stringify({ streams: [{ stream: { app: 'm' }, values: [[String(nowNs), 'x', Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 'v']))]] }] })), json],
    ['a line of fifty megabytes', () => bytes(JSON.stringify({ streams: [{ stream: { app: 'm' }, values: [[String(nowNs), 'x'.repeat(50 * 2 ** 20)]] }] })), json],
    ['JSON arrays in arrays', () => bytes(`{"streams":${'['.repeat(1_000_000)}`), json],
    ['JSON objects in objects', () => bytes(`{"x":${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)},"streams":[]}`), json],
    ['a JSON number that does not end', () => bytes(`{"streams":${'1'.repeat(5_000_000)}`), json],
    ['a JSON text that does not end', () => bytes(`{"streams":[{"stream":{"a":"${'\\u0041'.repeat(500_000)}`), json],
    ['JSON keys of object members', () => bytes('{"__proto__":{"streams":[]},"constructor":1}'), json],
    ['a time out of range', () => bytes(JSON.stringify({ streams: [{ stream: { app: 'm' }, values: [['99999999999999999999999', 'x']] }] })), json],
  ])('%s are refused', async (_name, make, headers) => {
    expectRefusal(await push(make(), headers));
  });

  it('of many clients at once leave the memory bounded', async () => {
    const bombs = [bomb(90 * 2 ** 20), claiming(99 * 2 ** 20, Buffer.alloc(5 * 2 ** 20))];
    const zipped = bytes(gzipSync(Buffer.alloc(95 * 2 ** 20, ' ')));
    const before = await rss();
    let most = 0;
    const pending = Array.from({ length: 24 }, (_, i) => (i % 3 === 2 ? push(zipped, { ...json, 'content-encoding': 'gzip' }) : push(bombs[i % 3] as Body, protobuf)));
    const all = Promise.all(pending);
    while (!(await Promise.race([all.then(() => true), sleep(50).then(() => false)]))) most = Math.max(most, await rss());
    const answers = await all;
    process.stdout.write(`  24 bombs at once: RSS ${Math.round(before / 2 ** 20)} MiB before, ${Math.round(most / 2 ** 20)} MiB at most\n`);
    for (const answer of answers) expectRefusal(answer);
    expect(most - before).toBeLessThan(growthMax);
  });

  it('that are too much together are refused with 503, and taken later', async () => {
    const body = bytes(JSON.stringify({ streams: [{ stream: { app: 'm' }, values: [[String(nowNs), 'x'.repeat(30 * 2 ** 20)]] }] }));
    const answers = await Promise.all(Array.from({ length: 16 }, () => push(body, json)));
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.text).toMatch(/^pushes under way hold \d+ bytes of at most 134217728 \(server\.push_bytes_max\); retry\n$/);
    for (const answer of answers) if (answer.status !== 503) expectRefusal(answer);
    expectRefusal(await push(body, json));
    expect((await api.metrics()).get('spoor_push_body_bytes')).toBe(0);
  });

  it('that come slowly, or not at all, are given up', async () => {
    const { hostname, port } = new URL(server.url);
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const socket = connect(Number(port), hostname);
        let text = '';
        socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
        socket.on('error', () => undefined);
        socket.write(`POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${i % 2 === 0 ? 100_000_000 : 1000}\r\n\r\n{"streams":`);
        const drip = setInterval(() => socket.write(' '), 100);
        await new Promise((resolve) => socket.once('close', resolve));
        clearInterval(drip);
        return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 408);
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([408]));
  });
});

describe('hostile queries', () => {
  const ask = async (path: string, values: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; text: string }> => {
    const answer = await api.fetch(path, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: form(values) });
    return { status: answer.status, text: await answer.text() };
  };
  const deep = 20_000;

  it.each<[string, string]>([
    ['parentheses in parentheses', `${'('.repeat(deep)}1${')'.repeat(deep)}`],
    ['parentheses that do not close', '('.repeat(500_000)],
    ['sums of sums', `${'sum('.repeat(deep)}rate({app="good"}[1m])${')'.repeat(deep)}`],
    ['a chain of operators', Array.from({ length: deep }, () => '1').join('+')],
    ['signs before signs', `${'-'.repeat(deep)}1`],
    ['label filters in parentheses', `{app="good"} | ${'('.repeat(deep)}a="b"${')'.repeat(deep)}`],
    ['label filters and label filters', `{app="good"} | ${Array.from({ length: deep }, () => 'a="b"').join(' or ')}`],
    ['stages upon stages', `{app="good"}${' | json'.repeat(deep)}`],
    ['line filters upon line filters', `{app="good"}${' |= "a"'.repeat(deep)}`],
    ['matchers upon matchers', `{${Array.from({ length: deep }, (_, i) => `a${i}="b"`).join(',')}}`],
    ['a text that does not end', `{app="${'a'.repeat(1_000_000)}`],
    ['a query of five megabytes', `{app="${'a'.repeat(5_000_000)}"}`],
    ['a regular expression of a megabyte', `{app="good"} |~ "${'a?'.repeat(500_000)}"`],
    ['a regular expression in parentheses', `{app="good"} |~ "${'('.repeat(deep)}a${')'.repeat(deep)}"`],
    ['repetitions of repetitions', `{app="good"} |~ "((((((a{1,100}){1,100}){1,100}){1,100}){1,100}){1,100})"`],
    ['a repetition too often', `{app="good"} |~ "a{100000}"`],
    ['a regular expression that is none', `{app="good"} |~ "(["`],
    ['a template in templates', `{app="good"} | line_format "${'{{if true}}'.repeat(deep)}x${'{{end}}'.repeat(deep)}"`],
    ['a template that does not close', `{app="good"} | line_format "{{${'('.repeat(deep)}"`],
    ['no UTF-8', `{app="good"} |= "\u0000\ufffd`],
    ['a range of ten thousand years', 'rate({app="good"}[10000y])'],
    ['a json expression that is deep', `{app="good"} | json a="${'a.'.repeat(deep)}a"`],
  ])('%s: an answer or a refusal, at once or in time', async (_name, query) => {
    const { status, text } = await ask('/loki/api/v1/query_range', { query, limit: '10' });
    expect([200, 400, 413, 504], text.slice(0, 300)).toContain(status);
    if (status !== 200) expect(text.length).toBeGreaterThan(1);
    expect(text.length).toBeLessThan(2_000_000);
  });

  it.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', '([a-z]+)*!', '(.*)*x', '(a*)*b', '^(([a-z])+.)+[A-Z]([a-z])+$', '(?i)(a|A)+z', '(x+x+)+y'])('the regular expression %s takes no longer than others', async (regex) => {
    for (const query of [`{app="good"} |~ "${regex}"`, `{app="good"} | label_format x="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" | x=~"${regex}"`, `{app="good",service_name=~"${regex}|good"}`]) {
      const { status, text } = await ask('/loki/api/v1/query_range', { query, limit: '10' });
      expect(status, text.slice(0, 300)).toBe(200);
    }
  });

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a step of a nanosecond', '/loki/api/v1/query_range', { query: 'rate({app="good"}[1m])', step: '0.000000001' }],
    ['times at the ends of the world', '/loki/api/v1/query_range', { query: '{app="good"}', start: '-9223372036854775808', end: '9223372036854775807' }],
    ['times beyond them', '/loki/api/v1/query_range', { query: '{app="good"}', start: '-99999999999999999999', end: '1e30' }],
    ['labels at the ends of the world', '/loki/api/v1/labels', { start: '-9223372036854775808', end: '9223372036854775807' }],
    ['a limit of limits', '/loki/api/v1/query_range', { query: '{app="good"}', limit: '9999999999999999999' }],
    ['no selector', '/loki/api/v1/series', { 'match[]': '{' }],
    ['statistics of nothing', '/loki/api/v1/index/stats', { query: '' }],
  ])('%s: an answer or a refusal', async (_name, path, values) => {
    const { status, text } = await ask(path, values);
    expect([200, 400], text.slice(0, 300)).toContain(status);
  });

  it('of ten thousand parameters are refused', async () => {
    const many = 'match[]=%7Bapp%3D%22good%22%7D&'.repeat(10_000);
    const answer = await api.fetch('/loki/api/v1/series', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: many });
    expect([answer.status, await answer.text()]).toEqual([400, 'more than 1000 parameters\n']);
    const millions = await api.fetch('/loki/api/v1/series', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a&'.repeat(5_000_000) });
    expect(millions.status).toBe(400);
  });

  it('with huge or odd headers are refused or answered', async () => {
    for (const headers of [{ 'x-scope-orgid': 'x'.repeat(50_000) }, { 'x-query-tags': 'Source=,'.repeat(5000) }, { 'x-loki-response-encoding-flags': 'a,'.repeat(20_000) }, { 'content-encoding': 'x'.repeat(10_000) }]) {
      const { status } = await ask('/loki/api/v1/query_range', { query: '{app="good"}', limit: '1' }, headers);
      expect([200, 400, 401, 431]).toContain(status);
    }
  });
});
