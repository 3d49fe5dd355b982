import { describe, expect, test } from 'vitest';
import { Engine } from '../../src/logql/mod.ts';
import { parseQuery, prettyExpr } from '../../src/logql/syntax/mod.ts';
import { defaultLimits, isSpoorError, labelSet } from '../../src/model/mod.ts';
import { MemorySource } from '../logql/engine/memory-source.ts';
import { baseNs } from './data.ts';

const source = new MemorySource();
const lines = [
  'level=info n=1', 'a'.repeat(20_000), `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, '['.repeat(20_000), '"\\'.repeat(10_000), 'k=v '.repeat(5000), '\u001b['.repeat(10_000), '<'.repeat(10_000), '"'.repeat(20_001), '1.1.1.'.repeat(5000),
  ':'.repeat(20_000), 'x= '.repeat(10_000), '9'.repeat(20_000),
];
source.push('t', [{ labels: labelSet([['app', 'x']]), entries: lines.map((line, i) => ({ timeNs: baseNs + BigInt(i), line })) }]);

const repeat = (open: string, middle: string, close: string, times: number): string => open.repeat(times) + middle + close.repeat(times);
const chain = (item: string, between: string, times: number): string => Array.from({ length: times }, () => item).join(between);
const selector = '{app="x"}';
const count = `count_over_time(${selector}[1m])`;

/** Queries that are deep or long, and what comes of them: an answer, or the beginning of the error. */
const queries: readonly (readonly [string, string, string])[] = [
  ['199 parentheses', repeat('(', count, ')', 199), 'vector'],
  ['2,000 parentheses', repeat('(', count, ')', 2000), 'parse error at line 1, col 201: more than 200 parentheses'],
  ['60,000 parentheses', repeat('(', 'vector(1)', ')', 60_000), 'parse error at line 1, col 201: more than 200 parentheses'],
  ['100,000 opened ones', '('.repeat(100_000), 'parse error at line 1, col 201: more than 200 parentheses'],
  ['sums of sums', repeat('sum(', count, ')', 198), 'vector'],
  ['too many of them', repeat('sum(', count, ')', 2000), 'parse error at line 1, col 804: more than 200 parentheses'],
  ['label_replace in itself', repeat('label_replace(', count, ', "a", "$1", "app", "(.*)")', 198), 'vector'],
  ['a thousand operators', chain('vector(1)', ' + ', 1001), 'vector'],
  ['a thousand powers, which lean to the right', chain('vector(1)', ' ^ ', 1001), 'vector'],
  ['more operators', chain('vector(1)', ' + ', 5000), 'parse error : more than 1000 operators in one chain'],
  ['numbers only', chain('1', ' * ', 1001), 'scalar'],
  ['operators inside parentheses', repeat('(vector(1) + ', 'vector(1)', ')', 199), 'vector'],
  ['label filters in parentheses', `${selector} | ${repeat('(', 'a="b"', ')', 199)}`, 'streams'],
  ['too many of them', `${selector} | ${repeat('(', 'a="b"', ')', 40_000)}`, 'parse error at line 1, col 213: more than 200 parentheses'],
  ['a thousand label filters', `${selector} | logfmt | ${chain('n>0', ' or ', 1000)}`, 'streams'],
  ['a thousand that lean to the right', `${selector} | logfmt | ${chain('n>0', ', ', 1000)}`, 'streams'],
  ['more label filters', `${selector} | ${chain('n>0', ' and ', 5000)}`, 'parse error : more than 1000 operators in one chain'],
  ['fifteen thousand alternatives', `${selector} |= ${chain('"xy"', ' or ', 15_000)}`, 'streams'],
  ['ten thousand line filters', `${selector}${'|~"a"'.repeat(10_000)}`, 'streams'],
  ['a hundred stages', `${selector}${'|json'.repeat(100)}`, 'streams'],
  ['more stages', `${selector}${'|json'.repeat(10_000)}`, 'parse error : more than 1000 stages in one query'],
  ['a long regular expression', `${selector} |~ "${'a?'.repeat(500)}${'a'.repeat(500)}"`, 'streams'],
  ['nested stars', `${selector} |~ "${repeat('(', 'a', ')*', 100)}$"`, 'streams'],
  ['groups in groups', `${selector} |~ "${repeat('(', 'a', ')', 900)}b"`, 'streams'],
  ['too many groups', `${selector} |~ "${repeat('(', 'a', ')', 5000)}"`, 'parse error'],
  ['repeated repetitions', `${selector} |~ "((a{100}){100}){100}"`, 'parse error'],
  ['many alternatives in one expression', `${selector} |~ "${Array.from({ length: 10_000 }, (_, i) => `x${i}y`).join('|')}"`, 'streams'],
  ['many classes', `${selector} |~ "${'[a-zà-ü]'.repeat(1000)}"`, 'streams'],
  ['captures', `${selector} | regexp "${Array.from({ length: 500 }, (_, i) => `(?P<g${i}>a*)`).join('')}"`, 'streams'],
  ['a pattern of many captures', `${selector} | pattern "${Array.from({ length: 2000 }, (_, i) => `<g${i}>`).join(' ')}"`, 'streams'],
  ['anything but', `${selector} |> "${'<_>a'.repeat(2000)}<_>"`, 'streams'],
  ['if in if', `${selector} | line_format "${repeat('{{if .app}}', 'x', '{{end}}', 190)}"`, 'streams'],
  ['too many of them', `${selector} | line_format "${repeat('{{if .app}}', 'x', '{{end}}', 5000)}"`, 'parse error : stage'],
  ['parentheses in a template', `${selector} | line_format "{{ ${repeat('(', '.app', ')', 5000)} }}"`, 'parse error : stage'],
  ['a template that calls itself', `${selector} | line_format "{{ define \\"t\\" }}{{ template \\"t\\" . }}{{ end }}{{ template \\"t\\" . }}"`, 'streams'],
  ['a template that grows', `${selector} | line_format "${repeat('{{ range fromJson \\"[1,2,3,4,5,6,7,8,9]\\" }}', 'x', '{{ end }}', 12)}"`, 'streams'],
  ['a wide number', `${selector} | line_format "{{ printf \\"%1000000000d\\" 1 }}{{ printf \\"%*d\\" 1000000000 1 }}{{ repeat 1000000000 \\"x\\" }}"`, 'streams'],
  ['indented often', `${selector} | label_format ${Array.from({ length: 300 }, (_, i) => `l${i}="{{ __line__ | indent 9999 }}"`).join(',')} | drop app`, 'streams'],
  ['matchers', `{${chain('app="x"', ', ', 900)}}`, 'streams'],
  ['json paths', `${selector} | json a="${repeat('a.', 'a', '', 5000)}", b="${'[0]'.repeat(5000)}"`, ''],
  ['labels of a grouping', `sum by (${chain('a', ', ', 20_000)}) (${count})`, 'vector'],
  ['unwrapped filters', `sum_over_time(${selector} | logfmt | unwrap n ${'| n>0'.repeat(5000)} [1m])`, 'parse error : more than 1000 stages'],
];

describe('deep and long queries', () => {
  const never = new AbortController().signal;
  const shared = { tenant: 't', limits: { ...defaultLimits, max_streams_matchers_per_query: 0 }, direction: 'backward' as const, limit: 100 };

  test.each(queries)('%s', async (_name, query, wanted) => {
    let outcome: string;
    try {
      const expr = parseQuery(query);
      expect(prettyExpr(expr).length).toBeGreaterThan(0);
      const { stages = [] } = expr.kind === 'log_query' ? expr : {};
      // It goes to worker threads and other machines as it is.
      structuredClone(stages);
      const asked = expr.kind === 'log_query' ? { kind: 'range' as const, startNs: baseNs, endNs: baseNs + 1_000_000_000n, stepNs: 1n, intervalNs: 0n } : { kind: 'instant' as const, timeNs: baseNs + 1_000_000_000n };
      outcome = (await new Engine(source).query({ ...shared, ...asked, query }, never)).resultType;
    } catch (error) {
      if (!isSpoorError(error)) throw error;
      outcome = error.message;
    }
    expect(outcome.slice(0, wanted.length)).toBe(wanted);
  });
});
