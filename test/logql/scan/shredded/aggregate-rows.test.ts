import { describe, expect, it } from 'vitest';
import { bothWays, rowsOf, type CompareOptions } from './compare.ts';

const levels = ['error', 'info', 'warn'];
const rows = rowsOf(
  Array.from({ length: 180 }, (_, i) => [
    `{"level":"${levels[Math.floor(i / 3) % 3]!}","n":${i},"d":"${i / 10}s","size":"${i}KB","id":"${(i * 0x9e3779b1).toString(16).padStart(12, '0')}"}`,
    `level=${levels[Math.floor(i / 3) % 3]!} n=${i} d=${i}ms x="a b ${i % 7}"`,
    `10.0.0.${i % 5} GET /x/${i} 200`,
  ][i % 3]!),
  { streams: [{ app: 'a' }, { app: 'b', level: 's' }], metadata: [{}, { trace_id: 't1' }, { trace_id: 't2', level: 'm' }] },
);

const wanted: NonNullable<CompareOptions['wanted']> = ({ stream, from, to }) => [{ stream, from: from + 3, to: Math.min(from + 40, to) }, { stream, from: from + 60, to: to - 5 }].filter((run) => run.to > run.from);

describe('an aggregation over templates and columns', () => {
  it.each([
    // Times, lengths and order alone.
    'count_over_time({app=~".+"} [1m])', 'sum by (app) (rate({app=~".+"} [90s]))', 'bytes_over_time({app=~".+"} [5m])', 'absent_over_time({app=~".+"} [1m])', 'sum (count_over_time({app=~".+"} |= "error" [7s]))', 'sum (bytes_over_time({app=~".+"} |= "error" [1m]))',
    // Metadata.
    'sum by (trace_id) (count_over_time({app=~".+"} [1m]))', 'sum by (level) (count_over_time({app=~".+"} |= "x" [1m]))', 'count_over_time({app=~".+"} | trace_id="t1" [1m])',
    // Parsers, by few and by many values.
    'sum by (level) (count_over_time({app=~".+"} | json [1m]))', 'sum by (level, app) (count_over_time({app=~".+"} | logfmt [30s]))', 'sum by (level_extracted) (count_over_time({app=~".+"} | json [1m]))', 'sum by (id) (count_over_time({app=~".+"} | json [10m]))', 'sum by (level) (bytes_over_time({app=~".+"} | logfmt [1m]))', 'count_over_time({app=~".+"} | json [1m])', 'sum without (id, n) (rate({app=~".+"} | json [5m]))',
    'sum by (ip) (count_over_time({app=~".+"} | pattern `<ip> GET <path> <_>` [1m]))',
    // Errors, which need the line.
    'sum by (__error__) (count_over_time({app=~".+"} | json [1m]))', 'sum by (level) (count_over_time({app=~".+"} | json | level > 5 [1m]))', 'sum by (level) (count_over_time({app=~".+"} | json | __error__="" [1m]))',
    // Values.
    'sum by (level) (sum_over_time({app=~".+"} | json | unwrap n [5m]))', 'max_over_time({app=~".+"} | json | unwrap n [1m]) by (level)', 'quantile_over_time(0.9, {app=~".+"} | logfmt | unwrap duration(d) [5m]) by (level)', 'last_over_time({app=~".+"} | json | unwrap bytes(size) [1m]) by (app)', 'first_over_time({app=~".+"} | json | n > 10 | unwrap n | level="error" [1m]) by (app)', 'sum(rate_counter({app=~".+"} | json | unwrap n [5m]))', 'stddev_over_time({app=~".+"} | logfmt | unwrap n [5m]) without (x)', 'sum by (level) (sum_over_time({app=~".+"} | json | unwrap id [5m]))',
    // Stages that change labels or the line, and times in templates.
    'sum by (t) (count_over_time({app=~".+"} | json | label_format t=`{{__timestamp__ | unixEpoch}}` [1m]))', 'sum by (level) (count_over_time({app=~".+"} | json | drop level [1m]))', 'sum by (level, n) (count_over_time({app=~".+"} | json | keep level [1m]))', 'sum by (level) (bytes_over_time({app=~".+"} | json | line_format "{{.level}}" [1m]))',
  ])('%s', (query) => {
    for (const options of [{}, { wanted }, { time: { start: 100, end: 100, step: 60 } }, { time: { start: 30, end: 330, step: 7 } }]) for (const { columns, lines } of bothWays([rows], query, options)) expect(columns).toEqual(lines);
  });

  it('finds something', () => {
    const [found] = bothWays([rows], 'sum by (level) (count_over_time({app=~".+"} | json [10m]))');
    expect(found!.columns).toEqual(expect.arrayContaining([expect.stringContaining('[[{"name":"level","value":"error"}]')]));
  });
});
