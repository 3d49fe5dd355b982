import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestSignal, sendError } from '../../src/http/answer.ts';
import { isSpoorError, SpoorError } from '../../src/model/mod.ts';

describe('sendError', () => {
  let app: FastifyInstance;
  let thrown: unknown;
  beforeEach(() => {
    app = fastify({ bodyLimit: 10 });
    app.setErrorHandler(sendError);
    app.post('/push', () => {
      throw thrown;
    });
  });
  afterEach(() => app.close());

  it.each<[string, unknown, number, string, string | undefined]>([
    ['a coded error', new SpoorError('bad_step'), 400, 'zero or negative query resolution step widths are not accepted. Try a positive integer', undefined],
    ['one worth a retry, 429', new SpoorError('ingester_memory_full', { bytes: 2, limit: 1 }), 429, 'the heads hold 2 bytes of at most 1 (ingester.head_bytes_max); retry after they are flushed', '1'],
    ['one worth a retry, 503', new SpoorError('shutting_down'), 503, 'spoor is shutting down and takes no more pushes; retry', '1'],
    ['a timeout', new SpoorError('query_timeout'), 504, 'request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed', undefined],
    ['an error that nobody foresaw', new TypeError('oops'), 500, 'internal error: oops', undefined],
    ['what is no error', 'text', 500, 'internal error: text', undefined],
    ['null', null, 500, 'internal error: null', undefined],
    ["Fastify's 4xx", Object.assign(new Error('odd'), { statusCode: 415 }), 400, 'odd', undefined],
    ["somebody's 5xx", Object.assign(new Error('odd'), { statusCode: 503 }), 500, 'internal error: odd', undefined],
  ])('answers %s as text', async (_name, error, status, message, retryAfter) => {
    thrown = error;
    const answer = await app.inject({ method: 'POST', url: '/push' });
    expect(answer.statusCode).toBe(status);
    expect(answer.body).toBe(`${message}\n`);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it('names the limit that a body is over', async () => {
    const answer = await app.inject({ method: 'POST', url: '/push', headers: { 'content-type': 'text/plain' }, body: 'more than ten bytes' });
    expect(answer.statusCode).toBe(413);
    expect(answer.body).toBe('request body too large: over the limit of 10 bytes (server.body_bytes_max)\n');
  });
});

describe('requestSignal', () => {
  it.each([
    ['strikes after the time', 20, true],
    ['does not strike at once where the time is longer than a timer can be', 1e12, false],
  ])('%s', async (_name, timeoutMs, aborted) => {
    const app = fastify();
    app.get('/', async (_request, reply) => {
      const { signal, done } = requestSignal(reply, timeoutMs);
      await new Promise((resolve) => setTimeout(resolve, 60));
      done();
      return { aborted: signal.aborted, timeout: isSpoorError(signal.reason, 'query_timeout') };
    });
    expect((await app.inject('/')).json()).toEqual({ aborted, timeout: aborted });
    await app.close();
  });

  it('strikes when the client goes away, and not after an answer', async () => {
    const app = fastify();
    const seen: unknown[] = [];
    const over = Promise.withResolvers<void>();
    app.get('/', async (_request, reply) => {
      const { signal, done } = requestSignal(reply, 60_000);
      signal.addEventListener('abort', () => over.resolve());
      if (seen.length > 0) await over.promise;
      done();
      seen.push(signal.reason);
      return {};
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    expect((await fetch(url)).status).toBe(200);
    const client = new AbortController();
    setTimeout(() => client.abort(), 50);
    await expect(fetch(url, { signal: client.signal })).rejects.toThrow();
    await over.promise;
    await app.close();
    expect(seen[0]).toBeUndefined();
    expect(isSpoorError(seen[1], 'query_cancelled')).toBe(true);
  });
});
