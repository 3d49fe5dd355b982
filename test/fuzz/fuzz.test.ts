import { describe, expect, test } from 'vitest';
import { runCases } from './campaign.ts';

// 20,000 cases; `node test/fuzz/run.ts` runs a million of them with a watch on how long each takes.
describe('random queries, lines, regular expressions and templates do no harm', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('seed %i', async (seed) => {
    const tally = await runCases(seed, 0, 2000);
    // The generators make enough that goes through.
    expect(tally['queries']?.['answered']).toBeGreaterThan(100);
    expect(tally['stages']?.['scanned']).toBeGreaterThan(100);
    expect(tally['regexes']?.['matched']).toBeGreaterThan(20);
    expect(tally['templates']?.['answered']).toBeGreaterThan(50);
  });
});
