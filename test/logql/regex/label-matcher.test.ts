import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { compileMatcher } from '../../../src/logql/regex/mod.ts';
import { patterns, subjects } from './generate.ts';

describe('evaluates', () => {
  test.each([
    ['=', 'x', { exact: 'x', matchesEmpty: false }],
    ['!=', 'x', { exact: 'x', matchesEmpty: true }],
    ['=', '', { exact: '', matchesEmpty: true }],
    ['=~', 'x', { exact: 'x', matchesEmpty: false }],
    ['!~', 'a|b', { set: ['a', 'b'], matchesEmpty: true }],
    ['=~', 'checkout|nginx', { set: ['checkout', 'nginx'], matchesEmpty: false }],
    ['=~', 'api-(one|two)?', { set: ['api-one', 'api-two', 'api-'], matchesEmpty: false }],
    ['=~', '.*', { matchesEmpty: true }],
    ['=~', '.+', { matchesEmpty: false }],
  ] as const)('%s %s', (op, value, wanted) => {
    expect(compileMatcher({ name: 'n', op, value })).toMatchObject({ name: 'n', ...wanted });
  });

  test('is anchored, and the dot takes newlines', () => {
    const matches = (value: string, text: string): boolean => compileMatcher({ name: 'n', op: '=~', value }).matches(text);
    expect(matches('a.c', 'a\nc')).toBe(true);
    expect(matches('a', 'ba')).toBe(false);
    expect(matches('a|b', 'ab')).toBe(false);
  });
});

describe('errors', () => {
  test("has Go's words", () => {
    expect(() => compileMatcher({ name: 'n', op: '=~', value: '(' })).toThrow('error parsing regexp: missing closing ): `(`');
  });
});

describe('edge cases', () => {
  test('agrees with re2js, and the values that decide with what is decided', () => {
    fc.assert(
      fc.property(patterns, fc.array(subjects, { minLength: 1, maxLength: 6 }), fc.constantFrom('=~' as const, '!~' as const), (value, texts, op) => {
        const matcher = compileMatcher({ name: 'n', op, value });
        const oracle = RE2JS.compile(`^(?s:${value})$`);
        for (const text of ['', ...texts]) {
          expect(matcher.matches(text)).toBe(oracle.test(text) === (op === '=~'));
          const decisive = matcher.set ?? (matcher.exact === undefined ? null : [matcher.exact]);
          if (decisive !== null) expect(matcher.matches(text)).toBe(decisive.includes(text) === (op === '=~'));
        }
        expect(matcher.matchesEmpty).toBe(matcher.matches(''));
      }),
      { numRuns: 1500 },
    );
  });
});
