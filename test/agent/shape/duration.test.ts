import { expect, test } from 'vitest';
import { parseDurationMs, unitOfName } from '../../../agent/shape/duration.ts';

test.each<[string, number, number]>([
  ['12', 1, 12], ['12.5', 1000, 12_500], ['1e3', 1, 1000], ['0', 1, 0], ['-5', 1, -5], ['350ms', 1, 350], ['1.5s', 1, 1500], ['1m3.2s', 1, 63_200], ['2h', 1, 7_200_000], ['750µs', 1, 0.75],
  ['12 ms', 1, 12], ['1h 2m', 1, 3_720_000], ['PT1.5S', 1, 1500], ['PT1M30S', 1, 90_000], ['00:00:01.250', 1, 1250], ['1.00:00:00', 1, 86_400_000], ['.5s', 1, 500], ['-1s', 1, -1000], ['100ns', 1, 0.0001],
])('%s in units of %d ms is %d ms', (text, unit, expected) => {
  expect(parseDurationMs(text, unit)).toBeCloseTo(expected, 6);
});

test.each(['', 'fast', '1.2.3', '10 apples', '12:30', 'ms', '1s!', 'x'.repeat(100), '5m6'])('%s is none', (text) => {
  expect(parseDurationMs(text, 1)).toBeNaN();
});

test.each<[string, number | undefined]>([
  ['duration_ms', 1], ['latencyMs', 1], ['elapsed_us', 0.001], ['took_seconds', 1000], ['request_time_s', 1000], ['duration_ns', 1e-6], ['durationNanos', 1e-6], ['duration', undefined], ['items', undefined],
  ['status', undefined], ['time.ms', 1], ['DURATION_MS', 1], ['elapsedMillis', 1], ['http-micros', 0.001],
])('%s has unit %s', (name, expected) => {
  expect(unitOfName(name)).toBe(expected);
});
