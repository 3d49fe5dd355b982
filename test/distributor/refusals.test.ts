import { expect, test } from 'vitest';
import { noPushMetrics, type RefusalReason } from '../../src/distributor/mod.ts';
import { Refusals } from '../../src/distributor/refusals.ts';

test('one error is itself; several are grouped by text', () => {
  const refusals = new Refusals('t', noPushMetrics);
  expect([refusals.any, refusals.error()]).toEqual([false, undefined]);
  refusals.add('missing_labels', {}, 3, 10);
  expect(refusals.error()).toMatchObject({ code: 'missing_labels', status: 400 });
  refusals.add('missing_labels', {}, 2, 10);
  expect(refusals.error()).toMatchObject({ code: 'push_rejected', message: '2 errors like: error at least one label pair is required per stream' });
  refusals.add('too_far_in_future', { stream: '{}', time: 'T' }, 1, 1);
  expect(refusals.error()?.message).toBe("2 errors like: error at least one label pair is required per stream; 1 errors like: entry for stream '{}' has timestamp too new: T");
  expect([refusals.any, refusals.entries]).toEqual([true, 6]);
});

test('what is only counted is not named', () => {
  const counted: [RefusalReason, number, number][] = [];
  const refusals = new Refusals('t', { ...noPushMetrics, counted: (_, reason, entries, bytes) => counted.push([reason, entries, bytes]) });
  refusals.count('stream_limit', 1, 10);
  refusals.count('stream_limit', 2, 20);
  refusals.add('line_too_long', { limit: 1, stream: 's', length: 2 }, 1, 2);
  refusals.report();
  expect(counted).toEqual([['stream_limit', 3, 30], ['line_too_long', 1, 2]]);
  expect(refusals.error()).toMatchObject({ code: 'line_too_long' });
});

test('the answer is bounded, and so is the work on it', () => {
  const refusals = new Refusals('t', noPushMetrics);
  for (let i = 0; i < 100_000; i++) refusals.add('label_value_too_long', { stream: 's', value: `${i}`.padEnd(10_000, 'x') }, 1, 1);
  const message = refusals.error()?.message ?? '';
  expect(message.length).toBeLessThan(70_000);
  expect(message).toMatch(/; and 9999\d more errors$/);
  expect(refusals.entries).toBe(100_000);
});
