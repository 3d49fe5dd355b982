import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { cutText } from '../../../src/http/routes/tail.ts';
import { form } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('auth_enabled: true\noverrides: {narrow: {max_concurrent_tail_requests: 2}}');
});
afterAll(() => server.close());

interface Frame {
  readonly streams: readonly { readonly stream: Readonly<Record<string, string>>; readonly values: readonly (readonly [string, string, object?])[] }[];
  readonly dropped_entries: null;
  readonly encodingFlags?: readonly string[];
}

/** A tailing client. */
class Tail {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  pings = 0;

  constructor(query: string, values: Readonly<Record<string, string | number>> = {}, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(`${server.url.replace('http', 'ws')}/loki/api/v1/tail?${form({ query, ...values })}`, { headers: { 'x-scope-orgid': 't', ...headers } });
    this.socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString('utf8')) as Frame));
    this.socket.on('ping', () => (this.pings += 1));
    this.closed = once(this.socket, 'close').then(([code, reason]: unknown[]) => ({ code: code as number, reason: (reason as Buffer).toString('utf8') }));
    this.closed.catch(() => undefined);
    tails.push(this);
  }

  get lines(): string[] {
    return this.frames.flatMap(({ streams }) => streams.flatMap(({ values }) => values.map(([, line]) => line)));
  }

  async open(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  /** Waits until so many lines came, and a little longer for ones too many. */
  async has(count: number): Promise<string[]> {
    for (let attempt = 0; this.lines.length < count && attempt < 500; attempt++) await sleep(20);
    await sleep(150);
    return this.lines;
  }
}

const tails: Tail[] = [];
afterEach(() => {
  for (const tail of tails.splice(0)) tail.socket.terminate();
});

/** The answer to an upgrade that is refused. */
async function refusal(query: string, values: Readonly<Record<string, string>> = {}, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; text: string }> {
  const tail = new Tail(query, values, headers);
  const [, answer] = (await once(tail.socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode ?? 0, text };
}

let clockNs = BigInt(Date.now()) * 1_000_000n;
async function push(app: string, lines: readonly string[], tenant = 't'): Promise<void> {
  await server.as({ 'x-scope-orgid': tenant }).push([{ stream: { app }, values: lines.map((line) => [String((clockNs += 1000n)), line, { n: line }]) }]);
}

const numbered = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `line ${from + i}`);

describe('tail', () => {
  it('sends history, oldest first, then live rows', async () => {
    await push('history', numbered(0, 10));
    await server.api.flush();
    await push('history', numbered(10, 10));
    const tail = await new Tail('{app="history"}', { limit: 15 }).open();
    // Each line has metadata of its own, so that the order of streams is that of their labels; times tell the order of the rows.
    expect((await tail.has(15)).toSorted()).toEqual(numbered(5, 15).toSorted());
    await push('history', numbered(20, 5));
    expect((await tail.has(20)).slice(15).toSorted()).toEqual(numbered(20, 5).toSorted());
    await push('others', numbered(0, 5));
    await push('history', numbered(0, 5), 'another');
    await push('history', numbered(25, 1));
    expect(await tail.has(21)).toHaveLength(21);
    expect(tail.frames.every((frame) => frame.dropped_entries === null && frame.encodingFlags === undefined)).toBe(true);
  });

  it('starts where it is told to', async () => {
    await push('start', numbered(0, 5));
    const from = clockNs + 1n;
    await push('start', numbered(5, 5));
    const tail = await new Tail('{app="start"}', { start: String(from) }).open();
    expect((await tail.has(5)).toSorted()).toEqual(numbered(5, 5));
  });

  it('runs the stages of the query', async () => {
    const tail = await new Tail('{app="stages"} |= "7" | line_format "<{{__line__}}>"').open();
    await push('stages', numbered(0, 20));
    expect((await tail.has(2)).toSorted()).toEqual(['<line 17>', '<line 7>']);
  });

  it('sends categories where it is asked to', async () => {
    const tail = await new Tail('{app="categories"}', {}, { 'x-loki-response-encoding-flags': 'categorize-labels' }).open();
    await push('categories', ['a']);
    await tail.has(1);
    expect(tail.frames[0]).toEqual({
      streams: [{ stream: { app: 'categories', service_name: 'categories' }, values: [[expect.stringMatching(/^\d{19}$/), 'a', { structuredMetadata: { detected_level: 'unknown', n: 'a' } }]] }],
      encodingFlags: ['categorize-labels'],
      dropped_entries: null,
    });
  });

  it('sends each row once while heads are flushed again and again', async () => {
    await push('flushed', numbered(0, 3));
    const tail = await new Tail('{app="flushed"}').open();
    await tail.has(3);
    const enough = new AbortController();
    const flushes = (async () => {
      while (!enough.signal.aborted) await server.api.flush();
    })();
    for (let i = 3; i < 403; i += 4) {
      await push('flushed', numbered(i, 4));
      if (i % 40 === 3) await sleep(30);
    }
    enough.abort();
    await flushes;
    const lines = await tail.has(403);
    expect(lines).toHaveLength(403);
    expect(new Set(lines).size).toBe(403);
  });

  it('sends a row that comes while the ones before are on their way', async () => {
    const tail = await new Tail('{app="news"}').open();
    for (let i = 0; i < 25; i++) {
      // Anywhere between two looks at the heads, and no other push after it.
      await push('news', [`first ${i}`]);
      await sleep((i * 7) % 120);
      await push('news', [`second ${i}`]);
      await expect.poll(() => tail.lines.length, { timeout: 5000, interval: 5 }).toBe(2 * i + 2);
    }
  });

  it('loses nothing to a client that asks for a delay', async () => {
    const tail = await new Tail('{app="delayed"}', { delay_for: '1' }).open();
    for (let i = 0; i < 30; i++) {
      await push('delayed', numbered(i * 2, 2));
      await server.api.flush();
      await sleep(40);
    }
    expect((await tail.has(60)).toSorted()).toEqual(numbered(0, 60).toSorted());
  });

  it('cuts what is much into frames', async () => {
    const tail = await new Tail('{app="much"}').open();
    const line = 'x'.repeat(2000);
    await server.as({ 'x-scope-orgid': 't' }).push([{ stream: { app: 'much' }, values: Array.from({ length: 2500 }, () => [String((clockNs += 1000n)), line]) }]);
    await tail.has(2500);
    expect(tail.lines).toHaveLength(2500);
    expect(tail.frames.length).toBeGreaterThan(2);
  });

  it('pings', async () => {
    const tail = await new Tail('{app="pings"}').open();
    await expect.poll(() => tail.pings, { timeout: 10_000 }).toBeGreaterThan(1);
  });

  it('is refused above the limit of the tenant, with a code and a reason', async () => {
    const headers = { 'x-scope-orgid': 'narrow' };
    const first = await new Tail('{app="a"}', {}, headers).open();
    await new Tail('{app="a"}', {}, headers).open();
    expect(await new Tail('{app="a"}', {}, headers).closed).toEqual({ code: 1011, reason: 'max concurrent tail requests limit exceeded, count > limit (3 > 2)' });
    // One that ends makes room.
    first.socket.close();
    expect((await first.closed).code).toBe(1005);
    await sleep(50);
    await push('a', ['there is room'], 'narrow');
    const next = await new Tail('{app="a"}', {}, headers).open();
    expect(await next.has(1)).toEqual(['there is room']);
  });

  it('ends where the query fails, with a code and the reason', async () => {
    await push('damaged', numbered(0, 5));
    await server.api.flush();
    const objects = path.join(server.directory, 'objects');
    await rename(path.join(objects, 'segments'), path.join(objects, 'elsewhere'));
    const { code, reason } = await new Tail('{app="damaged"}').closed;
    await rename(path.join(objects, 'elsewhere'), path.join(objects, 'segments'));
    expect(code).toBe(1011);
    expect(reason).toMatch(/^object segments\/\S+ does not exist$/);
    expect(await (await new Tail('{app="damaged"}').open()).has(5)).toHaveLength(5);
  });

  it.each([
    ['a metric query', 'rate({app="a"}[1m])', {}, 'tail needs a log query, not a metric query\n'],
    ['a broken query', '{app=', {}, 'parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING\n'],
    ['no query', '', {}, 'parse error : syntax error: unexpected $end\n'],
    ['too long a delay', '{app="a"}', { delay_for: '6' }, "delay_for can't be greater than 5\n"],
    ['a bad delay', '{app="a"}', { delay_for: 'x' }, "delay_for can't be greater than 5\n"],
    ['a bad limit', '{app="a"}', { limit: '0' }, 'limit must be a positive value\n'],
    ['a bad start', '{app="a"}', { start: 'x' }, `could not parse 'start' parameter: strconv.ParseInt: parsing "x": invalid syntax\n`],
  ])('refuses %s before it upgrades', async (_name, query, values, text) => {
    expect(await refusal(query, values)).toEqual({ status: 400, text });
  });

  it('wants a tenant', async () => {
    expect(await refusal('{app="a"}', {}, { 'x-scope-orgid': '' })).toEqual({ status: 401, text: 'no org id\n' });
  });

  it('is no plain request', async () => {
    const answer = await server.as({ 'x-scope-orgid': 't' }).fetch(`/loki/api/v1/tail?${form({ query: '{app="a"}' })}`);
    expect([answer.status, await answer.text()]).toEqual([400, 'tail is a WebSocket: the request lacks the header Upgrade: websocket\n']);
  });

  it('outlives clients that break off or send rubbish', async () => {
    for (let i = 0; i < 5; i++) {
      const tail = await new Tail('{app="rubbish"}').open();
      if (i % 2 === 0) tail.socket.send(Buffer.alloc(10_000));
      else (tail.socket as unknown as { _socket: Socket })._socket.write(Buffer.from('no frame at all, just text'));
      await tail.closed;
    }
    await expect.poll(async () => (await server.api.metrics()).get('spoor_querier_scans')).toBe(0);
    await push('rubbish', ['alive']);
    expect(await server.as({ 'x-scope-orgid': 't' }).lines('{app="rubbish"}')).toEqual(['alive']);
  });

  it('is broken off, not closed, when the server stops, so that clients come back', async () => {
    const tail = await new Tail('{app="restart"}').open();
    await server.restart();
    expect((await tail.closed).code).toBe(1006);
  });
});

describe('cutText', () => {
  it.each([
    ['short', 123, 'short'],
    ['x'.repeat(200), 123, 'x'.repeat(123)],
    ['日本語', 8, '日本'],
    ['ab\u{1f600}', 5, 'ab'],
    ['ab\u{1f600}', 6, 'ab\u{1f600}'],
    ['', 5, ''],
  ])('cuts %j to %i bytes of whole characters', (text, bytesMax, cut) => {
    expect(cutText(text, bytesMax)).toBe(cut);
  });
});
