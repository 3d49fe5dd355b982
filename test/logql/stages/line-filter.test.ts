import { describe, expect, test } from 'vitest';
import { lineFilterError } from '../../../src/logql/stages/line-filter.ts';
import type { LineFilter } from '../../../src/logql/syntax/mod.ts';
import { Pipeline } from './run.ts';

function passes(filters: string, line: string | Uint8Array): boolean {
  return new Pipeline(filters).process(line);
}

describe('evaluates', () => {
  test.each<[string, string, boolean]>([
    ['|= "same"', 'the same line', true],
    ['|= "SAME"', 'the same line', false],
    ['!= "same"', 'the same line', false],
    ['|= ""', '', true],
    ['!= ""', 'x', false],
    ['!~ ""', 'x', false],
    ['|= "a" or "b"', 'xbx', true],
    ['|= "a" or "b"', 'xcx', false],
    ['!= "a" or "b"', 'xbx', false],
    ['!= "a" or "b"', 'xcx', true],
    ['|= "a" |= "b" or "c"', 'ac', true],
    ['|= "a" |= "b" or "c"', 'ad', false],
    ['|= "" or "foo"', 'bar', false],
    ['|~ "^same" or "^dup"', 'dup line', true],
    ['!~ "^same" or "^dup"', 'dup line', false],
    ['|~ "(?i)ŻÓŁĆ"', 'żółć', true],
    ['|~ "漢.+🚀"', '漢字🚀', true],
    ['|~ "one.*three"', 'one\ntwo\nthree', false],
    ['|~ "(?s)one.*three"', 'one\ntwo\nthree', true],
    ['|~ "one$"', 'one\ntwo', false],
    ['|~ "(?m)one$"', 'one\ntwo', true],
    ['|~ "^\\\\s*$"', '\r', true],
    ['|> "same ts <_>"', 'same ts A', true],
    ['|> "same ts A"', 'same ts A', true],
    // Loki holds a literal in front against the end of the line only.
    ['|> "same ts A"', 'the same ts A', true],
    ['|> "same ts A"', 'same ts AB', false],
    ['|> "<_> ts <_>"', ' ts B', false],
    ['|> "<_>same<_>"', 'same', false],
    ['|> "<_>same<_>"', 'xsamey', true],
    ['|> ""', '', true],
    ['|> "<_>"', '', false],
    ['|> "<_>a"', 'xaxa', false],
    ['!> "<_>line<_>"', 'a line here', false],
    ['|= ip("10.0.0.1")', 'from 10.0.0.1:80', true],
    ['|= ip("10.0.0.0/8")', 'x=10.255.3.4,', true],
    ['|= ip("10.0.0.0/8")', '11.0.0.1 110.0.0.1', false],
    ['|= ip("203.0.113.0-203.0.113.255")', '203.0.113.7', true],
    ['|= ip("2001:db8::/32")', 'addr 2001:db8::dead:beef end', true],
    ['|= ip("2001:db8::dead:beef")', '[2001:0db8:0:0::dead:beef]', true],
    ['|= ip("::ffff:1.2.3.4")', '::ffff:1.2.3.4', true],
    ['!= ip("10.0.0.0/8")', '10.1.2.3', false],
    ['|= ip("10.0.0.1") or "same"', 'same', true],
    ['|= ip("10.0.0.1")', '10.0.0.1.5', false],
    ['|= ip("10.0.0.1")', '010.0.0.1', false],
  ])('%s on %j is %s', (filters, line, wanted) => {
    expect(passes(filters, line)).toBe(wanted);
  });
});

describe('errors', () => {
  const filter = (op: LineFilter['op'], value: string, ip = false): LineFilter => ({ kind: 'line_filter', op, alternatives: [{ value, ip }] });
  test.each([
    [filter('|~', '('), 'error parsing regexp: missing closing ): `(`'],
    [filter('!~', 'a{1001}'), 'error parsing regexp: invalid repeat count: `{1001}`'],
    [filter('|=', 'not an ip', true), 'ip: invalid pattern: "not an ip"'],
    [filter('|=', '10.0.0.0/33', true), 'ip: invalid pattern: "10.0.0.0/33"'],
    [filter('|=', '10.0.0.9-10.0.0.1', true), 'ip: invalid pattern: "10.0.0.9-10.0.0.1"'],
    [filter('|=', '1::2::3', true), 'ip: invalid pattern: "1::2::3"'],
    [filter('|~', '10.0.0.1', true), 'ip: invalid operation'],
    [filter('|>', '<a> brown <b>'), "named captures are not allowed: found '<a>'"],
    [filter('|>', '<_><_>'), "found consecutive capture '<_><_>': invalid expression"],
    [filter('|=', '('), null],
    [filter('|>', '<1a> <_>'), null],
  ])('%j', (stage, error) => {
    expect(lineFilterError(stage)).toBe(error);
  });
});

describe('edge cases', () => {
  test('lines that are no UTF-8', () => {
    expect(passes('|= "b"', Buffer.from([0xff, 0x62]))).toBe(true);
    expect(passes('|~ "^.b$"', Buffer.from([0xff, 0x62]))).toBe(true);
    expect(passes('|~ "^..b$"', Buffer.from([0xe2, 0x82, 0x62]))).toBe(true);
  });
});
