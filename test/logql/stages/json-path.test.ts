import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractionError } from '../../../src/logql/stages/extraction-error.ts';
import { ExpressionError, parseJsonPath, parseLogfmtKey } from '../../../src/logql/stages/json-path.ts';

const key = (text: string): unknown => ({ kind: 'key', key: text });
const index = (number: number): unknown => ({ kind: 'index', index: number });

describe('paths', () => {
  it.each<[text: string, steps: readonly unknown[]]>([
    ['a', [key('a')]],
    ['a.b_1[0]["c d"].e', [key('a'), key('b_1'), index(0), key('c d'), key('e')]],
    ['[0]', [index(0)]],
    ['["client.ip"]', [key('client.ip')]],
    [' a . b [ 12 ] ', [key('a'), key('b'), index(12)]],
    ['a\0rest', [key('a')]],
  ])('%j', (text, steps) => {
    expect(parseJsonPath(text)).toEqual(steps);
  });

  it.each<[text: string, message: string]>([
    ['', 'syntax error: unexpected $end, expecting LSB or FIELD'],
    ['a[', 'syntax error: unexpected $end, expecting STRING or INDEX'],
    ['a.b.', 'syntax error: unexpected $end, expecting FIELD'],
    ['a..b', 'syntax error: unexpected DOT, expecting FIELD'],
    ['a b', 'syntax error: unexpected FIELD'],
    ['a["x"', 'syntax error: unexpected $end, expecting RSB'],
    ['a-b', 'unexpected char -'],
    ['a[1.5]', 'syntax error: unexpected $end, expecting STRING or INDEX'],
    ['a[-1]', 'syntax error: unexpected $end, expecting STRING or INDEX'],
  ])('refuses %j', (text, message) => {
    expect(() => parseJsonPath(text)).toThrow(new ExpressionError(message));
    expect(extractionError({ kind: 'json', extractions: [{ label: 'x', expression: text }] })).toBe(`cannot parse expression [${text}]: ${message}`);
  });
});

describe('keys of logfmt', () => {
  it('are names or texts', () => {
    expect([parseLogfmtKey('a_1'), parseLogfmtKey('"a.b"'), parseLogfmtKey(' a ')]).toEqual(['a_1', 'a.b', 'a']);
  });

  it.each<[text: string, message: string]>([
    ['', 'syntax error: unexpected $end, expecting STRING or KEY'],
    ['a b', 'syntax error: unexpected KEY'],
    ['a[0]', 'unexpected char ['],
  ])('refuses %j', (text, message) => {
    expect(() => parseLogfmtKey(text)).toThrow(new ExpressionError(message));
    expect(extractionError({ kind: 'logfmt', strict: false, keepEmpty: false, extractions: [{ label: 'x', expression: text }] })).toBe(`cannot parse expression [${text}]: ${message}`);
  });
});

it('throws nothing else, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '[', ']', '"', '.', '0', ' ', '-', '\0', 'é') }), (text) => {
      for (const parse of [parseJsonPath, parseLogfmtKey]) {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }
    }),
  );
});
