import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuery } from '../../../../src/logql/mod.ts';
import { naiveAnswer, type Asked } from '../../naive/answers.ts';
import { logQuery, metricQuery, otherQuery } from './queries.ts';
import { midnightNs, steps, timeNs, type Step } from './rows.ts';
import { describeAnswer, StoredRows, storings } from './storing.ts';

const queriesPerRun = 10;
/** Runs by hand: SPOOR_TEST_RUNS=1000 npx vitest run test/logql/engine/equality */
const runs = Number(process.env['SPOOR_TEST_RUNS'] ?? 15);

const minuteNs = 60_000_000_000n;
const span = fc.tuple(timeNs, timeNs).map(([a, b]) => ({ startNs: a < b ? a : b, endNs: (a < b ? b : a) + 1n }));
const wholeNs = { startNs: midnightNs - 10_000n * minuteNs, endNs: midnightNs + 10_000n * minuteNs };

const logAsked = fc
  .record({ range: fc.oneof(span, fc.constant(wholeNs)), direction: fc.constantFrom('forward' as const, 'backward' as const), limit: fc.constantFrom(1, 2, 5, 30, 5000) })
  .map(({ range, ...rest }): Asked => ({ kind: 'log', ...range, ...rest }));
const instant = timeNs.map((time): Asked => ({ kind: 'instant', timeNs: time }));
const stepped = fc
  .record({ start: fc.integer({ min: -40, max: 20 }), length: fc.integer({ min: 0, max: 40 }), odd: fc.nat(59), stepNs: fc.constantFrom(20_000_000_000n, minuteNs, 7n * minuteNs, 60n * minuteNs) })
  .map(({ start, length, odd, stepNs }): Asked => {
    const startNs = midnightNs + BigInt(start) * minuteNs + BigInt(odd) * 1_000_000_000n;
    return { kind: 'range', startNs, endNs: startNs + BigInt(length) * minuteNs, stepNs };
  });
const question = fc.oneof(
  fc.record({ query: logQuery, asked: logAsked }),
  fc.record({ query: metricQuery, asked: fc.oneof(instant, stepped) }),
);

const otherQuestion = otherQuery.chain((query) => (query.startsWith('{') ? logAsked : fc.oneof(instant, stepped)).map((asked) => ({ query, asked })));

async function fill(stored: StoredRows, given: readonly Step[]): Promise<void> {
  for (const step of given) {
    if (step.kind === 'push') await stored.push(step.rows);
    else if (step.kind === 'flush') await stored.flush();
    else await stored.restart();
  }
}

/** Asks all questions of rows as they were pushed, after a flush, and after a restart. */
async function check(stored: StoredRows, questions: readonly { readonly query: string; readonly asked: Asked }[], expected: readonly (readonly string[])[]): Promise<void> {
  for (const state of ['as pushed', 'flushed', 'restarted'] as const) {
    if (state === 'flushed') await stored.flush();
    if (state === 'restarted') await stored.restart();
    for (const [i, { query, asked }] of questions.entries()) expect(describeAnswer(await stored.ask(query, asked)), `${query}, ${state}`).toEqual(expected[i]);
  }
}

describe.each(Object.entries(storings))('rows in %s', (_, options) => {
  test('give the answers of the naive evaluator, from heads, after each flush and after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(question, { minLength: queriesPerRun, maxLength: queriesPerRun }), async (given, questions) => {
        const stored = await StoredRows.open(options);
        try {
          await fill(stored, given);
          await check(stored, questions, questions.map(({ query, asked }) => describeAnswer(naiveAnswer(parseQuery(query), stored.rows, asked))));
        } finally {
          await stored.close();
        }
      }),
      { numRuns: runs },
    );
  });

  test('give the answers of heads to what the naive evaluator does not know', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(otherQuestion, { minLength: queriesPerRun, maxLength: queriesPerRun }), async (given, questions) => {
        const [stored, heads] = [await StoredRows.open(options), await StoredRows.open({})];
        try {
          await fill(heads, given.filter(({ kind }) => kind === 'push'));
          await fill(stored, given);
          const expected: string[][] = [];
          for (const { query, asked } of questions) expected.push(describeAnswer(await heads.ask(query, asked)));
          await check(stored, questions, expected);
        } finally {
          await stored.close();
          await heads.close();
        }
      }),
      { numRuns: runs },
    );
  });
});
