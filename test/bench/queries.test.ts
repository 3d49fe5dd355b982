import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestOf, fill, readQueries } from '../../bench/queries.ts';

const manifest = { rawBytes: 1, lines: 1, streams: 1, startMs: 0, sampleTrace: '0123456789abcdef0123456789abcdef', needle: 'needle_7f3a9c' };

describe('needles', () => {
  test('are cut elsewhere in each run, and never whole words', () => {
    const cuts = Array.from({ length: 40 }, (_, run) => fill('$CUT_NEEDLE', manifest, run));
    for (const cut of cuts) {
      expect(manifest.needle).toContain(cut);
      expect(cut.length).toBeGreaterThanOrEqual(9);
      expect(cut.length).toBeLessThan(manifest.needle.length);
    }
    expect(new Set(cuts).size).toBeGreaterThan(5);
    expect(fill('$CUT_NEEDLE', manifest, 3)).toBe(cuts[3]);
  });

  test('stand where the query has their names', () => {
    expect(fill('|= "$NEEDLE" |= "$TRACE"', manifest, 0)).toBe('|= "needle_7f3a9c" |= "0123456789abcdef0123456789abcdef"');
    expect(fill('$CUT_TRACE', manifest, 0)).not.toContain('CUT');
  });
});

describe('the digest of an answer', () => {
  const answer = (result: unknown, resultType: string): string => JSON.stringify({ data: { resultType, result } });

  test('does not depend on the order of streams, labels and rows', () => {
    const one = digestOf(answer([{ stream: { a: '1', b: '2' }, values: [['10', 'x'], ['11', 'y']] }, { stream: { a: '3' }, values: [['10', 'z']] }], 'streams'));
    const other = digestOf(answer([{ stream: { a: '3' }, values: [['10', 'z']] }, { stream: { b: '2', a: '1' }, values: [['11', 'y'], ['10', 'x']] }], 'streams'));
    expect(one).toEqual(other);
    expect(one).toMatchObject({ amount: 3 });
    expect(one.digest).toMatch(/^3 entries #[0-9a-f]{10}$/);
  });

  test('sums samples', () => {
    expect(digestOf(answer([{ metric: { a: '1' }, value: [10, '2.5'] }, { metric: {}, value: [10, '3'] }], 'vector'))).toMatchObject({ amount: 5.5, digest: expect.stringMatching(/^2 series, 2 samples, sum 5\.5 #/) as string });
  });
});

test('every query of our own has a name of its own', () => {
  const shared = path.resolve(import.meta.dirname, '../../../shared/bench');
  if (!existsSync(shared)) return;
  const ids = readQueries(shared).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
