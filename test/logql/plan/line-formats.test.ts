import { expect, test } from 'vitest';
import { formatExpr, parseQuery } from '../../../src/logql/syntax/mod.ts';
import { withoutIdleLineFormats } from '../../../src/logql/plan/line-formats.ts';

test.each([
  ['rate({a="b"} | line_format "{{" [1m])', 'rate({a="b"}[1m])'],
  ['rate({a="b"} | json | line_format "x" | c="d" | line_format "y" [1m])', 'rate({a="b"} | json | c="d"[1m])'],
  ['rate({a="b"} | line_format "x" |= "y" | line_format "z" [1m])', 'rate({a="b"} | line_format "x" |= "y"[1m])'],
  ['rate({a="b"} | line_format "x" | logfmt | line_format "z" | label_format c="{{ __line__ }}" [1m])', 'rate({a="b"} | line_format "x" | logfmt | label_format c="{{ __line__ }}"[1m])'],
  ['bytes_over_time({a="b"} | line_format "x" [1m])', 'bytes_over_time({a="b"} | line_format "x"[1m])'],
  ['sum(rate({a="b"} | line_format "x" [1m])) / vector(2)', '(sum(rate({a="b"}[1m])) / vector(2.000000))'],
  ['topk(1, label_replace(rate({a="b"} | line_format "x" [1m]), "a", "b", "c", "d"))', 'topk(1,label_replace(rate({a="b"}[1m]),"a","b","c","d"))'],
  ['{a="b"} | line_format "x"', '{a="b"} | line_format "x"'],
])('%s', (query, want) => {
  expect(formatExpr(withoutIdleLineFormats(parseQuery(query)))).toBe(want);
});
