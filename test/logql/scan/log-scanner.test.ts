import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createScanner, mergeBatches } from '../../../src/logql/scan/mod.ts';
import type { Batch, ScanTask } from '../../../src/logql/source.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';
import { dayStartNs, labelSet } from '../../../src/model/mod.ts';
import { makeBlock, onlyNeeded, testDay, type TestRow } from './blocks.ts';

const streams = [labelSet([['app', 'a'], ['pod', 'p1']]), labelSet([['app', 'a'], ['pod', 'p2']])];

function taskOf(stages: string, direction: 'forward' | 'backward', limit: number): ScanTask {
  const query = parseQuery(`{app="a"} ${stages}`);
  if (query.kind !== 'log_query') throw new Error('no log query');
  const startNs = dayStartNs(testDay);
  return { tenant: 't', matchers: query.matchers, startNs, endNs: startNs + 86_400_000_000_000n, stages: query.stages, output: { kind: 'log', direction, limit } };
}

function scan(task: ScanTask, ...blocks: readonly (readonly TestRow[])[]): Batch {
  const scanner = createScanner(task);
  for (const rows of blocks) scanner.add(onlyNeeded(makeBlock(streams, rows), scanner.needs));
  return scanner.finish() as Batch;
}

function row(stream: number, time: number, line: string, more: Partial<TestRow> = {}): TestRow {
  return { stream, time, line: Buffer.from(line), position: 1, index: time, ...more };
}

function shown(batch: Batch): string[] {
  return batch.rows.map(({ timeNs, line, labels }) => {
    const set = batch.labels[labels]!;
    const all = [...set.stream, ...set.structuredMetadata, ...set.parsed].map(({ name, value }) => `${name}=${value}`).toSorted();
    return `${timeNs - dayStartNs(testDay)} ${Buffer.from(line).toString()} ${all.join(',')}`;
  });
}

describe('evaluates', () => {
  test('rows of all streams and blocks in order, by direction', () => {
    const blocks = [[row(0, 1, 'one'), row(0, 5, 'five'), row(1, 3, 'three')], [row(1, 2, 'two'), row(0, 4, 'four')]];
    expect(scan(taskOf('', 'forward', 0), ...blocks).rows.map(({ line }) => Buffer.from(line).toString())).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(scan(taskOf('', 'backward', 2), ...blocks).rows.map(({ line }) => Buffer.from(line).toString())).toEqual(['five', 'four']);
  });

  test('equal times: forward as they arrived, backward the reverse', () => {
    const rows = [row(0, 7, 'b', { position: 1, index: 1 }), row(0, 7, 'a', { position: 1, index: 0 }), row(0, 7, 'c', { position: 2, index: 0 })];
    expect(scan(taskOf('', 'forward', 0), rows).rows.map(({ line }) => Buffer.from(line).toString())).toEqual(['a', 'b', 'c']);
    expect(scan(taskOf('', 'backward', 2), rows).rows.map(({ line }) => Buffer.from(line).toString())).toEqual(['c', 'b']);
  });

  test('equal times in several streams: by the hash of their labels, forward and backward, whatever became of the labels', () => {
    // The hashes begin with c6f7 (p1) and de53 (p2).
    const rows = [row(1, 7, 'p2 a', { index: 0 }), row(0, 7, 'p1 a', { index: 1 }), row(1, 7, 'p2 b', { index: 2 }), row(0, 7, 'p1 b', { index: 3 })];
    const lines = (stages: string, direction: 'forward' | 'backward', limit: number): string[] => scan(taskOf(stages, direction, limit), rows).rows.map(({ line }) => Buffer.from(line).toString());
    for (const stages of ['', '| drop pod', '| label_format pod="x"']) {
      expect(lines(stages, 'forward', 0)).toEqual(['p1 a', 'p1 b', 'p2 a', 'p2 b']);
      expect(lines(stages, 'backward', 0)).toEqual(['p1 b', 'p1 a', 'p2 b', 'p2 a']);
      expect(lines(stages, 'backward', 3)).toEqual(['p1 b', 'p1 a', 'p2 b']);
    }
  });

  test('labels by category', () => {
    const batch = scan(taskOf('| logfmt', 'forward', 0), [row(0, 1, 'k=v pod=x', { metadata: { trace: 't' } })]);
    expect(batch.labels).toEqual([{ stream: streams[0], structuredMetadata: [{ name: 'trace', value: 't' }], parsed: [{ name: 'k', value: 'v' }, { name: 'pod_extracted', value: 'x' }] }]);
  });

  test('rows that became equal count once, if they are of one stream', () => {
    const rows = [row(0, 1, 'x', { index: 0, metadata: { k: '1' } }), row(0, 1, 'x', { index: 1, metadata: { k: '2' } }), row(1, 1, 'x', { index: 2 }), row(0, 2, 'x', { index: 3 })];
    expect(shown(scan(taskOf('| drop k', 'forward', 0), rows))).toEqual(['1 x app=a,pod=p1', '1 x app=a,pod=p2', '2 x app=a,pod=p1']);
    expect(shown(scan(taskOf('| drop k, pod', 'forward', 0), rows))).toEqual(['1 x app=a', '1 x app=a', '2 x app=a']);
    expect(scan(taskOf('| drop k', 'forward', 2), rows).rows.length).toBe(2);
    expect(scan(taskOf('', 'forward', 0), rows).rows.length).toBe(4);
  });

  test('stats, and the bound once there are enough rows', () => {
    const scanner = createScanner(taskOf('|= "a" | json', 'backward', 2));
    expect(scanner.boundNs()).toBeNull();
    scanner.add(makeBlock(streams, [row(0, 1, 'a'), row(0, 2, 'b'), row(0, 3, 'aa', { metadata: { k: 'v' } }), row(0, 9, 'a')]));
    expect(scanner.boundNs()).toBe(dayStartNs(testDay) + 3n);
    expect(scanner.finish().stats).toMatchObject({ rows: 4, bytes: 5 + 4 });
  });
});

describe('edge cases', () => {
  const cases = fc.record({
    blocks: fc.array(
      fc.array(fc.record({ stream: fc.nat(1), time: fc.nat(12), line: fc.constantFrom('a=1', 'b=2 a=1', 'a=2', 'x', ''), metadata: fc.constantFrom({}, { k: '1' }, { k: '2' }) }), { maxLength: 12 }),
      { minLength: 1, maxLength: 4 },
    ),
    stages: fc.constantFrom('', '|= "a"', '| logfmt', '| logfmt | a="1"', '| drop k', '| logfmt | drop a, b, k', '| line_format "same"', '|~ "a=.$"'),
    backward: fc.boolean(),
    limit: fc.nat(8),
  });

  test('the limit, the blocks and the workers change nothing but how many rows there are', () => {
    fc.assert(
      fc.property(cases, ({ blocks, stages, backward, limit }) => {
        let index = 0;
        const seen = new Set<string>();
        const rows = blocks.map((block) =>
          block.flatMap((one): TestRow[] => {
            // What is stored holds no entry twice.
            const key = JSON.stringify(one);
            if (seen.has(key)) return [];
            seen.add(key);
            return [{ ...one, line: Buffer.from(one.line), position: 1, index: index++ }];
          }),
        );
        const direction = backward ? 'backward' : 'forward';
        const all = shown(scan(taskOf(stages, direction, 0), rows.flat()));
        const wanted = limit === 0 ? all : all.slice(0, limit);
        const task = taskOf(stages, direction, limit);
        expect(shown(scan(task, ...rows))).toEqual(wanted);
        expect(shown(mergeBatches(task, rows.map((block) => scan(task, block))))).toEqual(wanted);
      }),
      { numRuns: 1500 },
    );
  });
});
