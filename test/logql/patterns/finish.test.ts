import { describe, expect, it } from 'vitest';
import { PatternClusters } from '../../../src/logql/patterns/clusters.ts';
import { finishPatterns, type Pattern } from '../../../src/logql/patterns/finish.ts';
import { patternLinesMin, patternsMax } from '../../../src/logql/patterns/limits.ts';
import { columnOf } from './lines.ts';

/** Adds each line so many times. */
function patternsOf(lines: readonly (readonly [line: string, times: number, level?: number, step?: number])[], oneOf = 1): Pattern[] {
  const clusters = new PatternClusters();
  for (const [line, times, level = 0, step = 0] of lines) {
    const column = columnOf([Buffer.from(line)]);
    for (let i = 0; i < times; i++) clusters.addLine(column, 0, level, step);
  }
  const work = finishPatterns(clusters.finish().shapes, oneOf);
  let next = work.next();
  while (next.done !== true) next = work.next();
  return next.value;
}

describe('finishPatterns', () => {
  it('answers the most frequent first, and leaves out rare ones', () => {
    const found = patternsOf([['rare', patternLinesMin - 1], ['b', patternLinesMin], ['a', patternLinesMin], ['often', 100]]);
    expect(found.map(({ pattern, lines }) => [pattern, lines])).toEqual([['often', 100], ['a', patternLinesMin], ['b', patternLinesMin]]);
  });

  it('keeps levels apart, and adds up what has become one pattern', () => {
    const found = patternsOf([['ids 1, 2', 10, 3, 1], ['ids 3, 4', 10, 3, 1], ['ids 1, 2, 3', 10, 3, 0], ['ids 4, 5, 6', 10, 3, 0], ['ids 1', 20, 5], ['ids 2', 20, 5]]);
    expect(found).toEqual([
      { pattern: 'ids <_>', level: 'error', lines: 40, counts: [[0, 20], [1, 20]] },
      { pattern: 'ids <_>', level: 'info', lines: 40, counts: [[0, 40]] },
    ]);
  });

  it('scales what was sampled', () => {
    expect(patternsOf([['a', 4, 0, 2], ['b', 2]], 10)).toEqual([{ pattern: 'a', level: 'unknown', lines: 40, counts: [[2, 40]] }]);
  });

  it('answers so many at most', () => {
    const names = Array.from({ length: patternsMax + 50 }, (_, i) => `${'-'.repeat(1 + (i % 20))}${'+'.repeat(1 + Math.floor(i / 20))}`);
    expect(patternsOf(names.map((name) => [name, 30]))).toHaveLength(patternsMax);
  });

  it('keeps words of fields where all lines have the same', () => {
    const line = (path: string, user: string, message: string): string => `level=info path=${path} user=${user} msg="${message}"`;
    const found = patternsOf([[line('/a/b', 'alice', 'it works'), 40], [line('/a/b', 'bob', 'it works'), 40], [line('/a/b', 'carol', 'it broke'), 40]]);
    expect(found.map(({ pattern, lines }) => [pattern, lines])).toEqual([
      ['level=info path=/a/b user=<_> msg="it works"', 80],
      ['level=info path=/a/b user=<_> msg="it broke"', 40],
    ]);
  });
});
