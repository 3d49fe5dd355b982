import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLabels } from '../../../src/protocols/loki/label-text.ts';
import { formatLabels, labelSet } from '../../../src/model/mod.ts';

const pairs = (text: string) => parseLabels(text).map((label) => [label.name, label.value]);

describe('label strings', () => {
  test.each<[string, [string, string][]]>([
    ['', []], ['{}', []], [' { } ', []], ['{app="a"}', [['app', 'a']]], ['{ b = "2" , a="1" , }', [['a', '1'], ['b', '2']]],
    ["{a='x\"y'}", [['a', 'x"y']]], ['{a=`x\\n`}', [['a', 'x\\n']]], ['{a="x\\n\\t\\\\\\"\\u00e9\\U0001F680\\x41\\101"}', [['a', 'x\n\t\\"é🚀AA']]],
    ['{a="\\xc3\\xa9"}', [['a', 'é']]], ['{a="1",# comment, b="2"\n c="3"} # end', [['a', '1'], ['c', '3']]], ['{a=""}', []],
    ['{"a.b"="c"}', [['a.b', 'c']]], ['{"é"=\'x\', a="b"}', [['a', 'b'], ['é', 'x']]], ['metric', [['__name__', 'metric']]], ['a:b{c="d"}', [['__name__', 'a:b'], ['c', 'd']]],
    ['{"metric", a="b"}', [['__name__', 'metric'], ['a', 'b']]], ['{a="1",a="2"}', [['a', '1'], ['a', '2']]], ['{__x__="1"}', [['__x__', '1']]], ["{a='it\\'s'}", [['a', "it's"]]],
  ])('%s', (text, wanted) => {
    expect(pairs(text)).toEqual(wanted);
  });

  test.each([
    ['{bad', '1:5: parse error: unexpected end of input inside braces'],
    ['{a-b="c"}', "1:3: parse error: unexpected character inside braces: '-'"],
    ['{1a="c"}', "1:2: parse error: unexpected character inside braces: '1'"],
    ['{app!="a"}', '1:5: parse error: unexpected <op:!=> in label set, expected "="'],
    ['{app=~"a"}', '1:5: parse error: unexpected <op:=~> in label set, expected "="'],
    ['app="a"', '1:4: parse error: unexpected "="'],
    ['{app="a"} |= "x"', "1:11: parse error: unexpected character: '|'"],
    ['{app="a\\qb"}', "1:6: parse error: unknown escape sequence U+0071 'q'"],
    ['{app="a\uFFFD"}', '1:6: parse error: invalid UTF-8 rune'],
    ['{="v", app="a"}', '1:2: parse error: unexpected "=" in label set, expected identifier or "}"'],
    ['{a"b="v"}', '1:3: parse error: unexpected string "\\"b=\\"" in label set, expected "="'],
    ['{a=b}', '1:4: parse error: unexpected identifier "b" in label set, expected string'],
    ['{a="b" c="d"}', '1:8: parse error: unexpected identifier "c" in label set, expected "," or "}"'],
    ['{a="b",,}', '1:8: parse error: unexpected "," in label set, expected identifier or "}"'],
    ['{a="b', '1:4: parse error: unterminated quoted string'], ['{a="b\n"}', '1:4: parse error: unterminated quoted string'], ['{a=`b', '1:4: parse error: unterminated raw string'],
    ['{a="\\x4"}', '1:4: parse error: illegal character U+0022 \'"\' in escape sequence'], ['{a="\\u00', '1:4: parse error: escape sequence not terminated'],
    ['{a="\\ud800"}', '1:4: parse error: escape sequence is an invalid Unicode code point'], ['{a="\\400"}', '1:4: parse error: escape sequence is an invalid Unicode code point'], ['{é="a"}', "1:2: parse error: unexpected character inside braces: 'é'"],
    ['{a="b",\n é}', "2:2: parse error: unexpected character inside braces: 'é'"], ['{""="a"}', '1:2: parse error: invalid label name ""'], ['{a="b"}{', "1:8: parse error: unexpected character: '{'"],
  ])('%j is refused', (text, message) => {
    expect(() => parseLabels(text)).toThrow(`couldn't parse labels: ${message}`);
  });

  test('what formatLabels prints is read back', () => {
    const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/);
    const value = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\uFFFD'));
    fc.assert(fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), (sent) => {
      const labels = labelSet(sent);
      expect(parseLabels(formatLabels(labels))).toEqual(labels);
    }), { numRuns: 500 });
  });

  test('any text is read or refused with its code', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...'{}="\'`,\\ \n#abx01:é|~!u'.split('')), { maxLength: 20 }), (characters) => {
      try {
        parseLabels(characters.join(''));
      } catch (error) {
        expect(error).toMatchObject({ code: 'push_labels' });
      }
    }), { numRuns: 3000 });
  });
});
