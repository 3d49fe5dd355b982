import { describe, expect, it } from 'vitest';
import type { PatternsState } from '../../../src/logql/patterns/clusters.ts';
import { createScanner } from '../../../src/logql/scan/mod.ts';
import type { ScanTask } from '../../../src/logql/source.ts';
import { newControl, parseQuery, stopQuery, type LogQuery, type Partial } from '../../../src/logql/mod.ts';
import { dayStartNs, labelSet } from '../../../src/model/mod.ts';
import { makeBlock, onlyNeeded, testDay, type TestRow } from './blocks.ts';

const streams = [labelSet([['app', 'a']]), labelSet([['app', 'b']])];
const second = 1_000_000_000;
const startNs = dayStartNs(testDay) + 5n * BigInt(second);

function task(query = '{app=~".+"}', stepNs = 10n * BigInt(second), oneOf = 1): ScanTask {
  const { matchers, stages } = parseQuery(query) as LogQuery;
  return { tenant: 't', matchers, startNs, endNs: startNs + 3600n * BigInt(second), stages, output: { kind: 'patterns', stepNs, oneOf } };
}

function scan(of: ScanTask, rows: readonly TestRow[]): { readonly stats: Partial['stats']; readonly found: unknown } {
  const scanner = createScanner(of);
  scanner.add(onlyNeeded(makeBlock(streams, rows), scanner.needs));
  expect(scanner.boundNs()).toBeNull();
  const { stats, series } = scanner.finish() as Partial;
  const { shapes } = series[0]!.state as PatternsState;
  return { stats, found: shapes.flatMap(({ level, clusters }) => clusters.map(({ words, counts }) => [level, words.join(' '), [...counts]])) };
}

const row = (stream: number, seconds: number, line: string, level?: string): TestRow =>
  ({ stream, time: seconds * second, line: Buffer.from(line), ...(level === undefined ? {} : { metadata: { detected_level: level } }) });

describe('PatternsScanner', () => {
  it('counts by level and step, over streams', () => {
    const { found, stats } = scan(task(), [row(0, 5, 'took 1 s', 'info'), row(0, 9.9, 'took 2 s', 'info'), row(0, 10, 'took 3 s', 'info'), row(1, 35, 'took 4 s', 'info'), row(1, 35, 'took 5 s', 'error'), row(1, 36, '')]);
    expect(found).toEqual([[3, 'took s', [3, 1]], [5, 'took s', [0, 2, 1, 1, 3, 1]]]);
    expect(stats).toMatchObject({ rows: 6, rowsMatched: 6 });
  });

  it('aligns steps to 1970', () => {
    // Days begin at multiples of 7 s only every seventh time.
    const stepNs = 7n * BigInt(second);
    const first = startNs / stepNs;
    for (const seconds of [5, 6, 8, 12, 13, 3600]) {
      const step = Number((dayStartNs(testDay) + BigInt(seconds * second)) / stepNs - first);
      expect(scan(task(undefined, stepNs), [row(0, seconds, 'x')]).found).toEqual([[0, 'x', [step, 1]]]);
    }
  });

  it('filters lines', () => {
    const { found, stats } = scan(task('{app=~".+"} |> "took <_> s" != "2"'), [row(0, 6, 'took 1 s'), row(0, 7, 'took 2 s'), row(0, 8, 'else')]);
    expect(found).toEqual([[0, 'took s', [0, 1]]]);
    expect(stats).toMatchObject({ rows: 3, rowsMatched: 1 });
  });

  it('takes a fair sample, which is the same wherever rows are read', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => row(i % 2, 10 + i / 100, i % 4 === 0 ? 'rare' : 'often it is'));
    const { found } = scan(task(undefined, 3600n * BigInt(second), 10), rows);
    const counts = new Map((found as [number, string, number[]][]).map(([, words, counted]) => [words, counted[1]!]));
    expect(counts.get('rare')! * 10).toBeGreaterThan(4000);
    expect(counts.get('rare')! * 10).toBeLessThan(6000);
    expect(counts.get('often it is')! * 10).toBeGreaterThan(13_500);
    expect(counts.get('often it is')! * 10).toBeLessThan(16_500);
    const parts = [rows.slice(0, 7000), rows.slice(7000)].map((part) => scan(task(undefined, 3600n * BigInt(second), 10), part).found as [number, string, number[]][]);
    expect(parts.flat().reduce((sum, [, , counted]) => sum + counted[1]!, 0)).toBe(counts.get('rare')! + counts.get('often it is')!);
  });

  it('stops when it is told to', () => {
    const control = newControl();
    const scanner = createScanner({ ...task(), control });
    stopQuery(control);
    expect(() => scanner.add(makeBlock(streams, [row(0, 6, 'x')]))).toThrow(expect.objectContaining({ code: 'query_cancelled' }));
  });

  it('counts its memory', () => {
    const scanner = createScanner({ ...task(), control: newControl(100_000) });
    const lines = Array.from({ length: 1000 }, (_, i) => row(0, 6 + i, `${'a,'.repeat(i % 200)}${'b;'.repeat(i / 5)}`));
    expect(() => scanner.add(makeBlock(streams, lines))).toThrow(expect.objectContaining({ code: 'max_query_memory' }));
  });
});
