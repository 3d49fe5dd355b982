import { expect, test } from 'vitest';
import { Cuts, holesMax } from '../../../src/chunks/shred/cuts.ts';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import { printCuts } from './cuts.ts';

test('holes in order, up to as many as a template may have', () => {
  const cuts = new Cuts();
  cuts.begin('json');
  expect([cuts.add('string', 1, 3), cuts.add('any', 4, 4)]).toEqual([true, true]);
  expect(printCuts(Buffer.from('abcdef'), 0, 6, cuts)).toBe('a⟨string:bc⟩d⟨any:⟩ef');
  cuts.begin('text');
  expect([cuts.kind, cuts.count]).toEqual(['text', 0]);
  for (let i = 0; i < holesMax; i++) expect(cuts.add('word', i, i + 1)).toBe(true);
  expect([cuts.add('word', holesMax, holesMax + 1), cuts.count]).toEqual([false, holesMax]);
  expect(holesMax).toBe(segmentLimits.holesMax);
});
