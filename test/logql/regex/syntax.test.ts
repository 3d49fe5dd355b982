import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { RegexSyntaxError } from '../../../src/logql/regex/ast.ts';
import { parseRegex } from '../../../src/logql/regex/syntax.ts';

function outcome(pattern: string): string {
  try {
    parseRegex(pattern);
    return 'good';
  } catch (error) {
    if (error instanceof RegexSyntaxError) return error.message;
    throw error;
  }
}

describe('evaluates', () => {
  test('joins letters, factors alternatives and merges classes as Go does', () => {
    const literal = (text: string, fold = false): unknown => ({ kind: 'literal', runes: Array.from(text, (letter) => letter.codePointAt(0)), fold });
    expect(parseRegex('error|emerg').root).toEqual({ kind: 'concat', subs: [literal('e'), { kind: 'alternate', subs: [literal('rror'), literal('merg')] }] });
    expect(parseRegex('a|b|c').root).toEqual({ kind: 'class', ranges: [97, 99] });
    expect(parseRegex('foo|fob').root).toEqual({ kind: 'concat', subs: [literal('fo'), { kind: 'class', ranges: [98, 98, 111, 111] }] });
    expect(parseRegex('[Aa]b').root).toEqual({ kind: 'concat', subs: [literal('A', true), literal('b')] });
    expect(parseRegex('(?i)Error 5').root).toEqual(literal('ERROR 5', true));
    expect(parseRegex('x(?:y)z').root).toEqual(literal('xyz'));
    expect(parseRegex('[^\\n]').root).toEqual({ kind: 'any_not_newline' });
    expect(parseRegex('(?:)|(?:)').root).toEqual({ kind: 'empty' });
  });
});

describe('errors', () => {
  test.each([
    ['(', 'error parsing regexp: missing closing ): `(`'],
    ['a)', 'error parsing regexp: unexpected ): `a)`'],
    ['[z-a]', 'error parsing regexp: invalid character class range: `z-a`'],
    ['[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['a**', 'error parsing regexp: invalid nested repetition operator: `**`'],
    ['*a', 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    ['a{2,1}', 'error parsing regexp: invalid repeat count: `{2,1}`'],
    ['(a{100}){100}', 'error parsing regexp: invalid repeat count: `{100}`'],
    ['\\8', 'error parsing regexp: invalid escape sequence: `\\8`'],
    ['\\', 'error parsing regexp: trailing backslash at end of expression: ``'],
    ['(?P<é>a)', 'error parsing regexp: invalid named capture: `(?P<é>`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['(?i', 'error parsing regexp: invalid or unsupported Perl syntax: `(?i`'],
    ['[[:foo:]]', 'error parsing regexp: invalid character class range: `[:foo:]`'],
    ['\\p{Foo}', 'error parsing regexp: invalid character class range: `\\p{Foo}`'],
    ['(a'.repeat(1200), `error parsing regexp: expression nests too deeply: \`${'(a'.repeat(1200)}\``],
  ])('%s', (pattern, message) => {
    expect(outcome(pattern)).toBe(message);
  });
});

describe('edge cases', () => {
  test.each(['a{,2}', 'a{01}', '{', 'x{', 'a{1', '[]a]', '[^]a]', '[a-]', '(?<n>a)', '(?P<n>a)(?P<n>b)', '(?i-s:a)', '\\Qa', '(?:)', '|', ''])('%s is good', (pattern) => {
    expect(outcome(pattern)).toBe('good');
  });

  test('random pieces are accepted and refused as re2js does, in the same words', () => {
    const pieces = fc.constantFrom(
      'a', '(', ')', '[', ']', '*', '+', '?', '{2}', '{1001}', '{2,1}', '\\x', '\\x{', '\\x{110000}', '\\p', '\\pX', '\\p{Greek}', '\\p{', '(?', '(?i', '(?i)', '(?P<é>', '\\Q', '\\E', '[:alpha:]',
      '[:foo:]', '|', '^', '-', 'z-a', '\\C', '\\8', '\\1', '\\01', '.', '\\d', '{', '}', '(?s-:', '(?-)', '(?i-s:a)', '{,2}', '{2,}', '{01}',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
        const pattern = parts.join('');
        let wanted = 'good';
        try {
          RE2JS.compile(pattern);
        } catch (error) {
          wanted = (error as Error).message;
        }
        expect(outcome(pattern)).toBe(wanted);
      }),
      { numRuns: 4000 },
    );
  });
});
