import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planQuery } from '../../../src/logql/plan/planner.ts';
import { createScanner } from '../../../src/logql/scan/mod.ts';
import type { ScanTask } from '../../../src/logql/source.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';
import { dayStartNs, defaultLimits, isSpoorError, labelSet } from '../../../src/model/mod.ts';
import { makeBlock, onlyNeeded, testDay } from './blocks.ts';

const stages = [
  '| json', '| logfmt', '| logfmt --strict', '| logfmt --keep-empty', '| json a="x.y[0]", b="c"', '| logfmt a="b", c="d"', '| unpack', '| pattern `<a> <_>=<b>`', '| regexp `(?P<a>\\S+)=(?P<b>.*)`',
  '| decolorize', '| drop a, b="1"', '| keep a, app', '| label_format a=b', '| label_format z="{{.a}}{{.b | upper}}"', '| line_format "{{.a}} {{__line__}}"', '| a="1"', '| a > 1', '| b < 5s',
  '| c >= 1KB or a!="x"', '|= "a"', '!~ "(?i)k.b"', '|~ "a|b"', '|> "<_>a<_>"', '|= ip("1.0.0.0/8")', '| __error__=""', '| a=ip("1.2.3.4")',
];
const pieces = [
  '{', '}', '[', ']', '"', ':', ',', '\\', '\\u12', '\\ud83d', 'a', 'b', 'c', 'x', 'y', '=', ' ', '1', 'null', 'true', '"a":1', '{"a":{"b":"c"}}', 'a=1 b="q\\"x"', 'é', '\u001b[31m', '1.2.3.4', '"_entry":"z"', '\t', '\n',
];
const shapes: readonly ((stages: string) => string)[] = [
  (text) => `{app=~".+"} ${text}`,
  (text) => `sum by (a, b) (count_over_time({app=~".+"} ${text} [1m]))`,
  (text) => `max_over_time({app=~".+"} ${text} | unwrap bytes(a) | b!="x" [1m]) by (b)`,
  (text) => `sum(rate({app=~".+"} ${text} | unwrap a [1m]))`,
  (text) => `bytes_over_time({app=~".+"} ${text} [1m])`,
];

function taskOf(query: string): ScanTask {
  const startNs = dayStartNs(testDay);
  const plan = planQuery(parseQuery(query), {
    tenant: 't', time: { kind: 'range', startNs, endNs: startNs + 3_600_000_000_000n, stepNs: 60_000_000_000n, intervalNs: 0n }, direction: 'backward', limit: 10, limits: defaultLimits, partialSeries: false,
  });
  if (plan.kind === 'log') return plan.task;
  let node = plan.root;
  while (node.kind !== 'range' && 'input' in node) node = node.input;
  if (node.kind !== 'range') throw new Error('no range aggregation');
  return node.task;
}

test('random lines through random stages give rows, samples or errors with a code', () => {
  const line = fc.array(fc.oneof(fc.constantFrom(...pieces).map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 2 })), { maxLength: 9 }).map((parts) => Buffer.concat(parts));
  const row = fc.record({ stream: fc.nat(1), time: fc.nat(1e9), line, metadata: fc.constantFrom({}, { a: 'm', t: 'x' }) });
  fc.assert(
    fc.property(fc.constantFrom(...shapes), fc.array(fc.constantFrom(...stages), { maxLength: 4 }), fc.array(row, { maxLength: 10 }), (shape, some, rows) => {
      const scanner = createScanner(taskOf(shape(some.join(' '))));
      try {
        scanner.add(onlyNeeded(makeBlock([labelSet([['app', 'p']]), labelSet([['app', 'p'], ['b', '5']])], rows), scanner.needs));
        expect(scanner.finish().stats.rows).toBe(rows.length);
      } catch (error) {
        if (!isSpoorError(error)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});
