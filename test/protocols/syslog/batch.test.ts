import { expect, it } from 'vitest';
import { BsdTime, SyslogBatch, SyslogRules, Zone } from '../../../src/protocols/mod.ts';
import { plainRows } from '../plain-rows.ts';

it('gathers messages of many streams, far beyond what it was made for', () => {
  const batch = new SyslogBatch({
    rules: new SyslogRules(['host', 'app'], []), limits: { pairsMax: 10, pairBytesMax: 1000, labelBytesMax: 100, levels: false }, bsd: new BsdTime(new Zone('UTC')), bytes: 100, bytesMax: 1_000_000,
  });
  let bytes = 0;
  for (let i = 0; i < 5000; i++) {
    const message = Buffer.from(`....<13>1 2026-11-22T00:00:00Z - app${i % 7} - - [d n="\\"${i}"] ${'x'.repeat(i % 50)}${i}....`);
    batch.add(message, 4, message.length - 4, `10.0.0.${i % 3}`, 1n);
    bytes += message.length - 8;
  }
  expect(batch.messageBytes).toBe(bytes);
  expect(batch.rows).toBe(5000);
  const { batch: raw, release } = batch.finish();
  expect(raw.streams).toHaveLength(21);
  const rows = plainRows(raw);
  for (const { labels, line, metadata } of rows) {
    const i = Number(line.replaceAll('x', ''));
    expect(labels).toEqual({ host: `10.0.0.${i % 3}`, app: `app${i % 7}` });
    expect(metadata).toEqual({ facility: 'user', severity: 'notice', 'd.n': `"${i}` });
  }
  // The distributor's release keeps it for another try.
  raw.release();
  expect(plainRows(raw)).toEqual(rows);
  release();
});
