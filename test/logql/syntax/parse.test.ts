import { describe, expect, test } from 'vitest';
import { formatExpr, parseQuery, parseSelector, prettyExpr } from '../../../src/logql/syntax/mod.ts';
import { SpoorError } from '../../../src/model/mod.ts';

function errorOf(run: () => unknown): SpoorError {
  try {
    run();
  } catch (error) {
    if (error instanceof SpoorError) return error;
    throw error;
  }
  throw new Error('no error');
}

/** Query ==> what it is printed as; null where it is printed as it stands. */
const printed: readonly (readonly [string, string | null])[] = [
  ['{app="x"}', null],
  ['{app="x",b!="y", c=~"z+",d!~"w"}', '{app="x", b!="y", c=~"z+", d!~"w"}'],
  ['({app="x"})', '{app="x"}'],
  ['{app="x"}|="a"!="b"|~"c"!~"d"|>"<_> e"!>"f <_>"', '{app="x"} |= "a" != "b" |~ "c" !~ "d" |> "<_> e" !> "f <_>"'],
  ['{app="x"} |= "a" or "b" or ip("10.0.0.0/8")', null],
  ['{app="x"} != "a" or "b"', '{app="x"} != "a" != "b"'],
  ['{app="x"} |= `a"b\\`', '{app="x"} |= "a\\"b\\\\"'],
  ['{app="x"} |= "\\x41\\u00e9\\101\\n"', '{app="x"} |= "AéA\\n"'],
  ['{app="x"} | json', null],
  ['{app="x"} | json a, b="c.d[0]"', '{app="x"} | json a="a",b="c.d[0]"'],
  ['{app="x"} | logfmt --keep-empty --strict a="b"', '{app="x"} | logfmt --strict --keep-empty a="b"'],
  ['{app="x"} | logfmt | a', '400'],
  ['{app="x"} | regexp "(?P<a>.)" | pattern "<b> c" | unpack | decolorize', null],
  ['{app="x"} | line_format "{{.a}}" | label_format a=b,c="{{.d}}" | drop e,f="g" | keep h,i=~"j"', null],
  // Precedence of label filters: SEMANTICS 3.
  ['{app="x"} | a="1" or b="2" , c="3"', '{app="x"} | ( a="1" or ( b="2" , c="3" ) )'],
  ['{app="x"} | a="1" , b="2" or c="3"', '{app="x"} | ( a="1" , ( b="2" or c="3" ) )'],
  ['{app="x"} | a="1" and b="2" or c="3"', '{app="x"} | ( ( a="1" , b="2" ) or c="3" )'],
  ['{app="x"} | a="1" or b="2" and c="3"', '{app="x"} | ( a="1" or ( b="2" , c="3" ) )'],
  ['{app="x"} | a="1" b="2" c="3"', '{app="x"} | ( a="1" , ( b="2" , c="3" ) )'],
  ['{app="x"} | (a="1" or b="2") and c="3"', '{app="x"} | ( ( a="1" or b="2" ) , c="3" )'],
  ['{app="x"} | a=1 | b==2.5 | c!=-3 | d>1e3 | e>=0 | f<1 | g<=2', '{app="x"} | a==1 | b==2.5 | c!=-3 | d>1000 | e>=0 | f<1 | g<=2'],
  ['{app="x"} | a>1m30s | b<0.5s | c>=-5m | d=1d', '{app="x"} | a>1m30s | b<500ms | c>=-5m0s | d==24h0m0s'],
  ['{app="x"} | a>5MB | b<1KiB | c=2kB', '{app="x"} | a>5.0MB | b<1.0kB | c==2.0kB'],
  ['{app="x"} | a=ip("10.0.0.1") | b!=ip("::1")', null],
  ['{app="x"} | a=~"x.y" | b=~"xy" | c!~"a`b.c"', '{app="x"} | a=~`x.y` | b=~"xy" | c!~"a`b.c"'],
  // Ranges and where they may stand.
  ['rate({app="x"}[5m])', null],
  ['RATE({app="x"}[5m])', 'rate({app="x"}[5m])'],
  ['rate(({app="x"})[5m])', 'rate({app="x"}[5m])'],
  ['rate((({app="x"} |= "y" [5m])))', 'rate({app="x"} |= "y"[5m])'],
  ['rate({app="x"}[1m] offset 5m | logfmt | unwrap v)', 'rate({app="x"} | logfmt | unwrap v[1m] offset 5m0s)'],
  ['sum_over_time(({app="x"} | unwrap v)[1h])', 'sum_over_time({app="x"} | unwrap v[1h])'],
  ['sum_over_time(({app="x"})[1h] | unwrap v)', 'sum_over_time({app="x"} | unwrap v[1h])'],
  ['sum_over_time({app="x"} | unwrap duration_seconds(v) | __error__="" | v>1 [1h30m] offset -1h)', 'sum_over_time({app="x"} | unwrap duration_seconds(v) | __error__="" | v>1[1h30m] offset -1h0m0s)'],
  ['quantile_over_time(0.99,{app="x"} | unwrap bytes(v)[5m]) by (a, b)', 'quantile_over_time(0.99,{app="x"} | unwrap bytes(v)[5m]) by (a,b)'],
  ['avg_over_time({app="x"} | unwrap v[5m]) without ()', 'avg_over_time({app="x"} | unwrap v[5m]) without ()'],
  ['absent_over_time({app="x"}[1d])', null],
  // Vector aggregations.
  ['sum(rate({app="x"}[5m])) by (a)', 'sum by (a)(rate({app="x"}[5m]))'],
  ['sum by () (rate({app="x"}[5m]))', 'sum(rate({app="x"}[5m]))'],
  ['sum without () (rate({app="x"}[5m]))', 'sum without ()(rate({app="x"}[5m]))'],
  ['topk by (a) (5, rate({app="x"}[5m]))', 'topk by (a)(5,rate({app="x"}[5m]))'],
  ['approx_topk(3, rate({app="x"}[5m]))', 'approx_topk(3,rate({app="x"}[5m]))'],
  ['sum(5 + rate({app="x"}[5m]))', 'sum((5 + rate({app="x"}[5m])))'],
  ['sort_desc(vector(1))', 'sort_desc(vector(1.000000))'],
  // Operators.
  ['1 + 2 * 3 ^ 2 ^ 1 - -4', '23'],
  ['-2 ^ 2', '4'],
  ['1 ++ 1', '2'],
  ['1 == 2', '0'],
  ['7 % 0', 'NaN'],
  ['vector(1) + vector(2) * vector(3)', '(vector(1.000000) + (vector(2.000000) * vector(3.000000)))'],
  ['vector(1) or vector(2) and vector(3) unless vector(4)', '(vector(1.000000) or ((vector(2.000000) and vector(3.000000)) unless vector(4.000000)))'],
  ['vector(1) ^ vector(2) ^ vector(3)', '(vector(1.000000) ^ (vector(2.000000) ^ vector(3.000000)))'],
  ['vector(1) > bool vector(2) == 3', '((vector(1.000000) > bool vector(2.000000)) == 3)'],
  ['vector(1) / on (a,b) group_left (c) vector(2)', '(vector(1.000000) / on (a,b) group_left (c) vector(2.000000))'],
  ['vector(1) / ignoring (a) group_right () vector(2)', '(vector(1.000000) / ignoring (a) group_right vector(2.000000))'],
  ['vector(1) / on () vector(2)', '(vector(1.000000) / on ()  vector(2.000000))'],
  ['label_replace(vector(1), "a", "$1", "b", "(.*)")', 'label_replace(vector(1.000000),"a","$1","b","(.*)")'],
  ['1e30', '1e+30'],
  ['0.00001', '1e-05'],
  // Words are reserved only where they mean something.
  ['{rate="1", sum="2", ip="3"} | bytes="4" | duration>5', '{rate="1", sum="2", ip="3"} | bytes="4" | duration>5'],
  ['{app="x"} # comment\n |= "y" // another\n/* and\n one */ | json', '{app="x"} |= "y" | json'],
  ['{żółć="漢字"}', null],
];

describe('parseQuery', () => {
  test.each(printed.filter(([, want]) => want !== '400'))('%s', (query, want) => {
    const text = formatExpr(parseQuery(query));
    expect(text).toBe(want ?? query);
    if (text !== 'NaN') expect(formatExpr(parseQuery(text))).toBe(text);
  });

  test('keeps durations and sizes as numbers, with their text', () => {
    expect(parseQuery('{a="b"} | c>1.5h | d<=5MiB')).toMatchObject({
      stages: [{ filter: { kind: 'duration_filter', value: 5400e9, text: '1.5h' } }, { filter: { kind: 'bytes_filter', op: '<=', value: 5 * 2 ** 20, text: '5MiB' } }],
    });
  });
});

const empty = 'queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will';

/** Query ==> Loki's error. */
const refused: readonly (readonly [string, string])[] = [
  ['', 'parse error : syntax error: unexpected $end'],
  ['   ', 'parse error at line 1, col 4: syntax error: unexpected $end'],
  ['{app="x"', 'parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,'],
  ['{app="x"}\n| json |', 'parse error at line 2, col 9: syntax error: unexpected $end'],
  ['{app="x",}', 'parse error at line 1, col 10: syntax error: unexpected }, expecting IDENTIFIER'],
  ['{app=="x"}', 'parse error at line 0, col 5: syntax error: unexpected ==, expecting = or =~ or !~ or !='],
  ["{app='x'}", 'parse error at line 1, col 6: syntax error: unexpected IDENTIFIER, expecting STRING'],
  ["{app='xy'}", 'parse error at line 1, col 6: invalid char literal'],
  ['{app="x}', 'parse error at line 1, col 6: literal not terminated'],
  ['{app="\\q"}', 'parse error at line 1, col 6: invalid char escape'],
  ['{app=~"("}', 'parse error : error parsing regexp: missing closing ): `(`'],
  ['{}', `parse error : ${empty}`],
  ['{app=~".*"}', `parse error : ${empty}`],
  ['{app!="x"}', `parse error : ${empty}`],
  ['{app!~".+", b=""}', `parse error : ${empty}`],
  ['sum(rate({app=~".*"}[1m]))', `parse error : ${empty}`],
  ['{app="x"} |= x', 'parse error at line 1, col 14: syntax error: unexpected IDENTIFIER, expecting STRING or ip'],
  ['{app="x"} | unwrap y', 'parse error at line 1, col 13: syntax error: unexpected unwrap'],
  ['{app="x"} | regexp "a"', 'parse error : invalid regexp parser: at least one named capture must be supplied'],
  ['{app="x"} | regexp "(?P<a>.)(?P<a>.)"', "parse error : invalid regexp parser: duplicate extracted label name 'a'"],
  ['{app="x"} | pattern "<a><b>"', "parse error : invalid pattern parser: found consecutive capture '<a><b>': invalid expression"],
  ['{app="x"} | pattern "<_>"', 'parse error : invalid pattern parser: at least one capture is required'],
  ['rate({app="x"})', 'parse error at line 1, col 15: syntax error: unexpected )'],
  ['rate({app="x"}[5m)', "parse error at line 0, col 15: missing closing ']' in duration"],
  ['rate({app="x"}[1h1d])', 'parse error at line 0, col 15: not a valid duration string: "1h1d"'],
  ['rate({app="x"}[0.5h])', 'parse error at line 0, col 15: unknown unit "." in duration "0.5h"'],
  ['rate({app="x"}[5m]) by (a)', 'parse error : grouping not allowed for rate aggregation'],
  ['count_over_time({app="x"} | unwrap a[5m])', 'parse error : invalid aggregation count_over_time with unwrap'],
  ['sum_over_time({app="x"}[5m])', 'parse error : invalid aggregation sum_over_time without unwrap'],
  ['quantile_over_time({app="x"} | unwrap a[5m])', 'parse error : parameter required for operation quantile_over_time'],
  ['rate(1, {app="x"}[5m])', 'parse error : parameter 1 not supported for operation rate'],
  ['topk(rate({app="x"}[5m]))', 'parse error : parameter required for operation topk'],
  ['topk(0, rate({app="x"}[5m]))', 'parse error : invalid parameter (must be greater than 0) topk(0'],
  ['topk(1.5, rate({app="x"}[5m]))', 'parse error : invalid parameter topk(1.5,'],
  ['sum(3, rate({app="x"}[5m]))', 'parse error : unsupported parameter for operation sum(3,'],
  ['sort by (a) (rate({app="x"}[5m]))', "parse error : sort and sort_desc doesn't allow grouping by "],
  ['1 and 2', 'parse error : unexpected literal for left leg of logical/set binary operation (and): 1.000000'],
  ['vector(1) or 2', 'parse error : unexpected literal for right leg of logical/set binary operation (or): 2.000000'],
  ['{app="x"} + 1', 'parse error : unexpected type for left leg of binary operation (+): *syntax.MatchersExpr'],
  ['1 + ({app="x"} | json)', 'parse error : unexpected type for right leg of binary operation (+): *syntax.PipelineExpr'],
  ['-sum(vector(1))', 'parse error at line 1, col 2: syntax error: unexpected SUM, expecting NUMBER'],
  ['0x10', 'parse error : unable to parse literal as a float: strconv.ParseFloat: parsing "0x10": invalid syntax'],
  ['vector(1) / on (a) group_left (vector(2))', 'parse error at line 1, col 32: syntax error: unexpected VECTOR'],
  ['label_replace(vector(1), "a", "b", "c", "(")', 'parse error : invalid regex in label_replace: error parsing regexp: missing closing ): `^(?:()$`'],
];

describe('errors', () => {
  test.each(refused)('%s', (query, want) => {
    const error = errorOf(() => parseQuery(query));
    expect(error.code).toBe('parse_error');
    expect(error.message.startsWith(want.replace(/, expecting.*/, ''))).toBe(true);
    if (!want.includes('unexpected VECTOR')) expect(error.message).toBe(want);
  });

  test('a query that is too long', () => {
    expect(errorOf(() => parseQuery(`{a="${'x'.repeat(131_072)}"}`)).message).toBe('parse error : input size too long (131078 > 131072)');
  });

  test('200 parentheses are fine, 201 are not', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}vector(1)${')'.repeat(depth)}`;
    expect(formatExpr(parseQuery(nested(199)))).toBe('vector(1.000000)');
    expect(errorOf(() => parseQuery(nested(200))).message).toContain('more than 200 parentheses inside one another');
    expect(errorOf(() => parseQuery(nested(60_000))).message).toContain('more than 200 parentheses inside one another');
  });

  test('chains have a longest length', () => {
    const chain = (length: number): string => Array.from({ length }, () => 'vector(1)').join(' + ');
    expect(parseQuery(chain(1001)).kind).toBe('binary');
    expect(errorOf(() => parseQuery(chain(1002))).message).toContain('more than 1000 operators in one chain');
    const filters = (length: number, between: string): string => `{a="b"} | ${Array.from({ length }, () => 'x="y"').join(between)}`;
    for (const between of [' or ', ' and ', ', ', ' ']) {
      expect(formatExpr(parseQuery(filters(1001, between)))).toContain('x="y"');
      expect(errorOf(() => parseQuery(filters(1002, between))).message).toContain('more than 1000 operators in one chain');
    }
  });
});

describe('parseSelector', () => {
  test('takes bare selectors only', () => {
    expect(parseSelector('{a="b", c!~"d"}')).toEqual([{ name: 'a', op: '=', value: 'b' }, { name: 'c', op: '!~', value: 'd' }]);
    expect(errorOf(() => parseSelector('{a="b"} |= "c"')).code).toBe('matchers_only');
    expect(errorOf(() => parseSelector('rate({a="b"}[1m])')).code).toBe('matchers_only');
    expect(errorOf(() => parseSelector('{}')).code).toBe('parse_error');
    expect(parseSelector('{}', true)).toEqual([]);
  });
});

describe('prettyExpr', () => {
  test('breaks long queries as Loki does', () => {
    const query =
      'sum by (app, env) (rate({app="x", env="production"} |= "some text to look for" | json | duration > 10s | line_format "{{.message}}" [5m])) / sum(count_over_time({app="x"}[5m]))';
    expect(prettyExpr(parseQuery(query))).toBe(
      [
        '  sum by (app, env)(',
        '    rate(',
        '      {app="x", env="production"}',
        '        |= "some text to look for"',
        '        | json',
        '        | duration>10s',
        '        | line_format "{{.message}}" [5m]',
        '    )',
        '  )',
        '/',
        '  sum(count_over_time({app="x"}[5m]))',
      ].join('\n'),
    );
  });
});
