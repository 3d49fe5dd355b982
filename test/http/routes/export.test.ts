import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

const limits = 'ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB';
let server: InProcess;
const startNs = (BigInt(Date.now()) / 60_000n - 30n) * 60_000_000_000n;
const range = { start: String(startNs), end: String(startNs + 1_200_000_000_000n) };
const rows = 40_000;

interface Entry {
  readonly ts: string;
  readonly id: string;
  readonly stream: Readonly<Record<string, string>>;
  readonly structuredMetadata?: Readonly<Record<string, string>>;
  readonly parsed?: Readonly<Record<string, string>>;
  readonly line: string;
  readonly lineBase64?: string;
}

beforeAll(async () => {
  server = await startInProcess(`limits: {${limits}}`);
  // Several entries of each time, of several streams; half of it flushed.
  for (let from = 0; from < rows; from += 5000) {
    const streams = ['a', 'b'].map((pod) => ({
      stream: { app: 'shop', pod },
      values: Array.from({ length: 2500 }, (_, n): [string, string, Record<string, string>] => [String(startNs + BigInt(Math.floor((from / 2 + n) / 3)) * 1_000_000n), `${pod} line ${from / 2 + n} "quoted" ${'x'.repeat(n % 200)}`, { n: String(n % 7) }]),
    }));
    await server.api.push(streams);
    if (from === 20_000) await server.api.flush();
  }
}, 60_000);
afterAll(() => server.close());

function open(values: Readonly<Record<string, string | number>>, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}/loki/api/v1/query_range?${form({ query: '{app="shop"}', limit: 0, ...range, ...values })}`, { headers: { accept: 'application/x-ndjson', ...headers }, agent: false }, resolve);
    asked.once('error', reject);
    asked.end();
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  const source = answer.headers['content-encoding'] === 'gzip' ? answer.pipe(createGunzip()) : answer;
  for await (const piece of source) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function entriesOf(text: string): Entry[] {
  expect(text.endsWith('\n')).toBe(true);
  return text.trimEnd().split('\n').map((line) => JSON.parse(line) as Entry);
}

const number = (entry: Entry): number => Number(/line (\d+)/.exec(entry.line)?.[1]);

describe('application/x-ndjson', () => {
  it.each(['forward', 'backward'])('gives every entry once, in order (%s)', async (direction) => {
    const answer = await open({ direction });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const entries = entriesOf(await textOf(answer));
    expect(entries).toHaveLength(rows);
    for (let i = 1; i < entries.length; i++) {
      const [before, after] = [BigInt(entries[i - 1]!.ts), BigInt(entries[i]!.ts)];
      if (direction === 'forward' ? before > after : before < after) throw new Error(`${before} before ${after}`);
    }
    for (const pod of ['a', 'b']) {
      const own = entries.filter(({ stream }) => stream['pod'] === pod).map(number);
      const expected = Array.from({ length: rows / 2 }, (_, n) => n);
      expect(own).toEqual(direction === 'forward' ? expected : expected.reverse());
    }
    expect(new Set(entries.map(({ ts, id }) => `${ts} ${id}`)).size).toBe(rows);
    const [first] = entries;
    expect(Object.keys(first!)).toEqual(['ts', 'id', 'stream', 'structuredMetadata', 'line']);
    expect(first!.stream).toMatchObject({ app: 'shop' });
    expect(first!.structuredMetadata).toHaveProperty('n');
  });

  it('compresses where asked', async () => {
    const plain = await textOf(await open({}));
    const answer = await open({}, { 'accept-encoding': 'br;q=1, gzip;q=0.5' });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.headers['vary']).toBe('Accept-Encoding');
    expect(await textOf(answer)).toBe(plain);
    expect((await open({}, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined();
  });

  it('obeys limit, filters, parsers and interval', async () => {
    const limited = entriesOf(await textOf(await open({ limit: 20_001, direction: 'forward' })));
    expect(limited).toHaveLength(20_001);
    const parsed = entriesOf(await textOf(await open({ query: '{app="shop", pod="a"} |= "line 77 " | pattern `<who> line <number> <_>`', direction: 'forward' })));
    expect(parsed.map((entry) => entry.parsed)).toEqual([{ number: '77', who: 'a' }]);
    const sparse = entriesOf(await textOf(await open({ query: '{app="shop", pod="a"}', interval: 1, direction: 'forward' })));
    expect(sparse.map(number)).toEqual(Array.from({ length: 7 }, (_, n) => n * 3000));
    expect(await textOf(await open({ query: '{app="nowhere"}' }))).toBe('');
  });

  it('refuses what it cannot answer before it begins', async () => {
    for (const [values, status, text] of [
      [{ query: 'rate({app="shop"}[1m])' }, 400, 'log queries'],
      [{ query: '{app="shop"' }, 400, 'parse error'],
      [{ limit: -1 }, 400, 'limit must be a positive value'],
    ] as const) {
      const answer = await open(values);
      expect(answer.statusCode).toBe(status);
      expect(await textOf(answer)).toContain(text);
    }
    // Without the media type 0 is no limit that Loki knows.
    const answer = await open({}, { accept: 'application/json' });
    expect(await textOf(answer)).toContain('limit must be a positive value');
  });

  it('waits for a slow client, and holds nothing for it', async () => {
    const answer = await open({});
    await once(answer, 'readable');
    // Only what fits the buffers on the way was written; nothing is read ahead beyond the next page.
    await expect.poll(async () => (await server.api.metrics()).get('spoor_querier_scans')).toBe(0);
    await server.api.flush();
    expect((await server.api.metrics()).get('spoor_ingester_head_rows')).toBe(0);
    expect(entriesOf(await textOf(answer))).toHaveLength(rows);
  });

  it('stops when the client goes away', async () => {
    const answer = await open({});
    await once(answer, 'readable');
    answer.destroy();
    await expect.poll(async () => (await server.api.metrics()).get('spoor_querier_scans')).toBe(0);
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it('says in a last line why it broke off, and breaks the connection', async () => {
    const hurried = await startInProcess(`limits: {${limits}, query_timeout: 2s}`);
    try {
      const line = 'x'.repeat(100_000);
      for (let n = 0; n < 300; n += 20) await hurried.api.push([{ stream: { app: 'big' }, values: Array.from({ length: 20 }, (_, i) => [String(startNs + BigInt(n + i)), `${n + i} ${line}`] as const) }]);
      const answer = await new Promise<IncomingMessage>((resolve) => {
        request(`${hurried.url}/loki/api/v1/query_range?${form({ query: '{app="big"}', limit: 0, ...range })}`, { headers: { accept: 'application/x-ndjson' }, agent: false }, resolve).end();
      });
      expect(answer.statusCode).toBe(200);
      // A client that takes nothing for longer than query_timeout.
      await sleep(5000);
      const pieces: Buffer[] = [];
      await expect((async () => {
        for await (const piece of answer) pieces.push(piece as Buffer);
      })()).rejects.toThrow(/aborted/);
      expect(answer.complete).toBe(false);
    } finally {
      await hurried.close();
    }
  }, 30_000);
});

describe('answers as JSON', () => {
  it('are compressed where asked', async () => {
    const ask = async (limit: number, encoding: string): Promise<IncomingMessage> => open({ limit, direction: 'forward' }, { accept: 'application/json', 'accept-encoding': encoding });
    const large = await ask(500, 'gzip');
    expect(large.headers['content-encoding']).toBe('gzip');
    const withoutStats = (text: string): unknown => (JSON.parse(text) as { data: { result: unknown } }).data.result;
    expect(withoutStats(await textOf(large))).toEqual(withoutStats(await textOf(await ask(500, 'identity'))));
  });
});

describe('selectors that match every stream', () => {
  it('are read up to the limit', async () => {
    const lines = await server.api.lines('{}', { ...range, limit: 3 });
    expect(lines).toHaveLength(3);
    expect(await server.api.number('sum(count_over_time({app=~".*"}[45m]))')).toBe(rows);
    expect(entriesOf(await textOf(await open({ query: '{} |= "line 5 "' })))).toHaveLength(2);
  });

  it('are refused where they would read more, with the name of the limit', async () => {
    const narrow = await startInProcess('limits: {max_unselective_query_bytes_read: 1KB}');
    try {
      await narrow.api.push([{ stream: { app: 'a' }, values: Array.from({ length: 50 }, (_, n) => [String(startNs + BigInt(n)), `line ${n} ${'x'.repeat(50)}`] as const) }]);
      await expect(narrow.api.number('sum(count_over_time({}[45m]))')).rejects.toThrow(/max_unselective_query_bytes_read/);
      await expect(narrow.api.lines('{}', { ...range, limit: 5 })).rejects.toThrow(/would read too many bytes \(query: \d[^,]*, limit: 1/);
      const answer = await fetch(`${narrow.url}/loki/api/v1/query_range?${form({ query: '{}', limit: 0, ...range })}`, { headers: { accept: 'application/x-ndjson' } });
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('max_unselective_query_bytes_read')]);
      expect(await narrow.api.lines('{app=~".+"}', { ...range, limit: 5 })).toHaveLength(5);
    } finally {
      await narrow.close();
    }
  });

  it("are refused with Loki's words where tenants share a server, unless the limit is set", async () => {
    const shared = await startInProcess('auth_enabled: true\noverrides: {free: {max_unselective_query_bytes_read: 1MB}}');
    try {
      await expect(shared.as({ 'x-scope-orgid': 't' }).lines('{}', range)).rejects.toThrow(/queries require at least one regexp or equality matcher/);
      expect(await shared.as({ 'x-scope-orgid': 'free' }).lines('{}', range)).toEqual([]);
      await expect(shared.as({ 'x-scope-orgid': 'free' }).number('sum(1)')).rejects.toThrow(/queries require/);
    } finally {
      await shared.close();
    }
  });
});
