import { describe, expect, it } from 'vitest';
import { streamOrder } from '../../../../src/logql/scan/stream-order.ts';
import type { ScanTask } from '../../../../src/logql/mod.ts';
import { dayStartNs, labelSet } from '../../../../src/model/mod.ts';
import { bothWays, rowsOf, type CompareOptions } from './compare.ts';
import { testDay } from './rows.ts';

const levels = ['error', 'info', 'warn'];
const streams = [{ app: 'a' }, { app: 'b', level: 's' }];
const rows = rowsOf(
  Array.from({ length: 200 }, (_, i) => [`{"level":"${levels[Math.floor(i / 4) % 3]!}","n":${i}}`, `level=${levels[Math.floor(i / 4) % 3]!} n=${i}`, `GET /x/${i} 200`, ''][i % 4]!),
  { streams, metadata: [{}, { trace_id: 't1' }, { trace_id: 't2', level: 'm' }] },
  // Five rows of each time.
).map((row, i) => ({ ...row, time: Math.floor(i / 5) * 1e9 }));

const wanted: NonNullable<CompareOptions['wanted']> = ({ stream, from, to }) => [{ stream, from: from + 3, to: Math.min(from + 40, to) }, { stream, from: from + 60, to: to - 5 }].filter((run) => run.to > run.from);

/** A page of an export: what stands behind a row, up to positions. */
const page = (task: ScanTask): ScanTask => {
  if (task.output.kind !== 'log') return task;
  const after = { timeNs: dayStartNs(testDay) + 20n * 1_000_000_000n, stream: streamOrder(labelSet(Object.entries(streams[0]!))), position: 100, index: 0, partition: 0 };
  return { ...task, output: { ...task.output, after, upTo: [[0, 150]] } };
};
const bytesMax = (task: ScanTask): ScanTask => (task.output.kind === 'log' ? { ...task, output: { ...task.output, bytesMax: 500 } } : task);

describe('a log query over templates and columns', () => {
  it.each([
    '{app=~".+"}', '{app=~".+"} |= "error"', '{app=~".+"} != "error" |= "1"', '{app=~".+"} | json', '{app=~".+"} | json | level="error"', '{app=~".+"} | json | level_extracted="error"', '{app=~".+"} | logfmt | n > 200', '{app=~".+"} | json | logfmt | n > 200 and level="error"',
    '{app=~".+"} | trace_id="t1"', '{app=~".+"} | json | level > 5', '{app=~".+"} | json | __error__="" | n > 100', '{app=~".+"} | drop level | json', '{app=~".+"} | json | drop n', '{app=~".+"} | json | keep level', '{app=~".+"} | logfmt | line_format "{{.level}}"', '{app=~".+"} | pattern `GET <path> <_>` | path != ""', '{app=~".+"} | json | nothing="x"',
  ])('%s', (query) => {
    for (const direction of ['forward', 'backward'] as const) {
      for (const limit of [0, 1, 70]) {
        for (const options of [{}, { wanted }, { change: page }, { change: bytesMax }])
          for (const { columns, lines } of bothWays([rows], query, { direction, limit, ...options })) expect(columns, `${direction} ${limit}`).toEqual(lines);
      }
    }
  });
});
