import { describe, expect, test } from 'vitest';
import { filterBytes, filterText, notFilter, anyFilter, containsFilter, regexFilter } from '../../../src/logql/regex/mod.ts';

function passes(pattern: string, isLabel: boolean, text: string): boolean {
  const filter = regexFilter(pattern, isLabel);
  const bytes = Buffer.from(`-${text}-`);
  expect(filterBytes(filter, bytes, 1, bytes.length - 1)).toBe(filterText(filter, text));
  return filterText(filter, text);
}

describe('evaluates', () => {
  test.each([
    ['err', 'an error', true],
    ['^err', 'an error', false],
    ['foo|bar', 'xbarx', true],
    ['(?i)ERR', 'Error', true],
    ['.+', '', false],
    ['.+', '\n', true],
    ['', '', true],
    ['a.*b', 'xacbx', true],
  ])('line |~ %s on %j is %s', (pattern, text, wanted) => {
    expect(passes(pattern, false, text)).toBe(wanted);
  });

  test.each([
    ['err', 'err', true],
    ['err', 'error', false],
    ['a|b', 'ab', false],
    ['[ei]rr', 'err', true],
    ['(?i)ERROR', 'error', true],
    ['O.*Neil', 'xO Neil', false],
  ])('label =~ %s on %j is %s', (pattern, text, wanted) => {
    expect(passes(pattern, true, text)).toBe(wanted);
  });
});

describe('edge cases', () => {
  test.each([
    // Loki takes these apart into searches for text, and forgets the anchors of a label.
    ['err.*', 'an error', true],
    ['.*err', 'errors', true],
    ['error|emerg', 'an emergency', true],
    ['info|debug', 'infos', false],
  ])('label =~ %s on %j is %s', (pattern, text, wanted) => {
    expect(passes(pattern, true, text)).toBe(wanted);
  });

  test('an alternative that always holds is forgotten beside another', () => {
    expect(passes('foo|.*', false, 'bar')).toBe(false);
    expect(anyFilter([containsFilter(''), containsFilter('x')])).toEqual(containsFilter('x'));
    expect(filterText(notFilter(containsFilter('')), 'x')).toBe(false);
  });
});
