import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { selectTenants, TenantsSource } from '../../../src/logql/engine/tenants.ts';
import { mergedLabels, type Batch, type LogSource, type OutputLabels, type Partial, type RangeAggregation, type ScanTask } from '../../../src/logql/mod.ts';
import { labelsObject, labelSet, type Matcher } from '../../../src/model/mod.ts';

const never = new AbortController().signal;
const noStats = { rows: 1, bytes: 2, rowsMatched: 3 };

function logTask(tenant: string, direction: 'forward' | 'backward' = 'forward', limit = 0, matchers: readonly Matcher[] = []): ScanTask {
  return { tenant, matchers, startNs: 0n, endNs: 1000n, stages: [], output: { kind: 'log', direction, limit } };
}

function labels(pairs: Readonly<Record<string, string>>, parsed: Readonly<Record<string, string>> = {}): OutputLabels {
  return { stream: labelSet(Object.entries(pairs)), structuredMetadata: [], parsed: Object.entries(parsed).map(([name, value]) => ({ name, value })) };
}

/** Rows of times, in batches of the sizes given. */
function batches(times: readonly number[], sizes: readonly number[], own: OutputLabels = labels({ app: 'x' })): Batch[] {
  const found: Batch[] = [];
  let at = 0;
  for (let i = 0; at < times.length || i === 0; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    const rows = times.slice(at, at + size).map((time, k) => ({ timeNs: BigInt(time), position: at + k, index: 0, partition: 0, labels: 0, line: Buffer.from(`${time}/${at + k}`) }));
    found.push({ kind: 'batch', stats: noStats, labels: [own], rows });
    at += size;
  }
  return found;
}

class FakeSource implements LogSource {
  readonly asked: ScanTask[] = [];
  ended = 0;
  readonly #results: ReadonlyMap<string, readonly (Batch | Partial)[]>;
  readonly #failing: string | undefined;

  constructor(results: Readonly<Record<string, readonly (Batch | Partial)[]>>, failing?: string) {
    this.#results = new Map(Object.entries(results));
    this.#failing = failing;
  }

  async *scan(task: ScanTask, signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    this.asked.push(task);
    try {
      for (const result of this.#results.get(task.tenant) ?? []) {
        await nextTurn();
        signal.throwIfAborted();
        yield result;
      }
      if (task.tenant === this.#failing) throw new Error(`${task.tenant} failed`);
    } finally {
      this.ended += 1;
    }
  }

  async bytes(task: ScanTask): Promise<number> {
    return task.tenant.length;
  }
}

async function rowsOf(source: LogSource, task: ScanTask): Promise<{ rows: { time: number; tenant: string | undefined }[]; scanned: number; batches: number }> {
  const rows: { time: number; tenant: string | undefined }[] = [];
  let scanned = 0;
  let count = 0;
  for await (const batch of source.scan(task, never)) {
    if (batch.kind !== 'batch') throw new Error('not rows');
    count += 1;
    scanned += batch.stats.rows;
    for (const row of batch.rows) rows.push({ time: Number(row.timeNs), tenant: batch.labels[row.labels]?.stream.find(({ name }) => name === '__tenant_id__')?.value });
  }
  return { rows, scanned, batches: count };
}

describe('selectTenants', () => {
  it.each<[string, Matcher[], string[], Matcher[]]>([
    ['none', [{ name: 'app', op: '=', value: 'x' }], ['a', 'b', 'c'], [{ name: 'app', op: '=', value: 'x' }]],
    ['=', [{ name: '__tenant_id__', op: '=', value: 'b' }], ['b'], []],
    ['!=', [{ name: '__tenant_id__', op: '!=', value: 'b' }], ['a', 'c'], []],
    ['=~', [{ name: '__tenant_id__', op: '=~', value: 'a|c.*' }], ['a', 'c'], []],
    ['!~', [{ name: '__tenant_id__', op: '!~', value: '[ab]' }], ['c'], []],
    ['two', [{ name: '__tenant_id__', op: '!=', value: 'a' }, { name: '__tenant_id__', op: '!=', value: 'b' }], ['c'], []],
    ['nobody', [{ name: '__tenant_id__', op: '=', value: 'x' }], [], []],
    ['original', [{ name: 'original___tenant_id__', op: '=~', value: 'x' }], ['a', 'b', 'c'], [{ name: '__tenant_id__', op: '=~', value: 'x' }]],
  ])('%s', (_name, matchers, tenants, left) => {
    expect(selectTenants(['a', 'b', 'c'], matchers)).toEqual({ tenants, matchers: left });
  });
});

describe('TenantsSource', () => {
  it('passes scans of one tenant as they are', async () => {
    const source = new FakeSource({ a: batches([1, 2], [1]) });
    const found = await rowsOf(new TenantsSource(source), logTask('a'));
    expect(found.rows).toEqual([{ time: 1, tenant: undefined }, { time: 2, tenant: undefined }]);
    expect(source.asked).toEqual([logTask('a')]);
  });

  it('asks for each tenant that is meant, without the matchers that chose it', async () => {
    const source = new FakeSource({ a: batches([1], [1]), b: batches([2], [1]), c: batches([3], [1]) });
    const matchers: Matcher[] = [{ name: '__tenant_id__', op: '!=', value: 'b' }, { name: 'app', op: '=', value: 'x' }];
    const found = await rowsOf(new TenantsSource(source), logTask('a|b|c', 'forward', 0, matchers));
    expect(found.rows).toEqual([{ time: 1, tenant: 'a' }, { time: 3, tenant: 'c' }]);
    expect(source.asked.map(({ tenant }) => tenant)).toEqual(['a', 'c']);
    expect(source.asked[0]?.matchers).toEqual([matchers[1]]);
    await expect(rowsOf(new TenantsSource(source), logTask('a|b', 'forward', 0, [{ name: '__tenant_id__', op: '=', value: 'z' }]))).resolves.toMatchObject({ rows: [] });
  });

  it('merges rows in order, however the batches are cut, each once, up to the limit', async () => {
    const times = fc.array(fc.nat(20), { maxLength: 30 });
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('forward' as const, 'backward' as const), fc.array(fc.tuple(times, sizes), { minLength: 2, maxLength: 4 }), fc.nat(40), async (direction, tenants, limit) => {
        const sign = direction === 'forward' ? 1 : -1;
        const sorted = tenants.map(([own, cut]) => [own.toSorted((a, b) => sign * (a - b)), cut] as const);
        const source = new FakeSource(Object.fromEntries(sorted.map(([own, cut], i) => [`t${i}`, batches(own, cut)])));
        const found = await rowsOf(new TenantsSource(source), logTask(tenants.map((_, i) => `t${i}`).join('|'), direction, limit));
        const all = sorted.flatMap(([own]) => own).sort((a, b) => sign * (a - b));
        expect(found.rows.map(({ time }) => time)).toEqual(limit > 0 ? all.slice(0, limit) : all);
        if (limit === 0) for (const [i, [own]] of sorted.entries()) expect(found.rows.filter(({ tenant }) => tenant === `t${i}`).map(({ time }) => time)).toEqual(own);
        expect(source.ended).toBe(tenants.length);
      }),
      { numRuns: 150 },
    );
  });

  it('counts what was read once, also where no row was found', async () => {
    const source = new FakeSource({ a: batches([], [1]), b: batches([], [1]) });
    expect(await rowsOf(new TenantsSource(source), logTask('a|b'))).toMatchObject({ rows: [], scanned: 2 });
  });

  it('fails with the first tenant that fails, and ends the others', async () => {
    const source = new FakeSource({ a: batches([1], [1]), b: batches([2, 3, 4, 5, 6, 7, 8, 9], [1]) }, 'a');
    await expect(rowsOf(new TenantsSource(source), logTask('a|b'))).rejects.toThrow('a failed');
    expect(source.ended).toBe(2);
  });

  it('calls a label of that name original', async () => {
    const own = labels({ app: 'x', __tenant_id__: 'mine' });
    const parsed = labels({ app: 'x' }, { __tenant_id__: 'from the line', empty: '' });
    const source = new FakeSource({ a: batches([1], [1], own), b: batches([2], [1], parsed) });
    const found: Record<string, string>[] = [];
    for await (const batch of new TenantsSource(source).scan(logTask('a|b'), never)) if (batch.kind === 'batch') for (const row of batch.rows) found.push(labelsObject(mergedLabels(batch.labels[row.labels] as OutputLabels)));
    expect(found).toEqual([
      { __tenant_id__: 'a', app: 'x', original___tenant_id__: 'mine' },
      { __tenant_id__: 'b', app: 'x', original___tenant_id__: 'from the line' },
    ]);
  });

  it.each<[string, RangeAggregation['op'], RangeAggregation['grouping'], Record<string, string>]>([
    ['no grouping', 'count_over_time', null, { __tenant_id__: 'a', app: 'x' }],
    ['sums, grouped without it', 'sum_over_time', { without: false, labels: ['app'] }, { app: 'x' }],
    ['sums, grouped by it', 'sum_over_time', { without: false, labels: ['app', '__tenant_id__'] }, { __tenant_id__: 'a', app: 'x' }],
    ['largest, all but it', 'max_over_time', { without: true, labels: ['__tenant_id__'] }, { app: 'x' }],
    ['largest, all but another', 'max_over_time', { without: true, labels: ['pod'] }, { __tenant_id__: 'a', app: 'x' }],
    ['averages', 'avg_over_time', { without: false, labels: ['app'] }, { __tenant_id__: 'a', app: 'x' }],
    ['quantiles', 'quantile_over_time', { without: false, labels: ['app'] }, { __tenant_id__: 'a', app: 'x' }],
  ])('adds the label to series unless they are put together: %s', async (_name, op, grouping, expected) => {
    const partial: Partial = { kind: 'partial', stats: noStats, series: [{ labels: labelSet([['app', 'x']]), state: 1 }, { labels: labelSet([['__error__', 'E']]), state: 2 }] };
    const aggregation = { op, grouping } as RangeAggregation;
    const found: Record<string, string>[] = [];
    for await (const result of new TenantsSource(new FakeSource({ a: [partial] })).scan({ ...logTask('a|b'), output: { kind: 'aggregate', aggregation } }, never)) {
      if (result.kind === 'partial') found.push(...result.series.map((series) => labelsObject(series.labels)));
    }
    // Series of errors always say whose they are.
    expect(found).toEqual([expected, { __error__: 'E', __tenant_id__: 'a' }]);
  });

  it('adds up the bytes of the tenants that are meant', async () => {
    const source = new TenantsSource(new FakeSource({}));
    expect(await source.bytes(logTask('a'), never)).toBe(1);
    expect(await source.bytes(logTask('a|bb|ccc', 'forward', 0, [{ name: '__tenant_id__', op: '!=', value: 'a' }]), never)).toBe(5);
  });
});
