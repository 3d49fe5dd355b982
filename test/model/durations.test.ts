import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatGoDuration, formatPrometheusDuration, parseDuration, parseGoDuration, parsePrometheusDuration } from '../../src/model/mod.ts';

const int64Max = 2n ** 63n - 1n;

test("Go's form: what is written is read back", () => {
  fc.assert(fc.property(fc.bigInt({ min: -int64Max, max: int64Max }), (ns) => {
    expect(parseGoDuration(formatGoDuration(ns))).toBe(ns);
  }));
});

test("Prometheus' form: what is written is read back, less what is under a millisecond", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: int64Max }), (ns) => {
    expect(parsePrometheusDuration(formatPrometheusDuration(ns))).toBe(ns - (ns % 1_000_000n));
  }));
});

test.each([
  [0n, '0s'], [1n, '1ns'], [1500n, '1.5µs'], [1_100_000n, '1.1ms'], [999_999_999n, '999.999999ms'], [1_000_000_000n, '1s'], [90_500_000_000n, '1m30.5s'],
  [3_600_000_000_000n, '1h0m0s'], [-1500n, '-1.5µs'], [int64Max, '2562047h47m16.854775807s'],
])('Go writes %s as %s', (ns, text) => expect(formatGoDuration(ns)).toBe(text));

test.each([
  [0n, '0s'], [1_000_000n, '1ms'], [300_000_000_000n, '5m'], [5_400_000_000_000n, '1h30m'], [604_800_000_000_000n, '1w'], [777_600_000_000_000n, '9d'],
  [31_536_000_000_000_000n, '1y'], [86_461_001_000_000n, '1d1m1s1ms'],
])('Prometheus writes %s as %s', (ns, text) => expect(formatPrometheusDuration(ns)).toBe(text));

test.each([
  ['1.5h', 5_400_000_000_000n], ['-2m30s', -150_000_000_000n], ['+5s', 5_000_000_000n], ['1us', 1000n], ['1µs', 1000n], ['1μs', 1000n], ['.5s', 500_000_000n], ['1.s', 1_000_000_000n],
  ['1s1h', 3_601_000_000_000n], ['0', 0n], ['-0', 0n], ['0.000000001s', 1n], ['0.0000000009s', 0n],
])('Go reads %s', (text, ns) => expect(parseGoDuration(text)).toBe(ns));

test.each(['', '-', '1', '1d', 's', '.s', '1 s', '1h-1m', '9223372037s', '1e3s', '--1s'])('Go does not read "%s"', (text) => expect(parseGoDuration(text)).toBeUndefined());

test.each([['1d12h', 129_600_000_000_000n], ['1w', 604_800_000_000_000n], ['1y2w3d4h5m6s7ms', 33_019_506_007_000_000n], ['0', 0n], ['0s', 0n]])('Prometheus reads %s', (text, ns) =>
  expect(parsePrometheusDuration(text)).toBe(ns),
);

test.each(['', '1', '1h1d', '1m1m', '1.5h', '-1h', '1ns', '300y', '1h '])('Prometheus does not read "%s"', (text) => expect(parsePrometheusDuration(text)).toBeUndefined());

test('either form', () => {
  expect(['1.5s', '1d', '1h30m', 'x'].map(parseDuration)).toEqual([1_500_000_000n, 86_400_000_000_000n, 5_400_000_000_000n, undefined]);
});
