import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineTokens } from '../../../src/logql/patterns/line-tokens.ts';
import { renderPattern } from '../../../src/logql/patterns/render.ts';
import { shapeOf, valuesOf, wordsOf } from '../../../src/logql/patterns/shape.ts';
import { linePatternError, matchesLinePattern, parseLinePattern } from '../../../src/logql/stages/line-pattern.ts';
import { junkLine, trickyLine } from './lines.ts';

/** The pattern of a line, some of whose words are variables, and some of whose values are none. */
function patternOf(line: Buffer, isVariable: (place: number) => boolean = () => false, isConstant: (variable: number) => boolean = () => false): string {
  const tokens = new LineTokens();
  tokens.read(line, 0, line.length);
  const words = wordsOf(tokens, line).map((word, place) => (isVariable(place) ? null : word));
  const values = valuesOf(tokens, line).flatMap((value, variable) => (value === null || !isConstant(variable) ? [] : [[variable, value] as const]));
  return renderPattern(shapeOf(tokens, line, 0, line.length), words, values);
}

describe('renderPattern', () => {
  it.each([
    ['user 42 logged in', 'user <_> logged in'],
    ['2026-11-20 10:00:00,123 INFO [main] started', '<_> INFO [main] started'],
    ['10.0.0.1 - - [20/Nov/2026:10:00:00 +0000] "GET /api/v1/users/17 HTTP/1.1" 200 1234', '<_> - - [<_>/Nov/<_>] "GET /api/v1/users/<_> HTTP/<_>" <_>'],
    ['ids=[1, 2, 3] done', 'ids=[<_>] done'],
    ['values 1 2 3 4', 'values <_>'],
    ['{"ts":1700000000.5,"msg":"took 3 ms","ok":true}', '{"ts":<_>,"msg":"took <_> ms","ok":true}'],
    ['a 1 b2c 3 b2c', 'a <_> b2c <_> b2c'],
    // What stands in the variable before might otherwise be taken for the end.
    ['copied 1/users2/users', 'copied <_>'],
    ['<div>text</div>', '<<_>>text</div>'],
    ['a <_> b', 'a <<_>> b'],
    ['', ''],
  ])('%j', (line, pattern) => {
    expect(patternOf(Buffer.from(line))).toBe(pattern);
  });

  it('replaces words', () => {
    expect(patternOf(Buffer.from('user alice of acme logged in'), (place) => place === 1 || place === 3)).toBe('user <_> of <_> logged in');
    // One for two might end where the second ends, or at an equal word in it.
    expect(patternOf(Buffer.from('from alice bob bob'), (place) => place === 1 || place === 2)).toBe('from <_> <_> bob');
    expect(patternOf(Buffer.from('from (alice bob) bob'), (place) => place === 1 || place === 2)).toBe('from (<_>) bob');
  });

  it.each([
    ['tricky lines', trickyLine],
    ['random bytes', junkLine],
  ])('gives a pattern that matches the line, whichever words are variables: %s', (_name, line) => {
    fc.assert(
      fc.property(line, fc.nat(2 ** 30), fc.nat(2 ** 30), (one, places, variables) => {
        const pattern = patternOf(one, (place) => ((places >> place % 30) & 1) === 1, (variable) => ((variables >> variable % 30) & 1) === 1);
        expect(linePatternError(pattern), pattern).toBeNull();
        expect(matchesLinePattern(parseLinePattern(pattern), one, 0, one.length), `${JSON.stringify(pattern)} for ${JSON.stringify(one.toString('latin1'))}`).toBe(true);
        expect(pattern).not.toContain('<_><_>');
      }),
      { numRuns: 10_000 },
    );
  });
});
