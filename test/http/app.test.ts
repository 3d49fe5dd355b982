import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('server: {read_timeout: 1s}');
});
afterAll(() => server.close());

/** Sends bytes as they are; gives what comes back until the server ends the connection. */
async function raw(...parts: readonly (string | Buffer)[]): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

describe('the HTTP server', () => {
  it.each(['/nosuch', '/loki/api/v1/nosuch', '/loki', '/loki/api/v1/query/', '//'])('answers 404 to %s', async (path) => {
    const answer = await server.api.fetch(path);
    expect([answer.status, await answer.text()]).toEqual([404, '404 page not found\n']);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it.each([
    ['GET', '/loki/api/v1/push', 'POST'],
    ['PUT', '/loki/api/v1/push', 'POST'],
    ['DELETE', '/loki/api/v1/query', 'GET, POST'],
    ['PATCH', '/loki/api/v1/label/app/values', 'GET, POST'],
    ['GET', '/flush', 'POST'],
    ['POST', '/metrics', 'GET'],
    ['POST', '/loki/api/v1/tail', 'GET'],
    ['POST', '/', 'GET'],
  ])('answers 405 to %s %s', async (method, path, allow) => {
    const answer = await server.api.fetch(path, { method });
    expect([answer.status, await answer.text()]).toEqual([405, '405 method not allowed\n']);
    expect((answer.headers.get('allow') ?? '').split(', ').filter((one) => one !== 'HEAD').toSorted().join(', ')).toBe(allow);
  });

  it('answers HEAD without a body', async () => {
    const answer = await server.api.fetch('/ready', { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it.each(['/loki/api/v1/label/%ZZ/values', '/%'])('answers 400 to the URL %s, which cannot be decoded', async (path) => {
    const text = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('text/plain');
  });

  // What was sent beyond the answer can make the system drop the answer with the connection.
  it.each<[string, string, RegExp]>([
    ['headers that are too long', `GET /ready HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(200_000)}\r\n\r\n`, /^(?:HTTP\/1\.1 431 |$)/],
    ['a URL that is too long', `GET /ready?${'x'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^(?:HTTP\/1\.1 431 |$)/],
    ['what is no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['two lengths', 'POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a length that is none', 'POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a negative length', 'POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
  ])('refuses %s', async (_name, request, status) => {
    expect(await raw(request)).toMatch(status);
  });

  it('refuses a body by the length that it claims, before it comes', async () => {
    const text = await raw('POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n{"streams"');
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('request body too large: over the limit of 104857600 bytes (server.body_bytes_max)');
  });

  it('refuses a form that is too long for one', async () => {
    const text = await raw('POST /loki/api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20000000\r\n\r\nquery=');
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('over the limit of 10485760 bytes (form)');
  });

  it('does not wait for a body longer than server.read_timeout', async () => {
    const text = await raw('POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"str');
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('does not wait for headers longer than that either', async () => {
    expect(await raw('GET /ready HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('goes on after all of that', async () => {
    await server.api.push([{ stream: { app: 'alive' }, values: [[String(BigInt(Date.now()) * 1_000_000n), 'alive']] }]);
    expect(await server.api.lines('{app="alive"}')).toEqual(['alive']);
    const errors = server.log.filter((line) => (JSON.parse(line) as { level: number }).level >= 50);
    expect(errors).toEqual([]);
  });
});
