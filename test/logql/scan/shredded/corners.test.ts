import { describe, expect, it } from 'vitest';
import { bothWays, rowsOf } from './compare.ts';

const repeat = (lines: readonly string[], times = 4): string[] => Array.from({ length: times }, () => lines).flat();
const metric = (stages: string, by = 'level'): string => `sum by (${by}) (count_over_time({app=~".+"} ${stages} [5m]))`;

const cases: readonly (readonly [name: string, rows: ReturnType<typeof rowsOf>, query: string])[] = [
  ['nulls of a repeated key', rowsOf(repeat(['{"a":null,"a":"x"}', '{"a":1,"a":"y"}'])), metric('| json', 'a')],
  ['nulls of a repeated key, both', rowsOf(repeat(['{"a":null,"a":2}', '{"a":1,"a":null}', '{"a":1,"a":3}'])), metric('| json', 'a')],
  ['empty values of a repeated key', rowsOf(repeat(['a= a=2 b=1', 'a=1 a= b=1', 'a=1 a=3 b=2'])), metric('| logfmt', 'a')],
  ['filters that all found labels skip', rowsOf(repeat(['{"level":"info"}', '{"level":"error"}'])), metric('| json | label_format level="error" | level="error"')],
  ['filters that all found labels skip, by other labels', rowsOf(repeat(['{"status":1,"level":"info"}', '{"status":2,"level":"error"}'])), metric('| json | status > 0 | label_format level="error" | level="error"')],
  ['filters of unwrap', rowsOf(repeat(['{"level":"a","status":200,"d":"1s"}', '{"level":"a","status":404,"d":"2s"}'])), 'sum by (level) (sum_over_time({app="a"} | json | status >= 200 | unwrap duration(d) | status < 300 [5m]))'],
  ['an ip filter behind an error', rowsOf(repeat(['{"level":"a","n":"x","ip":"10.0.0.1"}', '{"level":"a","n":"7","ip":"11.0.0.1"}', '{"level":"a","n":"x","ip":"11.0.0.1"}'])), metric('| json | n > 5 | ip = ip("10.0.0.0/8")')],
  ['a key __error__ behind an error', rowsOf(repeat(['{"level":"a","n":"x","__error__":""}', '{"level":"a","n":"7","__error__":"x"}'])), metric('| json | n > 5 | __error__ = "LabelFilterErr"')],
  ['a label behind a clash that takes its name', rowsOf(repeat(['{"level":"p","level_extracted":"q"}', '{"level":"q","level_extracted":"p"}']), { streams: [{ app: 'a', level: 's' }] }), '{app="a"} | json | level_extracted = "q"'],
  ['the same, counted', rowsOf(repeat(['{"level":"p","level_extracted":"q"}', '{"level":"q","level_extracted":"p"}']), { streams: [{ app: 'a', level: 's' }] }), metric('| json | level_extracted = "q"', 'app')],
  ['a clash twice over', rowsOf(repeat(['{"level_extracted":"p","level_extracted_extracted":"q"}', '{"level_extracted":"q","level_extracted_extracted":"p"}']), { streams: [{ app: 'a', level: 's' }], metadata: [{ level: 'm' }] }), '{app="a"} | json | level_extracted_extracted = "q"'],
  ['a clash without its own key', rowsOf(repeat(['{"level":"error"}', '{"level":"info"}']), { streams: [{ app: 'a', level: 's' }] }), '{app="a"} | json | level_extracted = "error"'],
  ['unwrap of what was dropped', rowsOf(repeat(['{"level":"a","n":1}', '{"level":"b","n":2}'])), 'sum by (level) (sum_over_time({app="a"} | json | drop n | unwrap n [5m]))'],
  ['unwrap of what was kept', rowsOf(repeat(['{"level":"a","n":1}', '{"level":"b","n":2}'])), 'sum by (level) (sum_over_time({app="a"} | json | keep level | unwrap n [5m]))'],
  ['unwrap of what was made', rowsOf(repeat(['{"level":"a","n":1}', '{"level":"b","n":2}'])), 'sum by (level) (sum_over_time({app="a"} | json | label_format n="7" | unwrap n [5m]))'],
  ['a pattern over JSON', rowsOf(repeat(['{"level":"a\\nb","n":null}', '{"level":"c\\u0041","n":17}'])), '{app="a"} | pattern `{"level":"<level>","n":<n>}` | n != ""'],
  ['a pattern over JSON, counted', rowsOf(repeat(['{"level":"a\\nb","n":null}', '{"level":"c","n":17}'])), metric('| pattern `{"level":"<level>","n":<n>}`', 'level, n')],
  ['a pattern over logfmt of bad bytes', rowsOf(repeat(['level=a\xff b=1', 'level=c\xfe b=2'])).map((row) => ({ ...row, line: Buffer.from(row.line.toString(), 'latin1') })), metric('| pattern `level=<level> b=<b>`', 'level, b')],
  ['a pattern with what fills holes', rowsOf(repeat(['1 v2', '3 v4', '5 v6', '10 v7'])), metric('| pattern `<a>v<b>`', 'a')],
  ['a pattern over empty lines', rowsOf(repeat(['', 'a', 'bc', 'd\x00'])), '{app="a"} | pattern `<a>`'],
  ['letters without case beside others', rowsOf(repeat(['x ×error y 1', 'x ×ERROR y 2', 'x ×none y 3', 'x ×Error z 4'], 8)), '{app="a"} |~ "(?i)×error"'],
  ['durations a hair below', rowsOf(repeat(['level=a d=1.99999999999999s', 'level=b d=2.5s', 'level=c d=2.25s', 'level=d d=0.75s'], 60)), metric('| logfmt | d >= 2s')],
  ['bytes of lines that were made', rowsOf(repeat(['{"level":"a","n":1}', '{"level":"bbb","n":2}'])), 'sum by (level) (bytes_over_time({app="a"} | json | line_format "{{.level}}" [5m]))'],
  ['text in templates with a zero byte', rowsOf(['a\x00b 1 c', 'a\x00b 2 c', 'a\x00b 3 c']), metric('| pattern `<x> <y> c`', 'y')],
  ['error in metadata', rowsOf(repeat(['{"level":"a","n":1}', '{"level":"bbb","n":2}']), { metadata: [{ __error__: 'E' }, { pod: 'p' }] }), metric('| json | n > 1')],
  ['error in metadata and ip', rowsOf(repeat(['{"level":"a","ip":"10.0.0.1"}', '{"level":"bbb","ip":"11.0.0.1"}']), { metadata: [{ __error__: 'E' }] }), metric('| json | ip = ip("10.0.0.0/8")')],
];

describe('corner cases by columns and by lines', () => {
  it.each(cases)('%s', (_name, rows, query) => {
    for (const direction of ['forward', 'backward'] as const) for (const { columns, lines } of bothWays([rows], query, { direction })) expect(columns).toEqual(lines);
  });
});
