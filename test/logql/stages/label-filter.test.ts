import { describe, expect, test } from 'vitest';
import { labelFilterError } from '../../../src/logql/stages/label-filter.ts';
import { Pipeline } from './run.ts';

const stream = { app: 'x', status: '504', dur: '1m19s', size: '5 MiB', level: 'error', addr: '10.1.2.3', odd: 'abc' };

describe('evaluates', () => {
  test.each<[string, boolean]>([
    ['| level="error"', true],
    ['| level!="error"', false],
    ['| level=~"err"', false],
    ['| level=~"err.*"', true],
    ['| level=~"(?i)ERROR"', true],
    ['| level!~"info|debug"', true],
    ['| missing=""', true],
    ['| missing!=""', false],
    ['| missing!~".+"', true],
    ['| missing=~".*"', true],
    ['| status=504', true],
    ['| status>=504 and status<505', true],
    ['| status>504', false],
    ['| missing!=5', false],
    ['| missing!=5s', false],
    ['| dur>1m', true],
    ['| dur==79s', true],
    ['| dur<0.5s', false],
    ['| size>=5MiB', true],
    ['| size>5.3MB', false],
    // Sizes lose digits on their way through Loki: this is 5.2MB there.
    ['| size==5242880B', false],
    ['| size>5242880B', true],
    ['| size==5242881B', false],
    ['| addr=ip("10.0.0.0/8")', true],
    ['| addr!=ip("10.0.0.0/8")', false],
    ['| missing=ip("10.0.0.0/8")', false],
    ['| status=200 or level="error", app="y"', false],
    ['| level="error", status=200 or app="x"', true],
    ['| level="error" status=200', false],
    ['| (level="info" or status=504) and app="x"', true],
  ])('%s is %s', (filter, wanted) => {
    expect(new Pipeline(filter, { stream }).process('')).toBe(wanted);
  });
});

describe('errors', () => {
  test.each([
    ['| odd > 5', 'strconv.ParseFloat: parsing "abc": invalid syntax'],
    ['| odd > 5s', 'time: invalid duration "abc"'],
    ['| odd > 5KB', 'strconv.ParseFloat: parsing "": invalid syntax'],
    ['| status > 5s', 'time: missing unit in duration "504"'],
  ])('%s keeps the row and says why', (filter, details) => {
    expect(new Pipeline(filter, { stream }).run('').labels).toMatchObject({ __error__: 'LabelFilterErr', __error_details__: details });
  });

  test('an earlier error stays, and ip filters pass rows with errors', () => {
    expect(new Pipeline('| odd > 5 | status > 5s | addr=ip("1.1.1.1")', { stream }).run('').labels).toMatchObject({ __error_details__: 'strconv.ParseFloat: parsing "abc": invalid syntax' });
    expect(new Pipeline('| odd > 5 | __error__="LabelFilterErr"', { stream }).process('')).toBe(true);
    expect(new Pipeline('| odd > 5 | __error__=""', { stream }).process('')).toBe(false);
    expect(new Pipeline('| odd > 5 | __error_details__=~".+"', { stream }).process('')).toBe(false);
  });

  test('a bad address', () => {
    expect(labelFilterError({ kind: 'ip_filter', name: 'a', op: '=', pattern: 'x' })).toBe('ip: invalid pattern: "x"');
    expect(labelFilterError({ kind: 'ip_filter', name: 'a', op: '=', pattern: '10.0.0.1' })).toBeNull();
  });
});

describe('edge cases', () => {
  test('structured metadata counts as a label, by the name it has after clashes', () => {
    const given = { stream, metadata: { trace: 't1', level: 'info' } };
    expect(new Pipeline('| trace="t1"', given).process('')).toBe(true);
    expect(new Pipeline('| level="error"', given).process('')).toBe(true);
    expect(new Pipeline('| level_extracted="info"', given).process('')).toBe(true);
  });

  test('both sides of an and are asked, one of an or', () => {
    expect(new Pipeline('| odd > 5 and level="info"', { stream }).process('')).toBe(false);
    expect(new Pipeline('| level="error" or odd > 5', { stream }).run('').labels).not.toHaveProperty('__error__');
    expect(new Pipeline('| level="info" or odd > 5', { stream }).run('').labels).toHaveProperty('__error__');
  });
});
