import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PatternClusters, type PatternsState } from '../../../src/logql/patterns/clusters.ts';
import { linePatternError, matchesLinePattern, parseLinePattern } from '../../../src/logql/stages/line-pattern.ts';
import { addLines, columnOf, junkLine, patternsOf, trickyLine } from './lines.ts';

/** A state in an order of its own, so that two can be compared. */
function sorted({ shapes, dropped }: PatternsState): unknown {
  const text = (value: unknown): string => JSON.stringify(value);
  const plain = shapes.map(({ level, shape, fields, clusters }) => ({
    level,
    shape,
    fields,
    clusters: clusters.map(({ words, values, counts }) => ({ words, values, counts: pairs(counts) })).toSorted((a, b) => (text(a.words) < text(b.words) ? -1 : 1)),
  }));
  return { shapes: plain.toSorted((a, b) => (`${a.level}${a.shape}` < `${b.level}${b.shape}` ? -1 : 1)), dropped };
}

function pairs(counts: Float64Array): number[][] {
  return Array.from({ length: counts.length / 2 }, (_, i) => [counts[2 * i]!, counts[2 * i + 1]!]).sort((a, b) => a[0]! - b[0]!);
}

const manyWords = fc.integer({ min: 0, max: 40 }).map((i) => String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26)));
/** Lines of few shapes, in whose places stand too many words for some of them. */
const wordyLine = fc
  .tuple(fc.constantFrom('', 'user ', 'msg="', 'path=/'), manyWords, fc.constantFrom(' ', ' in '), fc.oneof(manyWords, fc.constantFrom('n1', 'n2', 'n3', 'n4', 'n5', 'n6')), fc.constantFrom('', ' end', ' 1', ' 2', ' 3 4', ' 3 5'))
  .map((parts) => Buffer.from(parts.join('')));

describe('PatternClusters', () => {
  it.each([
    ['tricky lines', trickyLine, 1000],
    ['lines of many words', wordyLine, 100],
    ['random bytes', junkLine, 300],
  ] as const)('finds patterns that match their lines: %s', (name, line, numRuns) => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: name === 'lines of many words' ? 400 : 12 }), (lines) => {
        const { shapes } = addLines(new PatternClusters(), lines).finish();
        for (const one of lines) {
          const patterns = patternsOf(shapes, one);
          expect(patterns.length, one.toString('latin1')).toBe(one.length === 0 ? 0 : 1);
          for (const pattern of patterns) {
            expect(linePatternError(pattern), pattern).toBeNull();
            expect(matchesLinePattern(parseLinePattern(pattern), one, 0, one.length), `${JSON.stringify(pattern)} for ${JSON.stringify(one.toString('latin1'))}`).toBe(true);
          }
        }
      }),
      { numRuns },
    );
  });

  it('gives the same whatever the order of lines and however they are spread', () => {
    const entry = fc.record({ line: wordyLine, part: fc.nat(2), step: fc.nat(5), level: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 300 }), (entries) => {
        const column = columnOf(entries.map(({ line }) => line));
        const whole = new PatternClusters();
        const parts = [new PatternClusters(), new PatternClusters(), new PatternClusters()];
        for (const [row, { level, step }] of entries.entries()) whole.addLine(column, row, level, step);
        for (const [row, { part, level, step }] of [...entries.entries()].reverse()) parts[part]!.addLine(column, row, level, step);
        const merged = new PatternClusters();
        for (const part of parts.reverse()) for (const shape of part.finish().shapes) merged.addShape(shape);
        expect(sorted(merged.finish())).toEqual(sorted(whole.finish()));
      }),
      { numRuns: 100 },
    );
  });

  it('counts every line once', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(wordyLine, trickyLine, junkLine), { maxLength: 200 }), fc.integer({ min: 4, max: 40 }), (lines, clustersMax) => {
        const clusters = addLines(new PatternClusters(clustersMax), lines);
        clusters.addDropped(3);
        const { shapes, dropped } = clusters.finish();
        const counted = shapes.flatMap((shape) => shape.clusters).flatMap(({ counts }) => pairs(counts)).reduce((sum, pair) => sum + pair[1]!, 0);
        expect(counted + dropped - 3).toBe(lines.filter(({ length }) => length > 0).length);
        expect(shapes.flatMap((shape) => shape.clusters).length).toBeLessThanOrEqual(clustersMax);
      }),
      { numRuns: 200 },
    );
  });

  it('drops the rarest where there are too many', () => {
    const lines = Array.from({ length: 3000 }, (_, i) => Buffer.from(i % 3 === 0 ? 'often seen' : 'x'.repeat(i % 60).replaceAll('xx', 'x,') + '|'.repeat(i % 50)));
    const { shapes, dropped } = addLines(new PatternClusters(50), lines).finish();
    expect(patternsOf(shapes, Buffer.from('often seen'))).toEqual(['often seen']);
    expect(shapes.find(({ clusters }) => pairs(clusters[0]!.counts)[0]![1] === 1000)).toBeDefined();
    expect(dropped).toBeGreaterThan(0);
    expect(shapes.length).toBeLessThanOrEqual(50);
  });

  it('holds little, whatever comes', () => {
    const clusters = new PatternClusters();
    let seed = 1;
    const random = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
    for (let round = 0; round < 20; round++) {
      const lines = Array.from({ length: 500 }, () => Buffer.from(Array.from({ length: 300 }, () => ' abcdefghijk,;='[Math.floor(random() * 15)]).join('')));
      addLines(clusters, lines);
      expect(clusters.heldBytes).toBeLessThan(32 * 2 ** 20);
    }
    expect(clusters.finish().dropped).toBeGreaterThan(0);
  });
});
