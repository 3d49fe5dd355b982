import { describe, expect, it } from 'vitest';
import {
  defaultStepNs, directionParameter, durationParameter, limitParameter, parameter, parseTime, rangeParameters, readParameters, timeParameter,
} from '../../src/http/parameters.ts';
import { isSpoorError } from '../../src/model/mod.ts';

const given = (name: string, value: string) => readParameters(`/x?${new URLSearchParams({ [name]: value }).toString()}`, '');
const nowNs = 1_768_440_000_000_000_000n;

/** The text of the 400 that the call ends with. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isSpoorError(error, 'bad_request')) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('readParameters', () => {
  it('joins the query string and a form, the query string first', () => {
    const parameters = readParameters('/loki/api/v1/series?match[]=%7Ba%3D%22b%22%7D&start=1', 'match%5B%5D=c+d&end=2&empty=');
    expect(parameters.get('match[]')).toEqual(['{a="b"}', 'c d']);
    expect(parameter(parameters, 'start')).toBe('1');
    expect(parameter(parameters, 'end')).toBe('2');
    expect(parameter(parameters, 'empty')).toBe('');
    expect(parameter(parameters, 'absent')).toBe('');
  });

  it('takes names of object members for what they are', () => {
    const parameters = readParameters('/x?__proto__=1&constructor=2', '');
    expect(parameter(parameters, '__proto__')).toBe('1');
    expect(parameter(parameters, 'constructor')).toBe('2');
    expect(parameter(parameters, 'toString')).toBe('');
  });

  it.each([
    ['in the URL', `/x?${'a&'.repeat(1000)}a`, ''],
    ['in the form', '/x', 'a=1&'.repeat(1001)],
    ['in both together', `/x?${'a&'.repeat(600)}`, 'b&'.repeat(600)],
    ['of nothing but separators', '/x', '&'.repeat(10_000_000)],
  ])('refuses more than 1000 parameters %s', (_name, url, form) => {
    expect(refusal(() => readParameters(url, form))).toBe('more than 1000 parameters');
  });

  it('takes 1000', () => {
    expect(readParameters(`/x?${'a&'.repeat(999)}a`, '').get('a')).toHaveLength(1000);
  });
});

describe('parseTime', () => {
  it.each<[string, bigint | undefined]>([
    ['1768435200000000000', 1_768_435_200_000_000_000n],
    ['1768435200', 1_768_435_200_000_000_000n],
    // Eleven digits are nanoseconds; milliseconds are none of the formats.
    ['1768435200000', 1_768_435_200_000n],
    ['17684352000', 17_684_352_000n],
    ['0', 0n],
    ['-1', -1_000_000_000n],
    ['+1', 1_000_000_000n],
    ['-1768435200000000000', -1_768_435_200_000_000_000n],
    ['1768435200.5', 1_768_435_200_500_000_000n],
    ['1768435200.001', 1_768_435_200_001_000_000n],
    // Loki rounds the fraction to milliseconds.
    ['1768435200.0006', 1_768_435_200_001_000_000n],
    ['1768435200.123456', 1_768_435_200_123_000_000n],
    ['1768435200.', 1_768_435_200_000_000_000n],
    ['.5', 500_000_000n],
    ['-1.5', -1_500_000_000n],
    ['1.7684352e9', 1_768_435_200_000_000_000n],
    ['2026-01-15T00:00:00Z', 1_768_435_200_000_000_000n],
    ['2026-01-15T00:00:00.000000001Z', 1_768_435_200_000_000_001n],
    ['2026-01-15T01:00:00.5+01:00', 1_768_435_200_500_000_000n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['9223372036854775808', undefined],
    ['99999999999999999999999', undefined],
    ['1e9', undefined],
    ['1e400.', undefined],
    ['1.0e400', undefined],
    ['10000000000.0', undefined],
    ['', undefined],
    ['now', undefined],
    ['now-1h', undefined],
    ['2026-01-15', undefined],
    ['2026-01-15T00:00:00', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    [' 1768435200', undefined],
    ['0x10', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
  ])('%s', (text, time) => {
    expect(parseTime(text)).toBe(time);
  });
});

describe('timeParameter', () => {
  it('gives the fallback where nothing is given', () => {
    expect(timeParameter(given('start', ''), 'start', 7n)).toBe(7n);
    expect(timeParameter(new Map(), 'time', 7n)).toBe(7n);
  });

  it.each([
    ['bad', `could not parse 'start' parameter: strconv.ParseInt: parsing "bad": invalid syntax`],
    ['2026-01-15T00:00:00', `could not parse 'start' parameter: strconv.ParseInt: parsing "2026-01-15T00:00:00": invalid syntax`],
    ['99999999999999999999', `could not parse 'start' parameter: strconv.ParseInt: parsing "99999999999999999999": value out of range`],
  ])("refuses %s in Loki's words", (text, message) => {
    expect(refusal(() => timeParameter(given('start', text), 'start', 0n))).toBe(message);
  });
});

describe('rangeParameters', () => {
  const range = (values: Readonly<Record<string, string>>) => rangeParameters(readParameters(`/x?${new URLSearchParams(values).toString()}`, ''), nowNs);
  const second = 1_000_000_000n;

  it.each<[string, Readonly<Record<string, string>>, bigint, bigint]>([
    ['nothing: the last hour', {}, nowNs - 3600n * second, nowNs],
    ['start and end', { start: '10', end: '20' }, 10n * second, 20n * second],
    ['start only: up to now', { start: '10' }, 10n * second, nowNs],
    ['end only: the hour before it', { end: '10000' }, 6400n * second, 10_000n * second],
    ['since before end', { end: '10000', since: '5m' }, 9700n * second, 10_000n * second],
    ['since before now where the end is to come', { end: '9000000000', since: '1h' }, nowNs - 3600n * second, 9_000_000_000n * second],
    ['start wins over since', { start: '1', end: '10000', since: '5m' }, second, 10_000n * second],
    ['a long since', { end: '9000000', since: '1w2d3h' }, (9_000_000n - 788_400n) * second, 9_000_000n * second],
  ])('%s', (_name, values, startNs, endNs) => {
    expect(range(values)).toEqual({ startNs, endNs });
  });

  it.each([
    [{ since: 'abc' }, `could not parse 'since' parameter: not a valid duration string: "abc"`],
    [{ since: '-5m' }, `could not parse 'since' parameter: not a valid duration string: "-5m"`],
    [{ since: '300' }, `could not parse 'since' parameter: not a valid duration string: "300"`],
    [{ start: '2026-01-15', end: '2026-01-16' }, `could not parse 'end' parameter: strconv.ParseInt: parsing "2026-01-16": invalid syntax`],
    [{ start: 'now-1h', end: 'now' }, `could not parse 'end' parameter: strconv.ParseInt: parsing "now": invalid syntax`],
    [{ since: 'x', end: 'y', start: 'z' }, `could not parse 'since' parameter: not a valid duration string: "x"`],
  ])("refuses %j in Loki's words", (values, message) => {
    expect(refusal(() => range(values))).toBe(message);
  });
});

describe('limitParameter', () => {
  it.each([['', 100], ['1', 1], ['5000', 5000], ['+7', 7], ['4294967295', 4_294_967_295]])('reads %j', (text, limit) => {
    expect(limitParameter(given('limit', text), 100)).toBe(limit);
  });

  it.each([
    ['0', 'limit must be a positive value'],
    ['-1', 'limit must be a positive value'],
    ['1.5', 'strconv.Atoi: parsing "1.5": invalid syntax'],
    ['ten', 'strconv.Atoi: parsing "ten": invalid syntax'],
    ['1e3', 'strconv.Atoi: parsing "1e3": invalid syntax'],
    ['4294967296', 'limit value 4294967296 is out of range [0, 4294967295]'],
    ['99999999999999999999', 'strconv.Atoi: parsing "99999999999999999999": value out of range'],
  ])('refuses %s', (text, message) => {
    expect(refusal(() => limitParameter(given('limit', text), 100))).toBe(message);
  });
});

describe('durationParameter', () => {
  it.each<[string, bigint | undefined]>([
    ['', undefined],
    ['15', 15_000_000_000n],
    ['0.5', 500_000_000n],
    ['1e1', 10_000_000_000n],
    ['-1', -1_000_000_000n],
    ['0', 0n],
    ['5m', 300_000_000_000n],
    ['500ms', 500_000_000n],
    ['1d12h', 129_600_000_000_000n],
  ])('reads %j', (text, ns) => {
    expect(durationParameter(given('step', text), 'step')).toBe(ns);
  });

  it.each([
    ['x', 'cannot parse "x" to a valid duration'],
    ['5 m', 'cannot parse "5 m" to a valid duration'],
    ['1e20', 'cannot parse "1e20" to a valid duration. It overflows int64'],
  ])('refuses %s', (text, message) => {
    expect(refusal(() => durationParameter(given('step', text), 'step'))).toBe(message);
  });
});

describe('directionParameter', () => {
  it.each([['', 'backward'], ['FORWARD', 'forward'], ['forward', 'forward'], ['Backward', 'backward']])('reads %j', (text, direction) => {
    expect(directionParameter(given('direction', text))).toBe(direction);
  });

  it('refuses others', () => {
    expect(refusal(() => directionParameter(given('direction', 'sideways')))).toBe("invalid direction 'sideways'");
  });
});

describe('defaultStepNs', () => {
  it.each([[0n, 1n], [60n, 1n], [250n, 1n], [500n, 2n], [3600n, 14n], [86_400n, 345n]])('of a range of %s s is %s s', (range, step) => {
    expect(defaultStepNs(0n, range * 1_000_000_000n)).toBe(step * 1_000_000_000n);
  });
});
