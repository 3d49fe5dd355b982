import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { streamOrder } from '../../src/logql/scan/mod.ts';
import { defaultLimits, formatLabels, labelSet, type LabelSet } from '../../src/model/mod.ts';
import type { PlainEntry } from '../support/batches.ts';
import { Stack, tenant } from '../support/stack.ts';

const never = new AbortController().signal;

interface Row {
  readonly labels: LabelSet;
  readonly stream: string;
  readonly app: string;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata: string;
  readonly position: bigint;
  readonly index: number;
  readonly partition: number;
}

/** What should be stored, kept and asked in the simplest way. */
class Model {
  readonly #rows = new Map<string, Row>();

  add(row: Row): void {
    const key = JSON.stringify([row.stream, String(row.timeNs), row.line, row.metadata]);
    const known = this.#rows.get(key);
    if (known === undefined || inOrder('forward')(row, known) < 0) this.#rows.set(key, row);
  }

  select(query: Selection): Row[] {
    return [...this.#rows.values()].filter(
      (row) => (query.app === null || row.app === query.app) && row.timeNs >= query.startNs && row.timeNs < query.endNs && (query.needle === null || row.line.includes(query.needle)),
    );
  }
}

interface Selection {
  readonly app: string | null;
  readonly needle: string | null;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** By time, then by the hash of the stream, whatever the direction, then by arrival. */
function inOrder(direction: 'forward' | 'backward'): (a: Row, b: Row) => number {
  const sign = direction === 'forward' ? 1 : -1;
  return (a, b) => {
    if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -sign : sign;
    if (a.stream !== b.stream) return streamOrder(a.labels) - streamOrder(b.labels);
    if (a.position !== b.position) return a.position < b.position ? -sign : sign;
    return sign * (a.index - b.index || a.partition - b.partition);
  };
}

const dayNs = 86_400_000_000_000n;
/** A midnight; times lie on both sides of it. */
const midnightNs = 1_768_435_200_000_000_000n;
const apps = ['a', 'b', 'c'] as const;
const lines = ['red apple', 'green pear', 'red', '', 'x'.repeat(300)];

const timeNs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }).map((n) => midnightNs + BigInt(n) * 1_000_000_000n) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => midnightNs + BigInt(n)) },
  { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }).map((n) => midnightNs + BigInt(n) * dayNs + 5n) },
);
const entry = fc.record({
  app: fc.constantFrom(...apps),
  pod: fc.constantFrom('0', '1'),
  timeNs,
  line: fc.constantFrom(...lines),
  user: fc.constantFrom<string | undefined>(undefined, 'u'),
});
type Entry = typeof entry extends fc.Arbitrary<infer Value> ? Value : never;

const selection = fc
  .record({ app: fc.constantFrom<string | null>(null, ...apps), needle: fc.constantFrom<string | null>(null, 'red', 'r', 'nowhere'), one: timeNs, other: timeNs })
  .map(({ app, needle, one, other }): Selection => ({ app, needle, startNs: one < other ? one : other, endNs: (one < other ? other : one) + 1n }));

type Step =
  | { readonly kind: 'push'; readonly entries: readonly Entry[] }
  | { readonly kind: 'flush' }
  | { readonly kind: 'flushMeanwhile' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'log'; readonly selection: Selection; readonly direction: 'forward' | 'backward'; readonly limit: number }
  | { readonly kind: 'metric'; readonly selection: Selection; readonly function: 'count_over_time' | 'bytes_over_time'; readonly by: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('push' as const), entries: fc.array(entry, { minLength: 1, maxLength: 25 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'flushMeanwhile' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('log' as const), selection, direction: fc.constantFrom('forward' as const, 'backward' as const), limit: fc.constantFrom(1, 2, 3, 7, 30, 5000) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('metric' as const), selection, function: fc.constantFrom('count_over_time' as const, 'bytes_over_time' as const), by: fc.boolean() }) },
);

const partitionOf = (app: string): number => (app === 'b' ? 1 : 0);

async function push(stack: Stack, model: Model, entries: readonly Entry[]): Promise<void> {
  for (const [partition, own] of Map.groupBy(entries, ({ app }) => partitionOf(app))) {
    const plain = own.map((one): PlainEntry => ({
      labels: { app: one.app, pod: one.pod },
      timeNs: one.timeNs,
      line: one.line,
      ...(one.user === undefined ? {} : { metadata: { user: one.user } }),
    }));
    const position = await stack.append(partition, plain);
    // A record holds its entries stream by stream.
    const inRecord = [...Map.groupBy(plain, ({ labels }) => JSON.stringify(labels)).values()].flat();
    for (const [index, { labels, timeNs: time, line, metadata }] of inRecord.entries()) {
      const set = labelSet(Object.entries(labels));
      const row = { labels: set, stream: formatLabels(set), app: labels['app'] ?? '', timeNs: time, line, metadata: metadata?.['user'] ?? '', position, index, partition };
      model.add(row);
    }
  }
}

const matcher = ({ app, needle }: Selection): string => `{${app === null ? 'app=~".+"' : `app="${app}"`}}${needle === null ? '' : ` |= "${needle}"`}`;

async function checkLog(stack: Stack, model: Model, { selection: asked, direction, limit }: Extract<Step, { kind: 'log' }>): Promise<void> {
  const answer = await stack.engine.query(
    { kind: 'range', tenant, query: matcher(asked), direction, limit, limits: { ...defaultLimits, max_query_length: 0n }, startNs: asked.startNs, endNs: asked.endNs, stepNs: 1_000_000_000n, intervalNs: 0n },
    never,
  );
  if (answer.resultType !== 'streams') throw new TypeError(answer.resultType);
  const found = answer.rows.map(({ timeNs: time, labels, line }) => {
    const set = answer.labels[labels]!;
    return [String(time), formatLabels(set.stream), Buffer.from(line).toString(), set.structuredMetadata.map(({ value }) => value).join()];
  });
  const all = model.select(asked).sort(inOrder(direction));
  expect(found).toEqual(all.slice(0, limit).map((row) => [String(row.timeNs), row.stream, row.line, row.metadata]));
}

async function checkMetric(stack: Stack, model: Model, asked: Extract<Step, { kind: 'metric' }>): Promise<void> {
  const { selection: wanted } = asked;
  const lengthMs = (wanted.endNs - wanted.startNs) / 1_000_000n + 1n;
  // (time - range, time]
  const time = wanted.endNs - 1n;
  const range = { ...wanted, startNs: time - lengthMs * 1_000_000n + 1n };
  const inner = `${asked.function}(${matcher(wanted)} [${lengthMs}ms])`;
  const answer = await stack.engine.query(
    { kind: 'instant', tenant, query: asked.by ? `sum by (app) (${inner})` : `sum(${inner})`, direction: 'backward', limit: 100, limits: { ...defaultLimits, max_query_length: 0n }, timeNs: time },
    never,
  );
  if (answer.resultType !== 'vector') throw new TypeError(answer.resultType);
  const found = Object.fromEntries(answer.samples.map(({ labels, value }) => [labels[0]?.value ?? '', value]));
  const expected: Record<string, number> = {};
  for (const row of model.select(range)) {
    const key = asked.by ? row.app : '';
    expected[key] = (expected[key] ?? 0) + (asked.function === 'count_over_time' ? 1 : Buffer.byteLength(row.line));
  }
  expect(found).toEqual(expected);
}

describe('Querier', () => {
  it('answers as if all rows lay in one list, whatever was flushed when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
        const directory = await mkdtemp(path.join(tmpdir(), 'spoor-querier-'));
        const model = new Model();
        let stack = await Stack.open(directory);
        let meanwhile: Promise<void> = Promise.resolve();
        try {
          for (const one of steps) {
            if (one.kind === 'push') await push(stack, model, one.entries);
            else if (one.kind === 'flush') await stack.ingester.flush();
            else if (one.kind === 'flushMeanwhile') {
              const running = stack.ingester.flush();
              meanwhile = meanwhile.then(() => running);
            } else if (one.kind === 'restart') {
              await meanwhile;
              await stack.close();
              stack = await Stack.open(directory);
            } else if (one.kind === 'log') await checkLog(stack, model, one);
            else await checkMetric(stack, model, one);
          }
          await meanwhile;
          const everything = { app: null, needle: null, startNs: midnightNs - 10n * dayNs, endNs: midnightNs + 10n * dayNs };
          for (const direction of ['forward', 'backward'] as const) await checkLog(stack, model, { kind: 'log', selection: everything, direction, limit: 5000 });
          await stack.ingester.flush();
          for (const limit of [3, 5000]) await checkLog(stack, model, { kind: 'log', selection: everything, direction: 'backward', limit });
          // What queries held was given back.
          expect(stack.ingester.stats()).toMatchObject({ headRows: 0, streams: 0 });
          expect(stack.querier.running).toBe(0);
        } finally {
          await meanwhile;
          await stack.close();
          await rm(directory, { recursive: true, force: true });
        }
      }),
      { numRuns: Number(process.env["SPOOR_TEST_RUNS"] ?? 40) },
    );
  });
});
