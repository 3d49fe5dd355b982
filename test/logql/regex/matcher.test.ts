import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { compileRegex } from '../../../src/logql/regex/mod.ts';
import { patterns, subjects } from './generate.ts';

function groups(pattern: string, text: string): (string | null)[] | null {
  const bytes = Buffer.from(text);
  const slots = compileRegex(pattern).find(bytes, 0, bytes.length);
  return slots === null ? null : Array.from({ length: slots.length / 2 }, (_, i) => (slots[2 * i]! < 0 ? null : bytes.toString('utf8', slots[2 * i], slots[2 * i + 1])));
}

describe('evaluates', () => {
  test.each<[string, string, (string | null)[] | null]>([
    ['b+', 'abbc', ['bb']],
    ['(a*)*', 'b', ['', '']],
    ['(a*)+', 'b', ['', '']],
    ['(a|ab)(c|bcd)', 'abcd', ['abcd', 'a', 'bcd']],
    ['(a|(b))*', 'ba', ['ba', 'a', 'b']],
    ['(?P<status>\\d{3}) (?P<size>\\d+)?', 'x 200 ', ['200 ', '200', null]],
    ['x*?y', 'xxy', ['xxy']],
    ['(?U)x+y?', 'xxy', ['x']],
    ['^$', '', ['']],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['\\bfoo\\b', 'a foo.', ['foo']],
    ['\\Bfoo', 'foo', null],
    ['[[:word:]]+', '-a_1-', ['a_1']],
    ['\\p{Greek}+', 'abγδε', ['γδε']],
    ['\\PL+', 'ab12', ['12']],
    ['(?i)straße', 'STRAẞE', ['STRAẞE']],
    ['\\Q.*\\E', 'a.*b', ['.*']],
    ['\\x41\\x{42}\\103', 'ABC', ['ABC']],
    ['.', '\n', null],
    ['(?s).', '\n', ['\n']],
    ['.', '\r', ['\r']],
  ])('%s on %j', (pattern, text, wanted) => {
    expect(groups(pattern, text)).toEqual(wanted);
  });

  test('a byte that is no UTF-8 is one U+FFFD', () => {
    const bytes = Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62]);
    expect(compileRegex('^a...b$').matches(bytes, 0, bytes.length)).toBe(true);
    expect(compileRegex('^a..b$').matches(bytes, 0, bytes.length)).toBe(false);
    expect(compileRegex('\\x{fffd}{3}').matches(bytes, 0, bytes.length)).toBe(true);
    expect(compileRegex('a[^b]+b').matches(bytes, 0, bytes.length)).toBe(true);
  });

  test('options', () => {
    expect(compileRegex('a.c', { anchored: true }).matchesText('abc')).toBe(true);
    expect(compileRegex('a.c', { anchored: true }).matchesText('xabc')).toBe(false);
    expect(compileRegex('a|b', { anchored: true }).matchesText('ab')).toBe(false);
    expect(compileRegex('a.c', { dotNewline: true }).matchesText('a\nc')).toBe(true);
    expect(compileRegex('abc', { caseInsensitive: true }).matchesText('ABC')).toBe(true);
    expect(compileRegex('(a)(?P<x>b)').names).toEqual(['', 'x']);
  });

  test('looks only between from and to, and from there on', () => {
    const bytes = Buffer.from('ab\nab');
    const matcher = compileRegex('^a');
    expect(matcher.matches(bytes, 3, 5)).toBe(true);
    expect(matcher.matches(bytes, 1, 5)).toBe(false);
    expect(matcher.find(bytes, 0, 5, 1)).toBeNull();
  });
});

describe('agrees with re2js', () => {
  test('on what matches and where its groups lie', () => {
    fc.assert(
      fc.property(patterns, fc.array(subjects, { minLength: 1, maxLength: 6 }), (pattern, texts) => {
        const oracle = RE2JS.compile(pattern);
        const matcher = compileRegex(pattern);
        for (const text of texts) {
          const bytes = Buffer.from(text);
          const wanted = oracle.test(text);
          expect(matcher.matches(bytes, 0, bytes.length)).toBe(wanted);
          expect(matcher.matchesText(text)).toBe(wanted);
          const match = oracle.matcher(text);
          const found = match.find() ? Array.from({ length: match.groupCount() + 1 }, (_, i) => match.group(i)) : null;
          expect(groups(pattern, text)).toEqual(found);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe('edge cases', () => {
  test.each(['(a*)*b', '(a|a)*b', '(a|aa)+$', '(x+x+)+y', '(.*)(.*)(.*)(.*)z', '([a-z]+)*[0-9]'])('%s takes linear time on a long line', (pattern) => {
    const bytes = Buffer.from(`${'a'.repeat(100_000)}!`);
    expect(compileRegex(pattern).matches(bytes, 0, bytes.length)).toBe(false);
    expect(compileRegex(pattern).find(bytes, 0, bytes.length)).toBeNull();
  });

  test('an automaton of very many states stays within its memory', () => {
    const matcher = compileRegex('[a-q][^u-z]{14}x');
    let state = 7;
    const text = Array.from({ length: 60_000 }, () => String.fromCharCode(97 + ((state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) >> 8) % 23)).join('');
    expect(matcher.matchesText(text)).toBe(RE2JS.compile('[a-q][^u-z]{14}x').test(text));
  });

  test('counted repetition of a big class', () => {
    expect(compileRegex('\\pL{1000}').matchesText('ж'.repeat(1000))).toBe(true);
    expect(compileRegex('\\pL{1000}').matchesText('ж'.repeat(999))).toBe(false);
  });
});
