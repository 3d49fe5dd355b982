import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Engine } from '../../src/logql/mod.ts';
import { answer, corpusDir, isAnswerable, knownDifferences, loadCases, loadLibrary, loadSource } from './corpus.ts';

/** What the HTTP layer refuses before the engine sees it. */
const outside = ['multi-tenant-014', 'multi-tenant-016'];

// The corpus lies beside a developer's checkout; in a package or a bare clone there is none, and `run.mjs` of the corpus is the test of the whole.
describe.runIf(fs.existsSync(corpusDir))('the recorded queries, over data in memory', async () => {
  const library = fs.existsSync(corpusDir) ? await loadLibrary() : { judge: () => undefined };
  const cases = fs.existsSync(corpusDir) ? loadCases() : new Map();
  // Two scanners: streams meet again when batches and partials are merged.
  const engine = new Engine(loadSource(2));
  test.each([...cases.keys()])('%s', async (category) => {
    const failed: string[] = [];
    for (const one of cases.get(category) ?? []) {
      if (!isAnswerable(one) || outside.includes(one.id)) continue;
      const difference = library.judge(one, await answer(engine, one));
      if ((difference === undefined) === knownDifferences.includes(one.id)) failed.push(`${one.id}: ${difference ?? 'is known to differ, but does not'}`);
    }
    expect(failed).toEqual([]);
  });
});
