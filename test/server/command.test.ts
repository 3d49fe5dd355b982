import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readConfiguration } from '../../src/server/mod.ts';
import { Api, ApiError } from '../support/api.ts';
import { freePort, ServerProcess } from '../support/server.ts';

const main = path.resolve(import.meta.dirname, '../../bin/spoor.js');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-command-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function run(flags: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, 'serve', ...flags], { env: { PATH: process.env['PATH'], ...environment }, stdio: 'pipe', cwd: directory });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...texts };
}

async function configFile(text: string): Promise<string> {
  await writeFile(path.join(directory, 'spoor.yaml'), text);
  return 'spoor.yaml';
}

describe('spoor serve --print-config', () => {
  it('prints what file, environment and flags make together, without secrets', async () => {
    const file = await configFile('storage: {type: s3, s3: {bucket: b, secret_access_key: very-secret}}\nlimits: {max_line_size: 1KB}\nlisten: 127.0.0.1:1');
    const { code, stdout, stderr } = await run(['--config', file, '--print-config', '--listen', ':2'], { SPOOR_AUTH_ENABLED: 'true', SPOOR_LIMITS_MAX_QUERY_SERIES: '9' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('very-secret');
    const { settings, limits } = readConfiguration({ file: { name: 'printed', text: stdout }, environment: {}, flags: {} });
    expect(settings).toMatchObject({ auth_enabled: true, listen: ':2', 'storage.type': 's3', 'storage.s3.bucket': 'b' });
    expect(limits).toMatchObject({ max_line_size: 1024, max_query_series: 9 });
    // Nothing was started.
    expect(await readdir(directory)).toEqual(['spoor.yaml']);
  });

  it('takes the file that SPOOR_CONFIG names', async () => {
    const { code, stdout } = await run(['--print-config'], { SPOOR_CONFIG: await configFile('log: {level: debug}') });
    expect(code).toBe(0);
    expect(stdout).toContain('level: debug');
  });
});

describe('spoor serve with a configuration that cannot be', () => {
  it.each<[string, string, readonly string[], Readonly<Record<string, string>>, string]>([
    ['an unknown key', 'a: 1\nstorage:\n  s3:\n    buckets: x', [], {}, 'spoor: spoor.yaml:1: a: unknown key a\n'],
    ['a nested unknown key', 'storage:\n  s3:\n    buckets: x', [], {}, 'spoor: spoor.yaml:3: storage.s3.buckets: unknown key buckets\n'],
    ['an unknown store', 'storage:\n  type: s4', [], {}, 'spoor: spoor.yaml:2: storage.type: must be one of directory, s3\n'],
    ['no bucket', 'storage: {type: s3}', [], {}, 'spoor: storage.s3.bucket: must be set where storage.type is s3\n'],
    ['no partitions', 'ingester:\n  partitions: 0', [], {}, 'spoor: spoor.yaml:2: ingester.partitions: must be from 1 to 1000\n'],
    ['an unknown log level', '', [], { SPOOR_LOG_LEVEL: 'loud' }, 'spoor: environment variable SPOOR_LOG_LEVEL: must be one of info, trace, debug, warn, error, fatal, silent\n'],
    ['a bad address', '', ['--listen', 'localhost'], {}, 'spoor: --listen: must be an address and a port such as 127.0.0.1:3100, [::1]:3100 or :3100\n'],
    ['a bad port', '', ['--listen', ':70000'], {}, 'spoor: --listen: must be an address and a port such as 127.0.0.1:3100, [::1]:3100 or :3100\n'],
    ['a file that is not there', '', ['--config', 'nosuch.yaml'], {}, "spoor: nosuch.yaml: ENOENT: no such file or directory, open 'nosuch.yaml'\n"],
    ['no YAML', 'a: [', [], {}, 'spoor: spoor.yaml:1: '],
  ])('ends with code 2 and says where: %s', async (_name, text, flags, environment, message) => {
    const file = await configFile(text);
    const { code, stderr, stdout } = await run([...(flags.includes('--config') ? [] : ['--config', file]), ...flags], environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('ends with code 1 where the address is taken, and lets the data directory go', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const { code, stdout } = await run(['--data-dir', 'data', '--listen', address]);
    taken.close();
    expect(code).toBe(1);
    expect(stdout).toContain('EADDRINUSE');
    const server = await ServerProcess.start({ dataDirectory: path.join(directory, 'data'), port: await freePort() });
    expect(await server.stop()).toBe(0);
  });
});

/** What the socket said. */
const codeOf = (error: unknown): string => String((error as { cause?: { code?: unknown } }).cause?.code);

describe('spoor serve, stopped by SIGTERM', () => {
  const nowNs = BigInt(Date.now()) * 1_000_000n;

  it('answers the pushes under way, flushes, ends with 0, and has everything when it is back', async () => {
    const server = await ServerProcess.start({ dataDirectory: directory, port: await freePort() });
    const api = new Api(server.url);
    const acknowledged: string[] = [];
    const refusals: unknown[] = [];
    let pushed = 0;
    const writer = async (number: number): Promise<void> => {
      for (;;) {
        const lines = Array.from({ length: 10 }, () => `line ${pushed++}`);
        try {
          await api.push([{ stream: { app: 'stopped', writer: String(number) }, values: lines.map((line) => [String(nowNs), line]) }]);
          acknowledged.push(...lines);
        } catch (error) {
          refusals.push(error);
          return;
        }
      }
    };
    const writers = [0, 1, 2, 3].map(writer);
    await sleep(500);
    const code = await server.stop();
    await Promise.all(writers);
    expect(code).toBe(0);
    for (const line of server.output.trim().split('\n')) if (line !== '') expect(JSON.parse(line)).toMatchObject({ code: 'shutting_down' });
    // A push was answered, refused with a reason to come again, or found nobody there; none was cut off.
    for (const error of refusals) {
      if (error instanceof ApiError) expect(error).toMatchObject({ status: 503, retryAfter: '1' });
      else expect(codeOf(error)).toMatch(/ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET/);
    }
    expect(await readdir(path.join(directory, 'objects', 'manifests'))).not.toEqual([]);
    const again = await ServerProcess.start({ dataDirectory: directory, port: await freePort() });
    const after = new Api(again.url);
    const count = await after.number('sum(count_over_time({app="stopped"}[1h]))');
    expect(acknowledged.length).toBeGreaterThan(0);
    // Pushes whose answer was lost may be stored.
    expect(count).toBeGreaterThanOrEqual(acknowledged.length);
    const stored: string[] = [];
    for (const number of [0, 1, 2, 3]) stored.push(...(await after.lines(`{app="stopped",writer="${number}"}`, { limit: 5000, direction: 'backward' })));
    expect(new Set(stored).size).toBe(stored.length);
    if (count <= 5000) expect(acknowledged.filter((line) => !stored.includes(line))).toEqual([]);
    expect(await again.stop()).toBe(0);
  });

  it('does not wait for tails and idle connections', async () => {
    const server = await ServerProcess.start({ dataDirectory: directory, port: await freePort() });
    const tail = new WebSocket(`${server.url.replace('http', 'ws')}/loki/api/v1/tail?${new URLSearchParams({ query: '{app="a"}' }).toString()}`);
    await once(tail, 'open');
    // One that will not answer a closing handshake.
    (tail as unknown as { _socket: { pause(): void } })._socket.pause();
    const stopping = server.stop();
    expect(await stopping).toBe(0);
    tail.terminate();
  });

  it('ends within the deadline though the object store does not answer, and loses nothing', async () => {
    // Answers lists and the question who it is, and leaves everything else waiting.
    const identity = '00000000-0000-4000-8000-000000000000';
    const store = createServer((request, response) => {
      if (request.method === 'GET' && request.url?.includes('store/identity') === true) response.writeHead(206, { 'content-range': 'bytes 0-35/36', 'content-length': '36' }).end(identity);
      else if (request.method === 'GET') response.setHeader('content-type', 'application/xml').end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
    }).listen(0, '127.0.0.1');
    await once(store, 'listening');
    const environment = {
      SPOOR_STORAGE_TYPE: 's3',
      SPOOR_STORAGE_S3_BUCKET: 'b',
      SPOOR_STORAGE_S3_ENDPOINT: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
      SPOOR_STORAGE_S3_ACCESS_KEY_ID: 'a',
      SPOOR_STORAGE_S3_SECRET_ACCESS_KEY: 's',
      SPOOR_SERVER_SHUTDOWN_DEADLINE: '2s',
    };
    const server = await ServerProcess.start({ dataDirectory: directory, port: await freePort(), environment });
    await new Api(server.url).push([{ stream: { app: 'kept' }, values: [[String(nowNs), 'kept']] }]);
    expect(await server.stop()).toBe(0);
    expect(server.output).toContain('the flush was not done within server.shutdown_deadline; the rest stays in the journal');
    const again = await ServerProcess.start({ dataDirectory: directory, port: await freePort(), environment });
    expect(await new Api(again.url).lines('{app="kept"}')).toEqual(['kept']);
    await again.kill();
    store.closeAllConnections();
    store.close();
  });
});
