import { expect, test } from 'vitest';
import { noPushMetrics } from '../../src/distributor/mod.ts';
import { Refusals } from '../../src/distributor/refusals.ts';

test('one error is itself; several are grouped by text', () => {
  const refusals = new Refusals('t', noPushMetrics);
  expect([refusals.any, refusals.error()]).toEqual([false, undefined]);
  refusals.add('missing_labels', {}, 3, 10, 0);
  expect(refusals.error()).toMatchObject({ code: 'missing_labels', status: 400 });
  refusals.add('missing_labels', {}, 2, 10, 3);
  expect(refusals.error()).toMatchObject({ code: 'push_rejected', message: '2 errors like: error at least one label pair is required per stream' });
  refusals.add('too_far_in_future', { stream: '{}', time: 'T' }, 1, 1, 5);
  expect(refusals.error()?.message).toBe("2 errors like: error at least one label pair is required per stream; 1 errors like: entry for stream '{}' has timestamp too new: T");
  expect([refusals.any, refusals.entries]).toEqual([true, 6]);
});

test('what is only counted is not named', () => {
  const counted: [string, number, number][] = [];
  const refusals = new Refusals('t', { ...noPushMetrics, counted: (_tenant, protocol, reason, entries, bytes) => counted.push([`${protocol} ${reason}`, entries, bytes]) }, { protocol: 'otlp' });
  refusals.count('stream_limit', 1, 10);
  refusals.count('stream_limit', 2, 20);
  refusals.add('line_too_long', { limit: 1, stream: 's', length: 2 }, 1, 2, 3);
  refusals.report();
  expect(counted).toEqual([['otlp stream_limit', 3, 30], ['otlp line_too_long', 1, 2]]);
  expect(refusals.error()).toMatchObject({ code: 'line_too_long' });
});

test('the answer is bounded, and so is the work on it', () => {
  const refusals = new Refusals('t', noPushMetrics);
  for (let i = 0; i < 100_000; i++) refusals.add('label_value_too_long', { stream: 's', value: `${i}`.padEnd(10_000, 'x') }, 1, 1, i);
  const message = refusals.error()?.message ?? '';
  expect(message.length).toBeLessThan(70_000);
  expect(message).toMatch(/; and 9999\d more errors$/);
  expect(refusals.entries).toBe(100_000);
});

test('whoever asks is told which entries are refused', () => {
  const told: string[] = [];
  const refusals = new Refusals('t', noPushMetrics, { onRefused: ({ firstRow, rows, reason, error }) => told.push(`${firstRow}+${rows} ${reason}: ${error().message}`) });
  refusals.add('missing_labels', {}, 2, 10, 4);
  refusals.count('blocked_ingestion', 3, 10);
  refusals.rows('blocked_ingestion', { tenant: 't', until: 'U', status: 260 }, 6, 3);
  expect(told).toEqual([
    '4+2 missing_labels: error at least one label pair is required per stream',
    "6+3 blocked_ingestion: ingestion blocked for user 't' until 'U' with status code '260'",
  ]);
});
