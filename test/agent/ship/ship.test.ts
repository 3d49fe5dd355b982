import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Batch } from '../../../agent/buffer/batch.ts';
import { BatchQueue } from '../../../agent/buffer/queue.ts';
import { judge, type Verdict } from '../../../agent/ship/answer.ts';
import { backoffMs, parseRetryAfter } from '../../../agent/ship/backoff.ts';
import { BatchEncoder } from '../../../agent/ship/encode.ts';
import { Endpoint, pushUrl } from '../../../agent/ship/http.ts';
import { Shipper } from '../../../agent/ship/shipper.ts';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { labelSet, systemClock } from '../../../src/model/mod.ts';
import { until } from '../harness.ts';
import { decodePush, Receiver } from '../receiver.ts';

const streams = ['a', 'b'].map((app) => ({ labels: labelSet([['app', app]]) }));

function fill(batch: Batch, lines: readonly string[], metadata: Uint8Array | null = null): Batch {
  for (const [i, line] of lines.entries()) {
    const bytes = Buffer.from(`<${line}>`);
    batch.append(streams[i % 2]!, { stream: 0, seconds: 1000 + i, nanos: i, bytes, start: 1, end: bytes.length - 1, metadata });
  }
  return batch;
}

describe('judge', () => {
  it.each<[number, string, string, Verdict]>([
    [204, '', '', { kind: 'delivered' }],
    [200, '', '', { kind: 'delivered' }],
    [260, '', 'blocked', { kind: 'retry', loud: true }],
    [400, 'text/plain', 'entry with timestamp 2020 ignored\nuser x, total ignored: 3 out of 10 for stream: {a="b"}\nuser x, total ignored: 2 out of 9 for stream', { kind: 'refused', entries: 5 }],
    [400, 'text/plain', '7 errors like: too old', { kind: 'refused', entries: 7 }],
    [400, 'text/plain; charset=utf-8', 'line too long', { kind: 'refused', entries: 1 }],
    [400, 'text/html', '<h1>The plain HTTP request was sent to HTTPS port</h1>', { kind: 'retry', loud: true }],
    [401, 'text/plain', 'no org id', { kind: 'retry', loud: true }],
    [403, '', '', { kind: 'retry', loud: true }],
    [404, '', '', { kind: 'retry', loud: true }],
    [302, '', '', { kind: 'retry', loud: true }],
    [408, '', '', { kind: 'retry', loud: false }],
    [413, '', '', { kind: 'split' }],
    [429, '', '', { kind: 'retry', loud: false }],
    [500, '', '', { kind: 'retry', loud: false }],
    [503, '', '', { kind: 'retry', loud: false }],
  ])('%i %s %j', (status, contentType, body, verdict) => {
    expect(judge({ status, contentType, body })).toEqual(verdict);
  });
});

describe('waiting', () => {
  it('doubles up to the longest, takes a random half away, and honours Retry-After', () => {
    const options = { minMs: 100, maxMs: 1000 };
    expect([1, 2, 3, 4, 5, 1000].map((attempt) => backoffMs(options, attempt, 0, 0))).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoffMs(options, 3, 0, 0.999999)).toBeCloseTo(200, 1);
    expect(backoffMs(options, 1, 7000, 0)).toBe(7000);
    expect(backoffMs(options, 1, 1e9, 0)).toBe(300_000);
  });

  it.each([
    [undefined, 0], ['0', 0], ['12', 12_000], ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000], ['Thu, 01 Jan 1970 00:00:00 GMT', 0], ['soon', 0],
  ])('reads Retry-After %j', (header, ms) => {
    expect(parseRetryAfter(header, 1000)).toBe(ms);
  });

  it.each([
    ['http://h:3100', 'http://h:3100/loki/api/v1/push'],
    ['http://h:3100/', 'http://h:3100/loki/api/v1/push'],
    ['https://h/prefix/', 'https://h/prefix/loki/api/v1/push'],
    ['https://h/loki/api/v1/push', 'https://h/loki/api/v1/push'],
  ])('pushes for %s to %s', (base, url) => {
    expect(pushUrl(base).href).toBe(url);
  });
});

describe('BatchEncoder', () => {
  it('writes what a decoder of the published protobuf reads, grouped by stream, any part of a batch', () => {
    const batch = fill(new Batch(10), ['one', '', 'ünf'.repeat(100), 'x'.repeat(20_000), 'five'], Buffer.from(encodeMetadata([{ name: 'k', value: 'v' }, { name: 'long', value: 'w'.repeat(300) }])));
    const encoder = new BatchEncoder();
    const rows = (from: number, to: number) => decodePush(encoder.encode(batch, from, to)).map(({ labels, timeNs, line, metadata }) => [labels, timeNs, line, metadata['k'], metadata['long']?.length]);
    const row = (i: number, line: string) => [`{app="${'ab'[i % 2]}"}`, BigInt(1000 + i) * 1_000_000_000n + BigInt(i), line, 'v', 300];
    expect(rows(0, 5)).toEqual([row(0, 'one'), row(2, 'ünf'.repeat(100)), row(4, 'five'), row(1, ''), row(3, 'x'.repeat(20_000))]);
    expect(rows(3, 5)).toEqual([row(4, 'five'), row(3, 'x'.repeat(20_000))]);
    expect(rows(1, 2)).toEqual([row(1, '')]);
    expect(encoder.encode(batch, 0, 5)).toEqual(new BatchEncoder().encode(batch, 0, 5));
  });

  it('writes times over their whole range', () => {
    const batch = new Batch(10);
    const times: readonly [number, number][] = [[0, 0], [0, 1], [1, 0], [127, 128], [1_795_132_800, 999_999_999], [9_223_372_035, 999_999_999]];
    for (const [seconds, nanos] of times) batch.append(streams[0]!, { stream: 0, seconds, nanos, bytes: Buffer.from('x'), start: 0, end: 1, metadata: null, file: 0, offset: 0 });
    expect(decodePush(new BatchEncoder().encode(batch, 0, times.length)).map(({ timeNs }) => timeNs)).toEqual(times.map(([seconds, nanos]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos)));
  });
});

describe('Shipper', () => {
  let receiver: Receiver;
  let endpoint: Endpoint;
  const stop = { controller: new AbortController() };

  beforeEach(async () => {
    receiver = new Receiver();
    endpoint = new Endpoint({ url: await receiver.listen(), timeoutMs: 500, connections: 2 });
    stop.controller = new AbortController();
  });
  afterEach(async () => {
    stop.controller.abort();
    endpoint.close();
    await receiver.close();
  });

  function ship(queue: BatchQueue, workers = 1, log = pino({ level: 'silent' })): Shipper {
    const shipper = new Shipper(queue, endpoint, { minMs: 1, maxMs: 20 }, () => Promise.resolve(), log, systemClock);
    stop.controller.signal.addEventListener('abort', () => queue.wake());
    for (let i = 0; i < workers; i++) void shipper.run(stop.controller.signal);
    return shipper;
  }

  it('confirms batches in order, also where they are delivered in another', async () => {
    const confirmed: number[] = [];
    const queue = new BatchQueue(1e6, 100, (batch) => confirmed.push(batch.labelsGeneration));
    receiver.behaviour = (n) => (n < 8 && n % 2 === 1 ? { status: 500 } : 'store');
    for (let i = 1; i <= 6; i++) {
      const batch = fill(queue.takeEmpty(), [`line ${i}`]);
      batch.labelsGeneration = i;
      queue.push(batch);
    }
    const shipper = ship(queue, 2);
    await until(() => confirmed.length === 6, 'six batches');
    expect(confirmed).toEqual([1, 2, 3, 4, 5, 6]);
    expect(receiver.lines()).toHaveLength(6);
    expect(queue.bytes).toBe(0);
    expect(shipper.counts).toMatchObject({ sent: 6, refused: 0 });
  });

  it('splits what is too large, down to the entry that alone is too large, which is refused', async () => {
    let confirmed = 0;
    const queue = new BatchQueue(1e6, 100, () => confirmed++);
    const lines = ['a', 'b', 'c', 'X'.repeat(5000), 'e', 'f', 'g'];
    receiver.behaviour = () => {
      const body = Number(receiver.headers.at(-1)?.['content-length']);
      return body > 100 ? { status: 413 } : 'store';
    };
    queue.push(fill(queue.takeEmpty(), lines.map((line) => (line.startsWith('X') ? Array.from({ length: 5000 }, (_, i) => String.fromCharCode(33 + ((i * i * 31) % 90))).join('') : line))));
    const shipper = ship(queue);
    await until(() => confirmed === 1, 'the batch');
    expect(receiver.lines()).toEqual(['a', 'b', 'c', 'e', 'f', 'g']);
    expect(shipper.counts).toMatchObject({ sent: 6, refused: 1 });
  });

  it('takes a 400 as stored but for what it names', async () => {
    let confirmed = 0;
    const queue = new BatchQueue(1e6, 100, () => confirmed++);
    receiver.behaviour = () => ({ status: 400, store: true, body: 'user u, total ignored: 2 out of 5 for stream: {}' });
    queue.push(fill(queue.takeEmpty(), ['a', 'b', 'c', 'd', 'e']));
    const shipper = ship(queue);
    await until(() => confirmed === 1, 'the batch');
    expect(shipper.counts).toMatchObject({ sent: 3, refused: 2, requests: 1 });
  });

  it('tries for ever, also where only a person can help', async () => {
    let confirmed = 0;
    const queue = new BatchQueue(1e6, 100, () => confirmed++);
    receiver.behaviour = (n) => (n < 10 ? { status: [401, 403, 404, 302, 260][n % 5] ?? 401 } : n === 10 ? { status: 429, headers: { 'Retry-After': '1' } } : 'store');
    queue.push(fill(queue.takeEmpty(), ['a']));
    const shipper = ship(queue);
    await until(() => confirmed === 1, 'the batch');
    expect(shipper.counts).toMatchObject({ sent: 1, retries: 10, requests: 11 });
  });

  it('says once, not for each batch, that the server holds it up', async () => {
    const said: string[] = [];
    const queue = new BatchQueue(1e6, 100, () => undefined);
    receiver.behaviour = (n) => (n % 2 === 1 ? { status: 429 } : 'store');
    for (let i = 0; i < 5; i++) queue.push(fill(queue.takeEmpty(), [`line ${i}`]));
    const shipper = ship(queue, 1, pino({ level: 'warn' }, { write: (line) => said.push(line) }));
    await until(() => shipper.counts.sent === 5, 'five batches');
    expect(shipper.counts.retries).toBe(5);
    expect(said.map((line) => (JSON.parse(line) as { status: number }).status)).toEqual([429]);
  });

  it('tries again where nobody listens', async () => {
    let confirmed = 0;
    const queue = new BatchQueue(1e6, 100, () => confirmed++);
    const shipper = ship(queue);
    await receiver.close();
    queue.push(fill(queue.takeEmpty(), ['a']));
    await until(() => shipper.counts.retries > 2, 'some attempts');
    expect(confirmed).toBe(0);
  });
});
