import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineTokens } from '../../../src/logql/patterns/line-tokens.ts';
import { patternLineBytesMax, patternTokensMax, patternWordBytesMax } from '../../../src/logql/patterns/limits.ts';
import { shapeOf, wordsOf } from '../../../src/logql/patterns/shape.ts';
import { junkLine, read, trickyLine } from './lines.ts';

describe('LineTokens', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['words', 'hello big world', '@ @ @', ['hello', 'big', 'world']],
    ['numbers', 'took 12 of 3.5 at -4', '@ # @ # @ -#', ['took', 'of', 'at']],
    ['units', 'in 200ms, 10MB 45%', '@ #, # #', ['in']],
    ['hexadecimal and long IDs', '0x1f deadbeef12 4bf92f3577b34da6 req8f3k2x91 beef', '# # # # @', ['beef']],
    ['a time', '2026-11-20T10:00:00.123Z x', '# @', ['x']],
    ['an address and its port', 'from 10.0.0.1:8080 to', '@ # @', ['from', 'to']],
    ['a UUID with parts without digits', 'id 550e8400-abcd-dead-a716-beefbeefbeef.', '@ #', ['id']],
    ['numbered names', 'node3 eth0 sha256 x86_64 v1', '@ @ @ @ @', ['node3', 'eth0', 'sha256', 'x86_64', 'v1']],
    ['a path', 'GET /api/users/123/orders now', '@ /@/@/#/@ @', ['GET', 'api', 'users', 'orders', 'now']],
    ['a path at the end', 'GET /api/users/123/orders', '@ /@/@/#', ['GET', 'api', 'users']],
    ['logfmt', 'level=info msg="it is" n_1=5 2x=a', 'level=@ msg="@ @" n_1=# 2x=@', ['info', 'it', 'is', 'a']],
    ['JSON', '{"k1":"a b","n":1,"o":{"p":null}}', '{"k1":"@ @","n":#,"o":{"p":@}}', ['a', 'b', 'null']],
    ['base64, which is no key', 'token dGVzdDEyMzQ1Ng== end', '@ @== @', ['token', 'dGVzdDEyMzQ1Ng', 'end']],
    ['colours', '\u001b[31mERROR\u001b[0m x', '\u001b[31m@\u001b[0m @', ['ERROR', 'x']],
    ['a stack trace', 'ERROR it broke\n\tat a.B(C.java:1)', '@ @ @\n#', ['ERROR', 'it', 'broke']],
    ['a document over several lines', '{\n  "a": 1\n}', '{\n  "a": #\n}', []],
    ['separators alone', ' --- [] ', ' --- [] ', []],
    ['bytes that are no UTF-8', 'a \u00ff b', '@ @ @', ['a', '\u00c3\u00bf', 'b']],
    ['nothing', '', '', []],
  ])('reads %s', (_name, line, shape, words) => {
    expect(read(line)).toEqual({ shape, words });
  });

  it('takes words that are no text, or too long, for variables', () => {
    expect(read(Buffer.from('a \xff b', 'latin1'))).toEqual({ shape: '@ # @', words: ['a', 'b'] });
    expect(read(`a ${'x'.repeat(patternWordBytesMax)} b`).words).toHaveLength(3);
    expect(read(`a ${'x'.repeat(patternWordBytesMax + 1)} b`).words).toHaveLength(2);
  });

  it('reads the beginning of long lines only', () => {
    const words = read('a '.repeat(patternTokensMax + 10));
    expect(words.words).toHaveLength(patternTokensMax);
    expect(words.shape.endsWith('@ #')).toBe(true);
    const bytes = read(`a${' '.repeat(patternLineBytesMax)}b c`);
    expect(bytes).toEqual({ shape: `@${' '.repeat(patternLineBytesMax - 1)}#`, words: ['a'] });
    expect(read(`a ${'b'.repeat(2 * patternLineBytesMax)}`)).toEqual({ shape: '@ #', words: ['a'] });
  });

  it('gives lines of one shape and the same words the same hashes, and others different ones', () => {
    const tokens = new LineTokens();
    const seen = new Map<string, string>();
    const hashes = (line: Buffer): string => {
      tokens.read(line, 0, line.length);
      const words = Array.from({ length: tokens.count }, (_, i) => (tokens.kind[i] === 1 ? `${tokens.wordLow[i]}:${tokens.wordHigh[i]}` : ''));
      return [tokens.shapeLow, tokens.shapeHigh, ...words.filter((word) => word !== '')].join(' ');
    };
    fc.assert(
      fc.property(fc.oneof(trickyLine, junkLine), (line) => {
        tokens.read(line, 0, line.length);
        const key = JSON.stringify([shapeOf(tokens, line, 0, line.length), wordsOf(tokens, line)]);
        const found = hashes(line);
        expect(seen.get(key) ?? found).toBe(found);
        seen.set(key, found);
      }),
      { numRuns: 5000 },
    );
    expect(new Set(seen.values()).size).toBe(seen.size);
  });

  it('does not look at what stands around a line', () => {
    fc.assert(
      fc.property(trickyLine, trickyLine, trickyLine, (before, line, behind) => {
        const alone = new LineTokens();
        alone.read(line, 0, line.length);
        const within = new LineTokens();
        within.read(Buffer.concat([before, line, behind]), before.length, line.length);
        expect([within.count, within.shapeLow, within.shapeHigh]).toEqual([alone.count, alone.shapeLow, alone.shapeHigh]);
      }),
      { numRuns: 5000 },
    );
  });
});
