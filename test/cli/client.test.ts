import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backend } from './backend.ts';
import { run } from './run.ts';

let backend: Backend;
let folder: string;

beforeEach(async () => {
  backend = new Backend();
  backend.answers.set('/loki/api/v1/labels', { status: 'success', data: ['app', 'env'] });
  backend.answers.set('/prefix/loki/api/v1/labels', { status: 'success', data: ['behind a prefix'] });
  await backend.start();
  folder = mkdtempSync(join(tmpdir(), 'spoor-cli-'));
});

afterEach(async () => {
  await backend.crash();
  rmSync(folder, { recursive: true });
});

const sent = (name: string): unknown => backend.requests.at(-1)?.headers[name];

test('each flag stands before or after the command and reaches the server', async () => {
  await run(['--addr', backend.address, 'labels', '--org-id', 'team-a', '--username=u', '--password', 'p', '--query-tags', 'Source=x', '--nocache', '--header', 'X-One: 1', '--header', 'X-Two:2 3', '-q']);
  expect(sent('x-scope-orgid')).toBe('team-a');
  expect(sent('authorization')).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
  expect(sent('x-query-tags')).toBe('Source=x');
  expect(sent('cache-control')).toBe('no-cache');
  expect([sent('x-one'), sent('x-two')]).toEqual(['1', '2 3']);
});

test("logcli's environment variables do the same, and flags win", async () => {
  const variables = { LOKI_ADDR: backend.address, LOKI_ORG_ID: 'from-env', LOKI_BEARER_TOKEN: 'secret', LOKI_AUTH_HEADER: 'X-Auth', LOKI_NO_CACHE: 'false' };
  expect((await run(['labels', '-q'], variables)).out).toBe('app\nenv\n');
  expect([sent('x-scope-orgid'), sent('x-auth'), sent('cache-control')]).toEqual(['from-env', 'Bearer secret', undefined]);
  await run(['labels', '--org-id', 'from-flag'], variables);
  expect(sent('x-scope-orgid')).toBe('from-flag');
});

test('a token from a file', async () => {
  writeFileSync(join(folder, 'token'), 'abc\n');
  await run(['labels', '--addr', backend.address, '--bearer-token-file', join(folder, 'token')]);
  expect(sent('authorization')).toBe('Bearer abc');
});

test('an address with a path, or without a scheme', async () => {
  expect((await run(['labels', '-q', '--addr', `${backend.address}/prefix/`])).out).toBe('behind a prefix\n');
  expect((await run(['labels', '-q', '--addr', backend.address.replace('http://', '')])).out).toBe('app\nenv\n');
});

test.each([
  { name: 'two kinds of credentials', argv: ['--username', 'u', '--bearer-token', 't'], message: /either --username/ },
  { name: 'a header without colon', argv: ['--header', 'nonsense'], message: /not of the form/ },
  { name: 'a missing file', argv: ['--ca-cert', '/nowhere/ca.pem'], message: /^--ca-cert: ENOENT/ },
  { name: 'a broken address', argv: ['--addr', 'http://'], message: /is not an address/ },
  { name: 'a bad number', argv: ['--retries', 'many'], message: /^--retries: "many" is not a whole number/ },
])('$name', async ({ argv, message }) => {
  expect((await run(['labels', ...argv])).failure?.message).toMatch(message);
});

test('a bad environment variable is named', async () => {
  expect((await run(['labels'], { LOKI_TLS_SKIP_VERIFY: 'perhaps' })).failure?.message).toBe('LOKI_TLS_SKIP_VERIFY: "perhaps" is neither true nor false');
});

test('repeats what may pass, not what is wrong', async () => {
  let left = 2;
  backend.answers.set('/loki/api/v1/labels', (response: ServerResponse) => {
    response.writeHead(left-- > 0 ? 503 : 200).end(left >= 0 ? 'not now' : '{"data":["a"]}');
  });
  expect(await run(['labels', '-q', '--addr', backend.address, '--retries', '2'])).toMatchObject({ out: 'a\n', notes: 'not now (attempts left: 2)\nnot now (attempts left: 1)\n' });
  left = 2;
  expect((await run(['labels', '-q', '--addr', backend.address, '--retries', '1'])).failure).toMatchObject({ status: 503, message: 'not now' });
  backend.answers.set('/loki/api/v1/labels', 'wrong');
  const before = backend.requests.length;
  expect((await run(['labels', '-q', '--addr', backend.address, '--retries', '5'])).failure?.message).toBe('wrong');
  expect(backend.requests.length).toBe(before + 1);
});

test('reads compressed answers where they were asked for', async () => {
  backend.answers.set('/loki/api/v1/labels', (response: ServerResponse) => {
    const compressed = sent('accept-encoding') === 'gzip, deflate';
    response.writeHead(200, compressed ? { 'Content-Encoding': 'gzip' } : {}).end(compressed ? gzipSync('{"data":["small"]}') : '{"data":["plain"]}');
  });
  expect((await run(['labels', '-q', '--addr', backend.address, '--compress'])).out).toBe('small\n');
  expect((await run(['labels', '-q', '--addr', backend.address])).out).toBe('plain\n');
});

test('an answer that is cut off is a failure', async () => {
  backend.answers.set('/loki/api/v1/labels', (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('{"data":[');
    setTimeout(() => response.destroy(), 20);
  });
  expect((await run(['labels', '-q', '--addr', backend.address])).failure?.message).toMatch(/^cannot reach .*: aborted/);
});

test("the message of a proxy's JSON error, or its status where it says nothing", async () => {
  backend.answers.set('/loki/api/v1/labels', (response: ServerResponse) => response.writeHead(502).end('{"message":"no upstream"}'));
  expect((await run(['labels', '-q', '--addr', backend.address])).failure).toMatchObject({ status: 502, message: 'no upstream' });
  backend.answers.set('/loki/api/v1/labels', (response: ServerResponse) => response.writeHead(502).end());
  expect((await run(['labels', '-q', '--addr', backend.address])).failure?.message).toBe('the server answered 502 Bad Gateway');
});

test('goes through a proxy', async () => {
  const asked: string[] = [];
  const proxy = createServer((incoming: IncomingMessage, response) => {
    asked.push(incoming.url ?? '');
    incoming.pipe(
      request(incoming.url ?? '', { headers: incoming.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500);
        answer.pipe(response);
      }),
    );
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  const { out } = await run(['labels', '-q', '--addr', backend.address, '--proxy-url', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`]);
  proxy.close();
  expect(out).toBe('app\nenv\n');
  expect(asked).toEqual([expect.stringContaining(`${backend.address}/loki/api/v1/labels?`)]);
});
