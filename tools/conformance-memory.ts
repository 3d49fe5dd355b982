/**
 * Replays the recorded queries of the conformance corpus through the query engine over data in memory: no server, no storage. Prints pass counts per
 * category: `node tools/conformance-memory.ts [--only a,b] [--id x] [--fail] [--scanners 4]`.
 */
import { parseArgs } from 'node:util';
import { Engine } from '../src/logql/mod.ts';
import { answer, isAnswerable, loadCases, loadLibrary, loadSource } from '../test/conformance/corpus.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, id: { type: 'string' }, fail: { type: 'boolean', default: false }, scanners: { type: 'string', default: '1' } },
});
const library = await loadLibrary();
const engine = new Engine(loadSource(Number(values.scanners)));
const totals = { answers: 0, answersPassed: 0, errors: 0, errorsPassed: 0 };
const out = (text: string): void => void process.stdout.write(`${text}\n`);

for (const [category, all] of loadCases()) {
  if (values.only !== undefined && !values.only.split(',').includes(category)) continue;
  const count = { answers: 0, answersPassed: 0, errors: 0, errorsPassed: 0 };
  for (const one of all) {
    if (!isAnswerable(one) || (values.id !== undefined && one.id !== values.id)) continue;
    const got = await answer(engine, one);
    const difference = library.judge(one, got);
    const isError = one.expect.status >= 400;
    count[isError ? 'errors' : 'answers']++;
    if (difference === undefined) count[isError ? 'errorsPassed' : 'answersPassed']++;
    else if (values.fail || values.id !== undefined) out(`  ${one.id} ${String(one.params?.['query'])}\n      ${difference.slice(0, 700)}`);
    if (values.id !== undefined) out(`want ${JSON.stringify(one.expect)}\n got ${got.status} ${got.text}`);
  }
  if (count.answers + count.errors === 0) continue;
  out(`${category.padEnd(34)} answers ${count.answersPassed}/${count.answers}  errors ${count.errorsPassed}/${count.errors}`);
  for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += count[key];
}
out(`${'all'.padEnd(34)} answers ${totals.answersPassed}/${totals.answers}  errors ${totals.errorsPassed}/${totals.errors}`);
