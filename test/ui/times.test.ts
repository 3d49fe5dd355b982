import { expect, test } from 'vitest';

const { clockTime, exactTime, fromInput, rangeNs, span, toInput } = (await import(new URL('../../ui/times.js', import.meta.url).href)) as {
  readonly clockTime: (ns: bigint) => string;
  readonly exactTime: (ns: bigint) => string;
  readonly fromInput: (text: string) => number | undefined;
  readonly rangeNs: (text: string) => bigint | undefined;
  readonly span: (ns: bigint) => string;
  readonly toInput: (ms: number) => string;
};

test.each([['15m', 900_000_000_000n], ['1d', 86_400_000_000_000n], ['custom', undefined], ['', undefined]])('range %s', (text, ns) => expect(rangeNs(text)).toBe(ns));

test.each([[0n, '0ns'], [1500n, '1.5µs'], [12_345_678n, '12.3ms'], [4_560_000_000n, '4.56s'], [192_000_000_000n, '3m12s'], [7_260_000_000_000n, '2h1m']])('span %s', (ns, text) => expect(span(ns)).toBe(text));

test('a time with every digit', () => expect(exactTime(1_768_816_800_000_000_001n)).toBe('2026-01-19T10:00:00.000000001Z'));

test('today shows the time, other days the date too', () => {
  expect(clockTime(BigInt(Date.now()) * 1_000_000n)).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
  expect(clockTime(1_000_000_000_000_000_000n)).toMatch(/^09-\d\d \d\d:\d\d:\d\d$/);
});

test('an input gives back the time that it was filled with', () => {
  const ms = Date.UTC(2026, 0, 19, 10);
  expect(fromInput(toInput(ms))).toBe(ms);
  expect(fromInput('')).toBeUndefined();
});
