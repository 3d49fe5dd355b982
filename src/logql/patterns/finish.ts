import type { PatternShape } from './clusters.ts';
import { levels } from './levels.ts';
import { patternLinesMin, patternsMax } from './limits.ts';
import { renderPattern } from './render.ts';
import { fieldPlaces } from './shape.ts';

/** A pattern of an answer. */
export interface Pattern {
  readonly pattern: string;
  readonly level: string;
  readonly lines: number;
  /** Lines by step, ascending. */
  readonly counts: readonly (readonly [step: number, lines: number])[];
}

interface Found {
  readonly pattern: string;
  readonly level: number;
  lines: number;
  readonly counts: Map<number, number>;
}

/**
 * The patterns of what was found: the most frequent first, `patternsMax` at most, none of fewer than `patternLinesMin` lines. `oneOf` is how many lines each counted line stands for. Yields now and then, so that
 * others get their turn.
 */
export function* finishPatterns(shapes: readonly PatternShape[], oneOf: number): Generator<void, Pattern[]> {
  const patterns = new Map<string, Found>();
  for (const { level, shape, fields, clusters } of shapes) {
    const isField = fieldPlaces(shape);
    for (const { words, values, counts } of clusters) {
      let field = 0;
      let told = 0;
      const pattern = renderPattern(shape, isField.map((is) => (is ? fields[field++] : words[told++]) ?? null), values);
      const key = `${level} ${pattern}`;
      let found = patterns.get(key);
      if (found === undefined) {
        found = { pattern, level, lines: 0, counts: new Map() };
        patterns.set(key, found);
      }
      for (let i = 0; i < counts.length; i += 2) {
        found.lines += counts[i + 1]!;
        found.counts.set(counts[i]!, (found.counts.get(counts[i]!) ?? 0) + counts[i + 1]!);
      }
    }
    yield;
  }
  const frequent = [...patterns.values()].filter(({ lines }) => lines * oneOf >= patternLinesMin);
  frequent.sort((a, b) => b.lines - a.lines || compareText(a.pattern, b.pattern) || a.level - b.level);
  return frequent.slice(0, patternsMax).map(({ pattern, level, lines, counts }) => ({
    pattern,
    level: levels[level]!,
    lines: lines * oneOf,
    counts: [...counts].sort(([a], [b]) => a - b).map(([step, count]) => [step, count * oneOf] as const),
  }));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
