import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Batch, BatchPool } from '../../../agent/buffer/batch.ts';
import { DestinationQueue, type QueueOptions } from '../../../agent/buffer/destination-queue.ts';
import { DiskBuffer } from '../../../agent/buffer/disk/disk-buffer.ts';
import { newDestinationCounts } from '../../../agent/ship/counts.ts';
import { Destination } from '../../../agent/ship/destination.ts';
import { HttpTarget, withPath } from '../../../agent/ship/http-target.ts';
import { lokiPath, LokiSender } from '../../../agent/ship/loki/sender.ts';
import type { Outcome, Sender } from '../../../agent/ship/outcome.ts';
import { RejectedFile } from '../../../agent/ship/rejected.ts';
import { systemClock } from '../../../src/model/mod.ts';
import { fill, linesOf, stream, type TestLine } from '../buffer/batches.ts';
import { temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

describe('a destination', () => {
  let receiver: Receiver;
  let target: HttpTarget;
  let dir: ReturnType<typeof temporaryDir>;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    receiver = new Receiver();
    target = new HttpTarget({ url: withPath(await receiver.listen(), lokiPath), timeoutMs: 500, connections: 2 });
    dir = temporaryDir();
    stop = new AbortController();
    running = Promise.resolve();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    target.close();
    await receiver.close();
    dir[Symbol.dispose]();
  });

  interface Made {
    readonly destination: Destination;
    readonly queue: DestinationQueue;
    readonly dropped: () => number;
    readonly push: (lines: readonly (TestLine | string)[], firstCut?: number) => void;
    readonly start: () => void;
  }

  function make(settings: Partial<QueueOptions> & { readonly workers?: number; readonly senders?: Sender[]; readonly buffer?: DiskBuffer | null; readonly log?: pino.Logger; readonly risk?: () => boolean; readonly rejectedBytes?: number } = {}): Made {
    const { workers = 1, senders, buffer = null, log = pino({ level: 'silent' }), risk = () => false, rejectedBytes = 1e6, ...options } = settings;
    const pool = new BatchPool(1000, 2);
    const counts = newDestinationCounts();
    let dropped = 0;
    const queue: DestinationQueue = new DestinationQueue(
      { bytesMax: 1e6, when: 'risk', required: true, stuckMs: 20, ...options }, pool, buffer, systemClock, () => made.destination.wake(), (rows) => (dropped += rows),
    );
    const own = senders ?? Array.from({ length: workers }, () => new LokiSender(target, counts, () => Date.now()));
    const made: Made = {
      destination: new Destination(
        { name: 'test', type: 'loki', required: true, tenant: 'base', backoff: { minMs: 1, maxMs: 20 }, senders: own }, queue, counts,
        new RejectedFile(join(dir.path, 'rejected/test.ndjson'), rejectedBytes, () => 0), { prepare: () => Promise.resolve(), atRisk: risk }, log, systemClock,
      ),
      queue,
      dropped: () => dropped,
      push: (lines, firstCut = 0) => {
        const batch = fill(pool.take(), lines);
        batch.firstCut = firstCut;
        queue.push(batch, 'quiet', null);
      },
      start: () => {
        running = made.destination.run(stop.signal);
      },
    };
    return made;
  }

  const rejected = (): { line: string; reason: string; labels: object }[] => {
    const path = join(dir.path, 'rejected/test.ndjson');
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { line: string; reason: string; labels: object }) : [];
  };

  it('knows the cut that is reached, also where batches are delivered in another order', async () => {
    const { destination, queue, push, start } = make({ workers: 2 });
    receiver.behaviour = (n) => (n < 8 && n % 2 === 1 ? { status: 500 } : 'store');
    for (let i = 1; i <= 6; i++) push([`line ${i}`], i);
    expect(Math.min(...queue.firstCuts())).toBe(1);
    start();
    await until(() => queue.batches === 0, 'six batches');
    expect([...queue.firstCuts()]).toEqual([]);
    expect(receiver.lines()).toHaveLength(6);
    expect(queue.bytes).toBe(0);
    expect(destination.status).toMatchObject({ sent: 6, refused: {}, queueBytes: 0, oldestAgeMs: 0, failingSinceMs: null });
  });

  it('splits what is too large, down to the line that alone is too large, which is put aside', async () => {
    const { destination, queue, push, start } = make();
    const long = Array.from({ length: 5000 }, (_, i) => String.fromCharCode(33 + ((i * i * 31) % 90))).join('');
    receiver.behaviour = () => (Number(receiver.headers.at(-1)?.['content-length']) > 120 ? { status: 413, body: 'too large' } : 'store');
    push(['a', 'b', 'c', long, 'e', 'f', 'g']);
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(receiver.lines()).toEqual(['a', 'b', 'c', 'e', 'f', 'g']);
    expect(destination.status).toMatchObject({ sent: 6, refused: { too_large: 1 }, putAside: 1 });
    expect(rejected()).toMatchObject([{ line: long, reason: '413 too large', labels: { app: 'web', namespace: 'shop' } }]);
  });

  it('finds the poisoned lines of a batch by parts, puts them aside, and delivers the others', async () => {
    const { destination, queue, push, start } = make();
    const lines = Array.from({ length: 1000 }, (_, i) => (i === 17 || i === 801 ? `bad ${i}` : `good ${i}`));
    const store = receiver.behaviour;
    receiver.judge = (entries) => {
      const bad = entries.filter(({ line }) => line.startsWith('bad')).length;
      // As Loki does: the others are stored.
      return bad === 0 ? store(0) : { status: 400, body: `2 errors like: has timestamp too old; user x, total ignored: ${bad} out of ${entries.length}`, storeIf: (entry) => !entry.line.startsWith('bad') };
    };
    push(lines);
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(receiver.lines()).toHaveLength(998);
    expect(destination.status).toMatchObject({ sent: 998, refused: { too_old: 2 }, putAside: 2 });
    expect(rejected().map(({ line }) => line)).toEqual(['bad 17', 'bad 801']);
    expect(destination.counts.requests).toBeLessThan(50);
    // Of each line a bounded number of copies is sent.
    expect(Math.max(...[...receiver.entries.values()].map(({ times }) => times))).toBeLessThan(13);
  });

  it('puts a whole batch aside at once where the answer says that each of its lines is refused', async () => {
    const { destination, queue, push, start } = make();
    receiver.behaviour = () => ({ status: 400, body: 'has timestamp too old\ntotal ignored: 500 out of 500 for stream: {}' });
    push(Array.from({ length: 500 }, (_, i) => `line ${i}`));
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(destination.status).toMatchObject({ sent: 0, requests: 1, refused: { too_old: 500 }, putAside: 500 });
  });

  it('gives the search up where everything is refused and nothing is said, within bounded requests', async () => {
    const { destination, queue, push, start } = make({ rejectedBytes: 20_000 });
    receiver.behaviour = () => ({ status: 400, body: 'no' });
    push(Array.from({ length: 2000 }, (_, i) => `line ${i}`));
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(destination.counts.requests).toBeLessThan(100);
    expect(destination.status).toMatchObject({ sent: 0, refused: { http_400: 2000 }, putAside: 2000 });
    // The file is bounded.
    expect(readFileSync(join(dir.path, 'rejected/test.ndjson')).length).toBeLessThan(10_001);
  });

  it('tries for ever, also where only a person can help', async () => {
    const { destination, queue, push, start } = make();
    receiver.behaviour = (n) => (n < 10 ? { status: [401, 403, 404, 302, 260][n % 5] ?? 401 } : n === 10 ? { status: 429, headers: { 'Retry-After': '1' } } : 'store');
    push(['a']);
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(destination.status).toMatchObject({ sent: 1, retries: 10, requests: 11, lastError: { reason: '429' } });
  });

  it('says once, not for each batch, that it is held up', async () => {
    const said: string[] = [];
    const { destination, push, start } = make({ log: pino({ level: 'warn' }, { write: (line) => said.push(line) }) });
    receiver.behaviour = (n) => (n % 2 === 1 ? { status: 429 } : 'store');
    for (let i = 0; i < 5; i++) push([`line ${i}`]);
    start();
    await until(() => destination.counts.sent === 5, 'five batches');
    expect(destination.counts.retries).toBe(5);
    expect(said.map((line) => (JSON.parse(line) as { reason: string }).reason)).toEqual(['429']);
  });

  it('tries again where nobody listens, where nobody answers, and where the connection breaks', async () => {
    const { destination, queue, push, start } = make();
    const port = Number(new URL(target.where).port);
    await receiver.close();
    push(['a']);
    start();
    await until(() => destination.counts.retries > 2, 'some attempts');
    receiver = new Receiver();
    receiver.behaviour = (n) => (n === 1 ? 'reset' : n === 2 ? 'hang' : n === 3 ? 'reset-after-store' : 'store');
    await receiver.listen(port);
    await until(() => queue.batches === 0, 'the batch');
    expect([...receiver.entries.values()].map(({ times }) => times)).toEqual([2]);
  });

  it('sends the lines of each tenant with its own header', async () => {
    const { queue, push, start } = make();
    push([{ line: 'a', stream: stream({ app: 'x' }, 't1') }, 'b', { line: 'c', stream: stream({ app: 'y' }, 't2') }, { line: 'd', stream: stream({ app: 'z' }, 't1') }]);
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(receiver.headers.map((headers) => headers['x-scope-orgid'])).toEqual(['t1', 'base', 't2']);
    expect(receiver.lines()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes what the destination says of each row: some again, some never', async () => {
    const sent: string[][] = [];
    const outcomes: ((rows: Uint32Array) => Outcome)[] = [
      (rows) => ({ kind: 'mixed', again: rows.filter((row) => row % 2 === 0), refused: [{ row: 1, reason: '400 mapper_parsing_exception: x' }], reason: '429 busy', retryAfterMs: 0 }),
      (rows) => ({ kind: 'mixed', again: rows.subarray(2), refused: [], reason: '503', retryAfterMs: 0 }),
    ];
    const sender: Sender = {
      where: 'memory',
      send: (batch, rows) => {
        sent.push(Array.from(rows, (row) => linesOf(batch)[row] ?? ''));
        return Promise.resolve(outcomes.shift()?.(rows) ?? { kind: 'delivered' });
      },
      close: () => Promise.resolve(),
    };
    const { destination, queue, push, start } = make({ senders: [sender] });
    push(['0', '1', '2', '3', '4', '5', '6']);
    start();
    await until(() => queue.batches === 0, 'the batch');
    expect(sent).toEqual([['0', '1', '2', '3', '4', '5', '6'], ['0', '2', '4', '6'], ['4', '6']]);
    expect(destination.status).toMatchObject({ sent: 6, refused: { mapping: 1 }, putAside: 1 });
    expect(rejected()).toMatchObject([{ line: '1' }]);
  });

  it('puts batches on disk while it is stuck and a log is at risk, sends them in order later, and only what is left of each', async () => {
    const open = (): DiskBuffer => new DiskBuffer({ dir: join(dir.path, 'buffer'), bytesMax: 1e6, segmentBytesMax: 1e5 }, { damaged: () => undefined, failed: () => undefined }, systemClock);
    let risk = false;
    const { destination, queue, push, start } = make({ buffer: open(), risk: () => risk });
    receiver.behaviour = () => ({ status: 503 });
    for (let i = 0; i < 20; i++) push([`line ${i}`, { line: `team ${i}`, stream: stream({ app: 'y' }, 'team') }], i + 1);
    start();
    await until(() => destination.counts.retries > 3, 'some attempts');
    expect(queue.unsafe).toBe(20);
    // The tenant of the first lines is served, the other is not: what is left of the first batch is half of it.
    receiver.behaviour = () => (receiver.headers.at(-1)?.['x-scope-orgid'] === 'team' ? { status: 503 } : 'store');
    await until(() => destination.counts.sent > 0, 'one line');
    receiver.behaviour = () => ({ status: 503 });
    const answered = destination.counts.retries;
    await until(() => destination.counts.retries > answered + 1, 'two more attempts');
    risk = true;
    await until(() => queue.unsafe === 0, 'all on disk');
    expect([...queue.firstCuts()]).toEqual([]);
    expect(queue.batches).toBe(20);
    stop.abort();
    await running;
    await destination.close();
    const before = new Set(receiver.lines());
    stop = new AbortController();
    receiver.behaviour = () => 'store';
    const again = make({ buffer: open() });
    expect(again.queue.batches).toBe(20);
    again.start();
    await until(() => again.queue.batches === 0, 'everything');
    expect(receiver.lines()).toHaveLength(40);
    expect([...receiver.entries.values()].filter(({ entry, times }) => before.has(entry.line) && times > 1)).toEqual([]);
    expect(again.destination.status).toMatchObject({ bufferBytes: 0, bufferRecords: 0 });
    await again.destination.close();
  });

  it('drops its oldest lines where it need not have them, and counts them', () => {
    const { queue, push, dropped } = make({ required: false, bytesMax: 1000 });
    for (let i = 0; i < 50; i++) push([`line ${String(i).padStart(80, '0')}`]);
    expect(queue.full).toBe(false);
    expect(queue.bytes).toBeLessThanOrEqual(1000);
    expect(dropped()).toBe(50 - queue.batches);
    expect(linesOf(queue.take()?.batch ?? new Batch(1))[0]).toContain(String(dropped()));
  });
});
