import { describe, expect, test } from 'vitest';
import { TailSender, type TailRows, type TailSocket } from '../../../src/http/routes/tail-sender.ts';
import { labelSet } from '../../../src/model/mod.ts';

interface Frame {
  readonly streams: readonly { readonly stream: Readonly<Record<string, string>>; readonly values: readonly (readonly string[])[] }[];
  readonly dropped_entries: readonly { readonly timestamp: string; readonly labels: Readonly<Record<string, string>>; readonly count: number; readonly last_timestamp: string }[] | null;
}

/** A client that takes so many bytes. */
class Client implements TailSocket {
  bufferedAmount = 0;
  readonly frames: Frame[] = [];
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  send(text: string): void {
    this.frames.push(JSON.parse(text) as Frame);
    const taken = Math.min(this.room, text.length);
    this.room -= taken;
    this.bufferedAmount += text.length - taken;
  }

  get rows(): number {
    return this.frames.reduce((sum, { streams }) => sum + streams.reduce((all, { values }) => all + values.length, 0), 0);
  }

  get announced(): number {
    return this.frames.reduce((sum, { dropped_entries }) => sum + (dropped_entries ?? []).reduce((all, { count }) => all + count, 0), 0);
  }
}

function batch(from: number, count: number, line = 'x', apps = 1): TailRows {
  const labels = Array.from({ length: apps }, (_, app) => ({ stream: labelSet([['app', `a${app}`]]), structuredMetadata: [], parsed: [] }));
  return { labels, rows: Array.from({ length: count }, (_, i) => ({ timeNs: BigInt(from + i), position: 0, index: i, partition: 0, labels: i % apps, line: Buffer.from(line) })) };
}

const counts = { sent: 0, dropped: 0 };
function senderTo(client: Client): TailSender {
  counts.sent = counts.dropped = 0;
  return new TailSender(client, false, (result, rows) => (counts[result] += rows));
}

describe('TailSender', () => {
  test('keeps the order of rows: a stream object for each run of the same labels', async () => {
    const client = new Client(Infinity);
    await senderTo(client).offer(batch(1, 4, 'x', 2));
    expect(client.frames).toEqual([
      {
        streams: [
          { stream: { app: 'a0' }, values: [['1', 'x']] }, { stream: { app: 'a1' }, values: [['2', 'x']] },
          { stream: { app: 'a0' }, values: [['3', 'x']] }, { stream: { app: 'a1' }, values: [['4', 'x']] },
        ],
        dropped_entries: null,
      },
    ]);
  });

  test('cuts rows into frames by their number and their bytes', async () => {
    const client = new Client(Infinity);
    await senderTo(client).offer(batch(1, 2500));
    expect(client.frames.map(({ streams }) => streams.length)).toEqual([1, 1, 1]);
    const large = new Client(Infinity);
    await senderTo(large).offer(batch(1, 5, 'x'.repeat(600_000)));
    expect(large.frames.length).toBe(5);
    expect(large.rows).toBe(5);
  });

  test('says of rows that it has no room for how many there were, of which streams, and from when to when', async () => {
    const client = new Client(0);
    const sender = senderTo(client);
    await sender.offer(batch(0, 5, 'x'.repeat(900_000)));
    expect(client.bufferedAmount).toBeGreaterThan(4 * 2 ** 20);
    await sender.offer(batch(10, 5, 'y', 2));
    await sender.offer(batch(5, 1, 'y', 2));
    sender.announce();
    expect([client.frames.length, counts]).toEqual([5, { sent: 5, dropped: 6 }]);
    client.bufferedAmount = 0;
    sender.announce();
    sender.announce();
    await sender.offer(batch(20, 1));
    expect(client.frames.slice(5)).toEqual([
      {
        streams: [],
        dropped_entries: [{ timestamp: '5', labels: { app: 'a0' }, count: 4, last_timestamp: '14' }, { timestamp: '11', labels: { app: 'a1' }, count: 2, last_timestamp: '13' }],
      },
      { streams: [{ stream: { app: 'a0' }, values: [['20', 'x']] }], dropped_entries: null },
    ]);
  });

  test('counts what was dropped of very many streams together', async () => {
    const client = new Client(0);
    const sender = senderTo(client);
    await sender.offer(batch(0, 5, 'x'.repeat(900_000)));
    await sender.offer(batch(0, 3000, 'y', 3000));
    client.bufferedAmount = 0;
    await sender.offer(batch(0, 1));
    expect(client.frames.at(-1)?.dropped_entries).toHaveLength(1001);
    expect(client.frames.at(-1)?.dropped_entries?.at(-1)).toMatchObject({ labels: {}, count: 2000 });
    expect(client.announced).toBe(3000);
  });

  test('says how many rows a tail passed over', async () => {
    const client = new Client(Infinity);
    const sender = senderTo(client);
    sender.passedOver({ kind: 'passed_over', rows: 0, atNs: 5n });
    sender.announce();
    expect(client.frames).toEqual([]);
    sender.passedOver({ kind: 'passed_over', rows: 70, atNs: 7n });
    sender.passedOver({ kind: 'passed_over', rows: 5, atNs: 9n });
    sender.announce();
    expect(client.frames).toEqual([{ streams: [], dropped_entries: [{ timestamp: '7', labels: {}, count: 75, last_timestamp: '9' }] }]);
    expect(counts).toEqual({ sent: 0, dropped: 75 });
  });

  test('sends or announces every row, whatever the client takes when', async () => {
    const client = new Client(0);
    const sender = senderTo(client);
    for (let i = 0; i < 200; i++) {
      await sender.offer(batch(i * 100, 100, 'x'.repeat(500)));
      if (i % 7 === 0) client.bufferedAmount = Math.max(0, client.bufferedAmount - 100_000);
      expect(client.bufferedAmount).toBeLessThan(6 * 2 ** 20);
    }
    client.bufferedAmount = 0;
    sender.announce();
    expect(client.rows + client.announced).toBe(20_000);
    expect(client.announced).toBeGreaterThan(0);
    expect(sender.takenBytes).toBeGreaterThan(0);
  });
});
