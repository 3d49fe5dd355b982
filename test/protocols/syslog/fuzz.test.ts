import { expect, test } from 'vitest';
import { BsdTime, FrameReader, SyslogBatch, SyslogRules, Zone } from '../../../src/protocols/mod.ts';
import { fuzzBodies, mutated, numbers, plainRows } from '../plain-rows.ts';

const messages = [
  '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 12 ID47 [ex@32473 iut="3" es="App\\"l\\]"][p@1 class="high"] \uFEFFAn event',
  '<34>Oct 11 22:14:15 mymachine su[12]: \'su root\' failed',
  '<189>29: *Nov 22 18:46:11.123: %SYS-5-CONFIG_I: Configured',
  '<30>2026-11-22T14:00:00.123456+01:00 web nginx: GET /',
];
const alphabet = '<>[]="\\0123456789:. -TZabNov*%\n\r';
const bsd = new BsdTime(new Zone('Europe/Berlin'));

const batchOf = (): SyslogBatch =>
  new SyslogBatch({ rules: new SyslogRules(['host', 'app', 'facility', 'p@1.class'], [['job', 'syslog']]), limits: { pairsMax: 8, pairBytesMax: 200, labelBytesMax: 40, levels: true }, bsd, bytes: 1000, bytesMax: 100_000 });

test('whatever comes is an entry', () => {
  const next = numbers(11);
  const now = 1_795_384_800_000_000_000n;
  for (let round = 0; round < fuzzBodies / 50; round++) {
    const batch = batchOf();
    const lengths: number[] = [];
    for (let i = 0; i < 50; i++) {
      const bytes = i % 10 === 0 ? Buffer.from(Array.from({ length: next(60) }, () => next(256))) : mutated(Buffer.from(messages[next(messages.length)]!), next, alphabet);
      batch.add(bytes, 0, bytes.length, '10.0.0.1', now);
      lengths.push(bytes.length);
    }
    const { batch: raw, release } = batch.finish();
    const rows = plainRows(raw);
    expect(rows).toHaveLength(50);
    for (const { line } of rows) expect(line.length).toBeLessThanOrEqual(Math.max(...lengths));
    release();
  }
}, 600_000);

test('whatever a connection brings, frames lie inside of it and memory is bounded', () => {
  const next = numbers(12);
  const stream = Buffer.from(messages.map((text, i) => (i < 2 ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`)).join(''));
  for (let i = 0; i < fuzzBodies; i++) {
    const bytes = mutated(stream, next, alphabet);
    let framed = 0;
    const reader = new FrameReader(150, (_, start, end) => {
      expect(end - start).toBeLessThanOrEqual(150);
      framed += end - start;
    });
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + next(200);
      if (reader.push(bytes.subarray(at, at + size)) !== null) break;
      expect(reader.pendingBytes).toBeLessThanOrEqual(150 + 210);
      at += size;
    }
    reader.end();
    expect(framed).toBeLessThanOrEqual(bytes.length);
  }
}, 600_000);

test('a message that would make much of little does not', () => {
  const before = process.memoryUsage().rss;
  const id = 'i'.repeat(120_000);
  const message = Buffer.from(`<13>1 - h a - - [${id} ${Array.from({ length: 20_000 }, (_, i) => `p${i}="\\""`).join(' ')}] m`);
  for (const pairBytesMax of [65_536, 2 ** 20]) {
    const batch = new SyslogBatch({ rules: new SyslogRules(['host'], []), limits: { pairsMax: 60_000, pairBytesMax, labelBytesMax: 40, levels: true }, bsd, bytes: 1000, bytesMax: 2 ** 20 });
    let added = 0;
    for (; added < 100 && !batch.isFull; added++) batch.add(message, 0, message.length, '10.0.0.1', 0n);
    const { batch: raw, release } = batch.finish();
    expect(raw.rows).toBe(added);
    release();
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
});
