import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpTarget, type HttpOptions } from '../../../agent/ship/http-target.ts';
import { temporaryDir } from '../harness.ts';

const signal = new AbortController().signal;
const openssl = spawnSync('openssl', ['version']).status === 0;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function targetAt(url: string, options: Partial<HttpOptions> = {}): HttpTarget {
  const target = new HttpTarget({ url: new URL(url), timeoutMs: 10_000, connections: 2, ...options });
  closers.push(() => target.close());
  return target;
}

describe('an HTTP target', () => {
  it('keeps its connections, reads secrets anew, and sends what it is told', async () => {
    using dir = temporaryDir();
    const seen: IncomingMessage['headers'][] = [];
    let sockets = 0;
    const server = createHttpServer((request, response) => {
      seen.push(request.headers);
      request.resume().on('end', () => response.writeHead(200, { 'Retry-After': '3', 'Content-Type': 'text/x' }).end('y'.repeat(1000)));
    });
    server.on('connection', () => sockets++);
    const port = await listen(server);
    const secret = join(dir.path, 'secret');
    writeFileSync(secret, 'one\n');
    const target = targetAt(`http://127.0.0.1:${port}/path?secret=x`, { username: 'me', passwordFile: secret, headers: { 'X-Own': 'h', 'User-Agent': 'no' } });
    expect(target.where).toBe(`http://127.0.0.1:${port}/path`);
    const answer = await target.post(Buffer.from('body'), { 'Content-Type': 'a/b' }, signal, 100);
    expect({ ...answer, body: answer.body.toString() }).toEqual({ status: 200, contentType: 'text/x', retryAfter: '3', body: 'y'.repeat(100) });
    writeFileSync(secret, 'two');
    await target.post(Buffer.from('body'), {}, signal);
    expect(sockets).toBe(1);
    expect(seen[0]).toMatchObject({ 'x-own': 'h', 'user-agent': 'spoor-agent', 'content-length': '4', 'content-type': 'a/b' });
    expect(seen.map(({ authorization = '' }) => Buffer.from(authorization.split(' ')[1] ?? '', 'base64').toString())).toEqual(['me:one', 'me:two']);
    await targetAt(`http://127.0.0.1:${port}`, { bearerTokenFile: secret }).post(Buffer.from(''), {}, signal);
    await targetAt(`http://127.0.0.1:${port}`, { apiKeyFile: secret }).post(Buffer.from(''), {}, signal);
    expect(seen.slice(2).map(({ authorization }) => authorization)).toEqual(['Bearer two', 'ApiKey two']);
  });

  it('gives up on a server that does not answer, or stops in the middle of its answer', async () => {
    const handlers: RequestListener[] = [() => undefined, (_, response) => void response.writeHead(200, { 'Content-Length': '10' }).write('half'), (request) => request.socket.destroy()];
    const port = await listen(createHttpServer((request, response) => handlers.shift()?.(request, response)));
    const target = targetAt(`http://127.0.0.1:${port}`, { timeoutMs: 300 });
    await expect(target.post(Buffer.from('x'), {}, signal)).rejects.toThrow('no answer within 300 ms');
    await expect(target.post(Buffer.from('x'), {}, signal)).rejects.toThrow('no answer within 300 ms');
    await expect(target.post(Buffer.from('x'), {}, signal)).rejects.toThrow(/./);
    await expect(target.post(Buffer.from('x'), {}, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });

  it.skipIf(!openssl)(`speaks TLS: checks the server's certificate, shows its own${openssl ? '' : ' (skipped: no openssl)'}`, async () => {
    using dir = temporaryDir();
    const file = (name: string): string => join(dir.path, name);
    const made = spawnSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', file('key'), '-out', file('cert'),
    ]);
    expect(made.status, made.stderr.toString()).toBe(0);
    const tls = { key: readFileSync(file('key')), cert: readFileSync(file('cert')), ca: readFileSync(file('cert')) };
    const port = await listen(createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (_, response) => response.writeHead(204).end()));
    const url = `https://127.0.0.1:${port}`;
    const own = { certFile: file('cert'), keyFile: file('key') };
    expect(await targetAt(url, { caFile: file('cert'), ...own }).post(Buffer.from('x'), {}, signal)).toMatchObject({ status: 204 });
    expect(await targetAt(url, { insecureSkipVerify: true, ...own }).post(Buffer.from('x'), {}, signal)).toMatchObject({ status: 204 });
    await expect(targetAt(url, own).post(Buffer.from('x'), {}, signal)).rejects.toThrow(/certificate/);
    await expect(targetAt(url, { caFile: file('cert') }).post(Buffer.from('x'), {}, signal)).rejects.toThrow(/./);
  });
});
