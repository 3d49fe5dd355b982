import { describe, expect, it } from 'vitest';
import { SyslogQueue, type SyslogQueueSettings } from '../../src/syslog/queue.ts';
import { MemoryStore, partsOf, until } from './harness.ts';

function open(own: Partial<SyslogQueueSettings> = {}) {
  const store = new MemoryStore();
  const parts = partsOf(store);
  const queue = new SyslogQueue({ transport: 'tcp', tenant: 't', labels: [['job', 'syslog']], timeZone: 'UTC', batchBytes: 1000, batchDelayMs: 1, frameBytesMax: 1000, ...own }, parts);
  const add = (text: string): void => {
    const bytes = Buffer.from(text);
    queue.add(bytes, 0, bytes.length, '10.0.0.1');
  };
  return { store, queue, add, metrics: parts.metrics, log: parts.log };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `<13>1 - h a - - - ${i}`);
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const sorted = (all: readonly string[]): string[] => all.toSorted((a, b) => Number(a) - Number(b));

describe('batches', () => {
  it('are delivered by time', async () => {
    const { store, add } = open();
    add('<13>1 - h a - - - one');
    await until(() => store.rows.length === 1);
    expect(store.tenants).toEqual(new Set(['t']));
    expect(store.rows[0]).toMatchObject({ labels: { job: 'syslog', host: 'h', app: 'a', facility: 'user' }, line: 'one' });
  });

  it('are delivered by size', async () => {
    const { store, add } = open({ batchDelayMs: 1_000_000, batchBytes: 200 });
    for (const message of numbered(40)) add(message);
    await until(() => store.rows.length >= 30);
    expect(store.pushes).toBeGreaterThan(2);
  });
});

it('delivers in time where small messages of many streams come', async () => {
  const { store, queue, add } = open({ batchBytes: 2 ** 30, batchDelayMs: 1_000_000 });
  for (let i = 0; i < 40_000; i++) add(`<1>a${i.toString(36)}: m`);
  await until(() => store.rows.length >= 32_768);
  await queue.drain(AbortSignal.timeout(60_000));
  expect(new Set(store.rows.map(({ labels }) => labels['app'])).size).toBe(40_000);
});

describe('what the store refuses', () => {
  it('as a whole for now is delivered again, until it takes it', async () => {
    const { store, queue, add, metrics, log } = open();
    store.decide = (_, push) => (push < 3 ? 'ingester_memory_full' : null);
    for (const message of numbered(5)) add(message);
    await queue.drain(AbortSignal.timeout(60_000));
    expect(sorted(store.lines)).toEqual(lines(5));
    expect(metrics.of('refused ingester_memory_full')).toBe(3);
    expect(metrics.of('batch 429')).toBe(3);
    expect(log.lines.filter((line) => line.includes('syslog messages were refused'))).toHaveLength(1);
    expect(queue.bytes).toBe(0);
  });

  it('in part for now is delivered again, and nothing else', async () => {
    const { store, queue, add } = open();
    store.decide = (_, push) => (push < 2 ? { lines: new Set(['1', '3']), reason: 'stream_limit' } : null);
    for (const message of numbered(5)) add(message);
    await queue.drain(AbortSignal.timeout(60_000));
    expect(sorted(store.lines)).toEqual(lines(5));
    expect(store.pushes).toBe(3);
  });

  it('for good is gone', async () => {
    const { store, queue, add } = open();
    store.decide = () => ({ lines: new Set(['1', '3']), reason: 'line_too_long' });
    for (const message of numbered(5)) add(message);
    await queue.drain(AbortSignal.timeout(60_000));
    expect(sorted(store.lines)).toEqual(['0', '2', '4']);
    expect(store.pushes).toBe(1);
  });

  it('because it comes too fast is delivered in smaller pieces', async () => {
    const { store, queue, add } = open({ batchBytes: 10_000 });
    store.decide = (all) => (all.length > 3 ? { lines: new Set(), reason: 'rate_limited' } : null);
    for (const message of numbered(10)) add(message);
    await queue.drain(AbortSignal.timeout(60_000));
    expect(sorted(store.lines)).toEqual(lines(10));
  });

  it('fills the queue, which says so, and says when there is room', async () => {
    const { store, queue, add, metrics } = open({ batchBytes: 50 });
    let open_ = false;
    store.decide = () => (open_ ? null : 'journal_full');
    const messages = numbered(200);
    let added = 0;
    while (!queue.isFull) add(messages[added++]!);
    expect(added).toBeLessThan(50);
    let hasRoom = false;
    queue.onRoom(() => (hasRoom = true));
    await until(() => metrics.of('refused journal_full') > 8);
    expect(hasRoom).toBe(false);
    open_ = true;
    await until(() => hasRoom);
    await queue.drain(AbortSignal.timeout(60_000));
    expect(sorted(store.lines)).toEqual(lines(added));
  });
});

it('gives up at a stop what the store does not take in time, and counts it', async () => {
  const { store, queue, add, metrics } = open();
  store.decide = () => 'shutting_down';
  for (const message of numbered(5)) add(message);
  await queue.drain(AbortSignal.timeout(50));
  expect(store.lines).toEqual([]);
  expect(metrics.of('dropped tcp stopped')).toBe(5);
});

it('is done at once at a stop where nothing is here', async () => {
  await open().queue.drain(AbortSignal.abort());
});
