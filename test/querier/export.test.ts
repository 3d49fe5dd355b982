import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseQuery, type Batch, type LogOutput, type ScanTask } from '../../src/logql/mod.ts';
import { formatLabels, timeNsMax, timeNsMin } from '../../src/model/mod.ts';
import { findContext, walkRows, type Querier, type Walk } from '../../src/querier/mod.ts';
import type { PlainEntry } from '../support/batches.ts';
import { Stack } from '../support/stack.ts';

const never = new AbortController().signal;
const dayNs = 86_400_000_000_000n;
/** A midnight; times lie on both sides of it. */
const midnightNs = 1_768_435_200_000_000_000n;

const entry = fc.record({
  labels: fc.record({ app: fc.constantFrom('a', 'b', 'c'), pod: fc.constantFrom('0', '1') }),
  timeNs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }).map((n) => midnightNs + BigInt(n) * 1_000_000_000n) },
    { weight: 2, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => midnightNs + BigInt(n)) },
    { weight: 1, arbitrary: fc.integer({ min: -300, max: 300 }).map((n) => midnightNs + BigInt(n) * dayNs + 5n) },
  ),
  line: fc.constantFrom('red apple', 'green pear', 'red', '', 'x'.repeat(300), 'n=1', 'n=2'),
  metadata: fc.constantFrom<Record<string, string>>({}, { user: 'u' }),
});
type Step = { readonly push: readonly PlainEntry[] } | 'flush';
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.array(entry, { minLength: 1, maxLength: 25 }).map((push) => ({ push })) },
  { weight: 2, arbitrary: fc.constant('flush' as const) },
);

const sizes = fc.record({
  pageRows: fc.constantFrom(1, 2, 5, 1000),
  pageBytes: fc.constantFrom(1, 20, 400, 100_000),
  windowBytesMin: fc.constantFrom(1, 50, 1000),
  windowBytesMax: fc.constantFrom(2000, 1_000_000),
});

function taskOf(query: string, direction: LogOutput['direction'], limit = 0, range: { readonly startNs: bigint; readonly endNs: bigint } = { startNs: timeNsMin, endNs: timeNsMax }): ScanTask {
  const parsed = parseQuery(query);
  if (parsed.kind !== 'log_query') throw new TypeError(query);
  return { tenant: 't', matchers: parsed.matchers, stages: parsed.stages, ...range, output: { kind: 'log', direction, limit } };
}

function described(batch: Batch): string[] {
  return batch.rows.map(({ timeNs, labels, line, partition, position, index }) => {
    const { stream, structuredMetadata, parsed } = batch.labels[labels]!;
    return [timeNs, partition, position, index, ...[stream, structuredMetadata, parsed].map(formatLabels), Buffer.from(line).toString()].join(' ');
  });
}

async function walked(querier: Querier, walk: Walk): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of walkRows(querier, walk, never)) {
    expect(batch.rows.length).toBeGreaterThan(0);
    if (walk.sizes !== undefined) expect(batch.rows.length).toBeLessThanOrEqual(walk.sizes.pageRows);
    rows.push(...described(batch));
  }
  return rows;
}

async function scanned(querier: Querier, task: ScanTask): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of querier.scan(task, never)) if (batch.kind === 'batch') rows.push(...described(batch));
  return rows;
}

async function withStack(work: (stack: Stack, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'spoor-export-'));
  const stack = await Stack.open(directory);
  try {
    await work(stack, directory);
    expect(stack.querier.running).toBe(0);
    await stack.ingester.flush();
    // What was held was given back.
    expect(stack.ingester.stats()).toMatchObject({ headRows: 0, streams: 0 });
  } finally {
    await stack.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function take(stack: Stack, steps: readonly Step[]): Promise<void> {
  for (const one of steps) {
    if (one === 'flush') await stack.ingester.flush();
    else for (const [app, own] of Map.groupBy(one.push, ({ labels }) => labels['app'])) await stack.append(app === 'b' ? 1 : 0, own);
  }
}

const queries = ['{app=~".+"}', '{app="a"}', '{app=~"a|b"} |= "red"', '{app=~".+"} | drop pod', '{app=~".+"} | logfmt | line_format "{{.n}}"', '{app="nowhere"}'];

describe('walkRows', () => {
  it('gives page by page what one scan gives at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }), sizes, fc.constantFrom(...queries), fc.constantFrom('forward' as const, 'backward' as const), fc.constantFrom(0, 0, 1, 7),
        async (steps, pages, query, direction, limit) => {
          await withStack(async (stack) => {
            await take(stack, steps);
            const all = await scanned(stack.querier, taskOf(query, direction));
            expect(await walked(stack.querier, { task: taskOf(query, direction, limit), sizes: pages })).toEqual(limit === 0 ? all : all.slice(0, limit));
            const range = { startNs: midnightNs - 5_000_000_000n, endNs: midnightNs + 2n };
            expect(await walked(stack.querier, { task: taskOf(query, direction, 0, range), sizes: pages })).toEqual(await scanned(stack.querier, taskOf(query, direction, 0, range)));
          });
        },
      ),
      { numRuns: Number(process.env['SPOOR_TEST_RUNS'] ?? 40) },
    );
  });

  it('shows what there was at the beginning, whatever is pushed and flushed meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), fc.array(step, { minLength: 1, maxLength: 12 }), fc.constantFrom('forward' as const, 'backward' as const), async (before, meanwhile, direction) => {
        await withStack(async (stack) => {
          await take(stack, before);
          const task = taskOf('{app=~".+"}', direction);
          const expected = await scanned(stack.querier, task);
          const steps = [...meanwhile];
          const found: string[] = [];
          for await (const batch of walkRows(stack.querier, { task, sizes: { pageRows: 3, pageBytes: 1000, windowBytesMin: 100, windowBytesMax: 1000 } }, never)) {
            found.push(...described(batch));
            await take(stack, steps.splice(0, 1));
            // Nothing is held while the caller takes his time.
            await stack.ingester.flush();
          }
          expect(found).toEqual(expected);
        });
      }),
      { numRuns: Number(process.env['SPOOR_TEST_RUNS'] ?? 20) },
    );
  });

  it('ends when the caller stops, and with the reason of the signal', async () => {
    await withStack(async (stack) => {
      await stack.append(0, Array.from({ length: 500 }, (_, n) => ({ labels: { app: 'a' }, timeNs: midnightNs + BigInt(n), line: `line ${n}` })));
      const walk: Walk = { task: taskOf('{app="a"}', 'forward'), sizes: { pageRows: 10, pageBytes: 1000, windowBytesMin: 100, windowBytesMax: 1000 } };
      for await (const batch of walkRows(stack.querier, walk, never)) {
        expect(batch.rows).toHaveLength(10);
        break;
      }
      expect(stack.querier.running).toBe(0);
      const stop = new AbortController();
      const reading = (async () => {
        for await (const batch of walkRows(stack.querier, walk, stop.signal)) if (batch.rows.length > 0) stop.abort(new Error('enough'));
      })();
      await expect(reading).rejects.toThrow('enough');
    });
  });
});

describe('findContext', () => {
  it('finds what stands before and after each entry in its stream, also where times are equal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), fc.nat(), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), async (steps, pick, before, after) => {
        await withStack(async (stack) => {
          await take(stack, steps);
          const batches: Batch[] = [];
          for await (const batch of stack.querier.scan(taskOf('{app=~".+"}', 'forward'), never)) if (batch.kind === 'batch') batches.push(batch);
          const [all] = batches;
          if (all === undefined || all.rows.length === 0) return;
          const chosen = all.rows[pick % all.rows.length]!;
          const stream = formatLabels(all.labels[chosen.labels]!.stream);
          const own = all.rows.filter((row) => formatLabels(all.labels[row.labels]!.stream) === stream);
          const at = own.indexOf(chosen);
          const { partition, position, index, timeNs } = chosen;
          const found = await findContext(stack.querier, { tenant: 't', matchers: [], timeNs, id: { partition, position, index }, before, after }, never);
          const idOf = (row: { partition: number; position: number; index: number }): string => `${row.partition}-${row.position}-${row.index}`;
          expect(idOf(found.entry.row)).toBe(idOf(chosen));
          expect(found.before.map(({ row }) => idOf(row))).toEqual(own.slice(Math.max(0, at - before), at).map(idOf));
          expect(found.after.map(({ row }) => idOf(row))).toEqual(own.slice(at + 1, at + 1 + after).map(idOf));
        });
      }),
      { numRuns: Number(process.env['SPOOR_TEST_RUNS'] ?? 30) },
    );
  });

  it('says where no entry is meant, or several', async () => {
    await withStack(async (stack) => {
      await stack.append(0, ['one', 'two'].map((line) => ({ labels: { app: 'a' }, timeNs: midnightNs, line })));
      const query = { tenant: 't', matchers: [], timeNs: midnightNs, before: 5, after: 5 };
      await expect(findContext(stack.querier, query, never)).rejects.toMatchObject({ code: 'context_ambiguous', details: { count: 2 } });
      const { entry: named, before } = await findContext(stack.querier, { ...query, line: 'two' }, never);
      expect([named, ...before].map(({ row }) => Buffer.from(row.line).toString())).toEqual(['two', 'one']);
      await expect(findContext(stack.querier, { ...query, line: 'three' }, never)).rejects.toMatchObject({ code: 'context_not_found' });
      await expect(findContext(stack.querier, { ...query, timeNs: midnightNs + 1n }, never)).rejects.toMatchObject({ code: 'context_not_found' });
      await expect(findContext(stack.querier, { ...query, id: { partition: 0, position: 9, index: 0 } }, never)).rejects.toMatchObject({ code: 'context_not_found' });
    });
  });

  it('reads only what lies around', async () => {
    await withStack(async (stack) => {
      for (let day = 0; day < 20; day++) {
        await stack.append(0, Array.from({ length: 20 }, (_, n) => ({ labels: { app: 'a' }, timeNs: midnightNs + BigInt(day) * dayNs + BigInt(n), line: `${day} ${n} ${'x'.repeat(100)}` })));
        await stack.ingester.flush();
      }
      let rowGroups = 0;
      for await (const batch of walkRows(stack.querier, { task: taskOf('{app="a"}', 'backward', 3, { startNs: timeNsMin, endNs: midnightNs + 10n * dayNs + 5n }) }, never)) {
        expect(batch.rows.map(({ line }) => Buffer.from(line).toString().slice(0, 4))).toEqual(['10 4', '10 3', '10 2']);
        rowGroups += batch.stats.read?.rowGroups ?? 0;
      }
      expect(rowGroups).toBeGreaterThan(0);
      expect(rowGroups).toBeLessThan(12);
    });
  });
});
