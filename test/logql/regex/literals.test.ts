import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requiredLiterals } from '../../../src/logql/regex/literals.ts';
import { compileRegex } from '../../../src/logql/regex/mod.ts';
import { parseRegex } from '../../../src/logql/regex/syntax.ts';
import { patterns, subjects } from './generate.ts';

describe('evaluates', () => {
  test.each<[string, readonly string[] | null, boolean]>([
    ['needle', ['needle'], false],
    ['(?i)cuda.*memory|connection refused', ['memory', 'onnection refused'], true],
    ['(?i)CUDA', ['cuda'], true],
    ['status=[45]00', ['status=400', 'status=500'], false],
    ['level=(error|warn)', ['level=error', 'level=warn'], false],
    ['a*b*', null, false],
    ['x', null, false],
    ['(foo)+bar?', ['foo'], false],
    ['latency_ms=[1-9][0-9]{3}', ['latency_ms='], false],
    ['é+ü', ['\xc3\xa9'], false],
    ['(?i)éa', null, false],
    ['foo|b*', null, false],
  ])('%s', (pattern, texts, fold) => {
    const found = requiredLiterals(parseRegex(pattern).root);
    expect(found?.texts ?? null).toEqual(texts);
    expect(found?.fold ?? false).toBe(fold);
  });
});

describe('edge cases', () => {
  test('without case only ASCII letters become small: the others are bytes of UTF-8', () => {
    expect(compileRegex('(?i:AB)É').literals).toMatchObject({ texts: [Buffer.from('abÉ').toString('latin1')], fold: true });
  });

  test('every match holds one of them', () => {
    fc.assert(
      fc.property(patterns, fc.array(subjects, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
        const matcher = compileRegex(pattern);
        const { literals } = matcher;
        if (literals === null) return;
        for (const text of texts) {
          if (!matcher.matchesText(text) || (literals.foldsWide && /[\u212aſ]/.test(text))) continue;
          const subject = Buffer.from(text).toString('latin1');
          const searched = literals.fold ? subject.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : subject;
          expect(literals.texts.some((literal) => searched.includes(literal))).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
