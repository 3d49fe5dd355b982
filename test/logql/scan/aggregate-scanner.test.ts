import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finishRange } from '../../../src/logql/functions/finish.ts';
import { mergePartials } from '../../../src/logql/functions/merge.ts';
import { createScanner } from '../../../src/logql/scan/mod.ts';
import { planQuery } from '../../../src/logql/plan/planner.ts';
import type { RangeNode } from '../../../src/logql/plan/plan.ts';
import type { Partial as Piece } from '../../../src/logql/source.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';
import { dayStartNs, defaultLimits, formatLabels, labelSet } from '../../../src/model/mod.ts';
import { makeBlock, onlyNeeded, testDay, type TestRow } from './blocks.ts';

const streams = [labelSet([['app', 'a'], ['pod', 'p1']]), labelSet([['app', 'a'], ['pod', 'p2']])];

function rangeOf(query: string): RangeNode {
  const plan = planQuery(parseQuery(query), { tenant: 't', time: { kind: 'instant', timeNs: dayStartNs(testDay) + 1000n }, direction: 'forward', limit: 0, limits: defaultLimits, partialSeries: false });
  let node = plan.kind === 'metric' ? plan.root : null;
  while (node !== null && node.kind !== 'range') node = 'input' in node ? node.input : null;
  if (node === null) throw new Error('no range aggregation');
  return node;
}

/** The values of a query's range aggregation by series, from blocks that different workers may have. */
function values(query: string, ...blocks: readonly (readonly TestRow[])[]): Readonly<Record<string, number>> {
  const { task, aggregation } = rangeOf(query);
  const partials = blocks.map((rows): Piece => {
    const scanner = createScanner(task);
    scanner.add(onlyNeeded(makeBlock(streams, rows), scanner.needs));
    return scanner.finish() as Piece;
  });
  const { series } = finishRange(aggregation, mergePartials(aggregation, partials));
  return Object.fromEntries(series.filter(({ present }) => present[0] === 1).map(({ labels, values: found }) => [formatLabels(labels), found[0]!]));
}

function needs(query: string): string {
  const { needs: columns } = createScanner(rangeOf(query).task);
  return Object.entries(columns).filter(([, needed]) => needed === true).map(([name]) => name).join(' ');
}

const rows: readonly TestRow[] = [
  { stream: 0, time: 1, line: Buffer.from('level=info ms=5') },
  { stream: 0, time: 2, line: Buffer.from('level=error ms=7'), metadata: { trace: 't1' } },
  { stream: 0, time: 3, line: Buffer.from('level=info') },
  { stream: 1, time: 2, line: Buffer.from('level=info ms=1s') },
];

describe('evaluates', () => {
  test.each<[string, Readonly<Record<string, number>>]>([
    ['sum(count_over_time({app="a"}[1h]))', { '{}': 4 }],
    ['sum by (pod) (count_over_time({app="a"}[1h]))', { '{pod="p1"}': 3, '{pod="p2"}': 1 }],
    ['sum by (trace) (count_over_time({app="a"}[1h]))', { '{}': 3, '{trace="t1"}': 1 }],
    ['count_over_time({app="a"}[1h])', { '{app="a", pod="p1"}': 2, '{app="a", pod="p1", trace="t1"}': 1, '{app="a", pod="p2"}': 1 }],
    ['sum without (pod, trace) (count_over_time({app="a"}[1h]))', { '{app="a"}': 4 }],
    ['sum by (level) (count_over_time({app="a"} | logfmt [1h]))', { '{level="info"}': 3, '{level="error"}': 1 }],
    ['sum(bytes_over_time({app="a"} |= "info" [1h]))', { '{}': 15 + 10 + 16 }],
    ['sum by (pod) (bytes_over_time({app="a"}[1h]))', { '{pod="p1"}': 41, '{pod="p2"}': 16 }],
    ['sum(bytes_over_time({app="a"} | line_format "xy" [1h]))', { '{}': 8 }],
    ['sum(sum_over_time({app="a"} | logfmt | level="info" | unwrap duration(ms) | __error__="" [1h]))', { '{}': 1 }],
    ['max_over_time({app="a"} | logfmt | unwrap ms | __error__="" [1h]) by (level)', { '{level="info"}': 5, '{level="error"}': 7 }],
    ['sum(count_over_time({app="a"} |= "ms" != "error" [1h]))', { '{}': 2 }],
    ['absent_over_time({app="a"}[1h])', { '{}': 4 }],
  ])('%s', (query, wanted) => {
    expect(values(query, rows)).toEqual(wanted);
  });

  test.each([
    ['sum(count_over_time({app="a"}[1h]))', ''],
    ['sum by (app) (count_over_time({app="a"}[1h]))', ''],
    ['sum by (pod) (count_over_time({app="a"}[1h]))', 'metadata'],
    ['count_over_time({app="a"}[1h])', 'metadata'],
    ['sum(bytes_rate({app="a"}[1h]))', 'lineLength'],
    ['sum(rate({app="a"} |= "x" [1h]))', 'lines'],
    ['sum(bytes_rate({app="a"} |= "x" [1h]))', 'lines'],
    ['sum(count_over_time({app="a"} | trace="x" [1h]))', 'metadata'],
    ['sum(sum_over_time({app="a"} | logfmt | unwrap ms [1h]))', 'lines metadata'],
    ['last_over_time({app="a"} | logfmt | unwrap ms [1h]) by (app)', 'order lines metadata'],
  ])('%s needs %s', (query, wanted) => {
    expect(needs(query)).toBe(wanted);
  });
});

describe('errors', () => {
  test('rows with an error keep all their labels, so that the query fails on them', () => {
    expect(Object.keys(values('sum by (level) (count_over_time({app="a"} | json [1h]))', rows)).every((labels) => labels.includes('__error__="JSONParserErr"'))).toBe(true);
    expect(values('sum(count_over_time({app="a"} | json [1h]))', rows)).toEqual({ '{}': 4 });
  });
});

describe('edge cases', () => {
  const queries = [
    'sum(count_over_time({app="a"}[1h]))', 'count_over_time({app="a"}[1h])', 'sum by (k) (count_over_time({app="a"} |= "a" [1h]))', 'sum by (pod) (bytes_over_time({app="a"} != "b" [1h]))',
    'sum by (a) (count_over_time({app="a"} | logfmt [1h]))', 'sum(sum_over_time({app="a"} | logfmt | unwrap a [1h])) by (pod)', 'count_over_time({app="a"} | logfmt | keep a [1h])',
  ];
  test('how rows are cut into blocks changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ stream: fc.nat(1), time: fc.nat(900), line: fc.constantFrom('a=1', 'b=2 a=1', 'a=2', 'x', '').map((line) => Buffer.from(line)), metadata: fc.constantFrom({}, { k: '1' }, { k: '2' }), index: fc.nat() }), { maxLength: 25 }),
        fc.constantFrom(...queries),
        fc.nat(25),
        (all, query, cut) => {
          expect(values(query, all.slice(0, cut), all.slice(cut))).toEqual(values(query, all));
        },
      ),
      { numRuns: 800 },
    );
  });
});
