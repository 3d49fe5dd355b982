import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Engine, encodeQueryResult, type LogSource, type QueryParams, type QueryResult } from '../../../src/logql/mod.ts';
import { defaultLimits, formatLabels, isSpoorError, labelSet, ManualClock, type Limits } from '../../../src/model/mod.ts';
import { MemorySource, type Entry } from './memory-source.ts';

const second = 1_000_000_000n;
const base = 1_768_435_200n * second;
const never = new AbortController().signal;

type Asked = Partial<Omit<QueryParams, 'kind'>> & { readonly query: string };

function instant(asked: Asked, timeNs = base): QueryParams {
  return { tenant: 't', direction: 'backward', limit: 100, limits: defaultLimits, kind: 'instant', timeNs, ...asked };
}

function range(asked: Asked, more: { startNs?: bigint; endNs?: bigint; stepNs?: bigint; intervalNs?: bigint } = {}): QueryParams {
  return { tenant: 't', direction: 'backward', limit: 100, limits: defaultLimits, kind: 'range', startNs: base - 600n * second, endNs: base + second, stepNs: 60n * second, intervalNs: 0n, ...asked, ...more };
}

function json(result: QueryResult): { data: { result: unknown } } {
  return JSON.parse(Buffer.concat([...encodeQueryResult(result)]).toString('utf8')) as { data: { result: unknown } };
}

function lines(result: QueryResult): string[] {
  return result.resultType === 'streams' ? result.rows.map((row) => Buffer.from(row.line).toString('utf8')) : [];
}

async function failure(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isSpoorError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

/** Ten streams with an entry every ten seconds for ten minutes before `base`. */
function filled(scanners = 1): MemorySource {
  const source = new MemorySource(scanners);
  for (let app = 0; app < 10; app++) {
    const entries = Array.from({ length: 60 }, (_, i): Entry => ({
      timeNs: base - BigInt(590 - 10 * i) * second,
      line: `level=${i % 2 === 0 ? 'info' : 'warn'} app=${app} n=${i} v=${i * app}`,
      metadata: i % 3 === 0 ? [{ name: 'trace_id', value: `t${i}` }] : [],
    }));
    source.push('t', [{ labels: labelSet([['app', String(app)], ['parity', app % 2 === 0 ? 'even' : 'odd']]), entries }]);
  }
  return source;
}

describe('log queries', () => {
  const engine = new Engine(filled(2));

  // At the same time stream 2 stands before stream 1, forward and backward, as the hashes of their labels do.
  test('return the newest or the oldest rows, over all streams', async () => {
    const newest = await engine.query(range({ query: '{app=~"1|2"} | logfmt', limit: 3 }), never);
    expect(lines(newest)).toEqual(['level=warn app=2 n=59 v=118', 'level=warn app=1 n=59 v=59', 'level=info app=2 n=58 v=116']);
    const oldest = await engine.query(range({ query: '{app=~"1|2"}', limit: 3, direction: 'forward' }), never);
    expect(lines(oldest)).toEqual(['level=info app=2 n=0 v=0', 'level=info app=1 n=0 v=0', 'level=warn app=2 n=1 v=2']);
    expect(oldest.stats.returned).toBe(3);
  });

  test('read from start on and up to, not including, end', async () => {
    const at = base - 300n * second;
    const count = async (startNs: bigint, endNs: bigint): Promise<number> => lines(await engine.query(range({ query: '{app="1"}' }, { startNs, endNs }), never)).length;
    expect(await count(at, at + 1n)).toBe(1);
    expect(await count(at - 1n, at)).toBe(0);
    expect(await count(at, at)).toBe(0);
  });

  test('with an interval leave out rows that follow too closely', async () => {
    const forward = await engine.query(range({ query: '{app="1"}', limit: 4, direction: 'forward' }, { intervalNs: 25n * second }), never);
    expect(lines(forward).map((line) => /n=(\d+)/.exec(line)?.[1])).toEqual(['0', '3', '6', '9']);
    const backward = await engine.query(range({ query: '{app="1"}', limit: 3 }, { intervalNs: 20n * second }), never);
    // The first row stands at a full hour, where the next piece begins.
    expect(lines(backward).map((line) => /n=(\d+)/.exec(line)?.[1])).toEqual(['59', '58', '56']);
  });
});

describe('metric queries', () => {
  const engine = new Engine(filled(3));
  const values = async (params: QueryParams): Promise<unknown> => {
    const result = await engine.query(params, never);
    if (result.resultType === 'vector') return result.samples.map((sample) => [formatLabels(sample.labels), sample.value]);
    if (result.resultType === 'matrix') return result.matrix.series.map((one) => [formatLabels(one.labels), ...Array.from(one.values, (value, i) => (one.present[i] === 1 ? value : null))]);
    return result.resultType === 'scalar' ? result.value : null;
  };
  const cases: readonly (readonly [string, unknown])[] = [
    ['sum(count_over_time({app=~".+"}[10m]))', [['{}', 600]]],
    ['sum by (parity) (count_over_time({app=~".+"} | logfmt | level="warn" [5m]))', [['{parity="even"}', 75], ['{parity="odd"}', 75]]],
    ['count(count_over_time({app=~".+"} | drop trace_id [1m]))', [['{}', 10]]],
    ['max_over_time({app="3"} | logfmt | unwrap v [1m]) by (app)', [['{app="3"}', 177]]],
    ['sum(rate({app="3"}[1m])) * 60', [['{}', 6]]],
    ['topk(2, sum by (app) (sum_over_time({app=~".+"} | logfmt | unwrap v [1m])))', [['{app="8"}', 2712], ['{app="9"}', 3051]]],
    ['sort_desc(topk(2, sum by (app) (sum_over_time({app=~".+"} | logfmt | unwrap v [1m]))))', [['{app="9"}', 3051], ['{app="8"}', 2712]]],
    ['absent_over_time({app="none"}[1m])', [['{app="none"}', 1]]],
    ['absent_over_time({app="1"}[1m])', []],
    ['count_over_time({app="none"}[1m]) or vector(0)', [['{}', 0]]],
    ['1 + 2', 3],
    ['vector(7)', [['{}', 7]]],
  ];
  test.each(cases)('%s', async (query, want) => {
    expect(await values(instant({ query }))).toEqual(want);
  });

  test('over a range', async () => {
    const params = range({ query: 'sum(count_over_time({app="1"}[1m] offset 1m))' }, { startNs: base - 120n * second, endNs: base });
    expect(await values(params)).toEqual([['{}', 6, 6, 6]]);
    expect(json(await engine.query(params, never)).data.result).toEqual([{ metric: {}, values: [[1768435080, '6'], [1768435140, '6'], [1768435200, '6']] }]);
  });
});

describe('limits', () => {
  const engine = new Engine(filled(2));
  const limited = (more: Partial<Limits>): Limits => ({ ...defaultLimits, ...more });

  test('too many series are refused, or cut off for those who ask for it', async () => {
    const asked = { query: 'sum by (app) (count_over_time({app=~".+"}[10m]))', limits: limited({ max_query_series: 4 }) };
    expect(await failure(() => engine.query(instant(asked), never))).toMatch(/^max_query_series: maximum number of series \(4\) reached for a single query; consider/);
    const cut = await engine.query(instant({ ...asked, partialSeries: true }), never);
    expect(cut.warnings).toEqual(['maximum number of series (4) reached for a single query; returning partial results']);
    expect(cut.resultType === 'vector' && cut.samples).toHaveLength(4);
    expect(await failure(() => engine.query(instant({ ...asked, query: `count(${asked.query})` }), never))).toMatch(/^max_query_series/);
    expect(await failure(() => engine.query(instant({ ...asked, query: 'count(count_over_time({app=~".+"}[10m]))' }), never))).toBe('none');
  });

  test('a query that reads too much is ended', async () => {
    const limits = limited({ max_query_bytes_read: 1000 });
    expect(await failure(() => engine.query(range({ query: '{app=~".+"}', limits }), never))).toMatch(/^max_query_bytes_read: the query would read too many bytes \(query: .*B, limit: 1000 B\)/);
    expect(await failure(() => engine.query(instant({ query: 'sum(rate({app=~".+"} |= "x" [10m]))', limits }), never))).toMatch(/^max_query_bytes_read/);
  });

  test('what lies before max_query_lookback is not seen', async () => {
    const sighted = new Engine(filled(), new ManualClock(base));
    const limits = limited({ max_query_lookback: 60n * second });
    const seen = await sighted.query(range({ query: '{app="1"}', limits }), never);
    expect(lines(seen)).toHaveLength(7);
    const past = { startNs: base - 600n * second, endNs: base - 61n * second };
    expect(lines(await sighted.query(range({ query: '{app="1"}', limits }, past), never))).toEqual([]);
    const forgotten = await sighted.query(range({ query: 'vector(1)', limits }, past), never);
    expect(forgotten.resultType === 'matrix' && forgotten.matrix.series).toEqual([]);
    expect(await sighted.query(instant({ query: 'sum(rate({app="1"}[1m]))', limits }, base - 61n * second), never)).toMatchObject({ resultType: 'vector', samples: [] });
  });

  test('stages that cannot be run are refused before anything is read', async () => {
    const untouched: LogSource = {
      scan: () => {
        throw new Error('read');
      },
    };
    const run = (query: string) => (): Promise<unknown> => new Engine(untouched).query(range({ query }), never);
    expect(await failure(run('{a="b"} |~ "("'))).toBe("parse_error: parse error : stage '|~ \"(\"' : error parsing regexp: missing closing ): `(`");
    expect(await failure(run('sum(rate({a="b"} | line_format "{{" |= "x" [1m]))'))).toMatch(/^parse_error: parse error : stage '\| line_format "{{"' : /);
  });
});

describe('errors', () => {
  test('a line that cannot be read fails a metric query that looks into it', async () => {
    const source = new MemorySource();
    source.push('t', [{ labels: labelSet([['app', 'x']]), entries: [{ timeNs: base, line: '{"level":"a"}' }, { timeNs: base - 1n, line: '{"level' }] }]);
    const engine = new Engine(source);
    expect(await failure(() => engine.query(instant({ query: 'sum by (level) (count_over_time({app="x"} | json [1m]))' }), never))).toMatch(
      /^pipeline_error: pipeline error: 'JSONParserErr' for series: '{__error__="JSONParserErr", __error_details__=".*", app="x"}'\.\nUse a label filter/,
    );
    expect(await failure(() => engine.query(instant({ query: 'sum(count_over_time({app="x"} | json [1m]))' }), never))).toBe('none');
  });

  test('those of the source reach the caller, and the other scans of the query end', async () => {
    const signals: AbortSignal[] = [];
    const source: LogSource = {
      async *scan(task, signal) {
        signals.push(signal);
        if (task.matchers[0]?.value === 'bad') throw new Error('disk on fire');
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        yield* [];
      },
    };
    await expect(new Engine(source).query(instant({ query: 'rate({app="good"}[1m]) + rate({app="bad"}[1m])' }), never)).rejects.toThrow('disk on fire');
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  });

  test('a query ends when its caller gives up', async () => {
    const source: LogSource = {
      async *scan(_task, signal) {
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        yield* [];
      },
    };
    const stop = new AbortController();
    const query = new Engine(source).query(range({ query: '{app="x"}' }), stop.signal);
    stop.abort(new Error('gone'));
    await expect(query).rejects.toThrow('gone');
  });
});

describe('spreading the work', () => {
  const queries = [
    '{app=~".+"}', '{app=~".+"} | logfmt | n > 30', '{app=~".+"} | logfmt | drop n, v, trace_id, app_extracted', '{app=~".+"} | label_format x=app | line_format "{{.x}}" | keep x',
    'sum by (level) (count_over_time({app=~".+"} | logfmt [1m]))', 'avg_over_time({app=~".+"} | logfmt | unwrap v [2m]) by (parity)', 'quantile_over_time(0.7, {app=~".+"} | logfmt | unwrap v [90s]) by (level)',
    'first_over_time({app=~".+"} | logfmt | unwrap v [3m]) by (parity)', 'last_over_time({app=~".+"} | logfmt | unwrap v [50s]) by (app, level)', 'rate_counter({app=~".+"} | logfmt n | unwrap n [2m])',
    'stddev_over_time({app=~".+"} | logfmt | unwrap v [2m]) without (level, n, app_extracted, trace_id)', 'topk(2, bytes_rate({app=~".+"} | drop trace_id [1m]))', 'max(max_over_time({app=~".+"} | logfmt | unwrap v [1m]))',
    'sum by (app) (rate({app=~".+"}[1m])) / on () group_left sum(rate({app=~".+"}[1m]))',
  ];
  let one: Engine;
  let many: Engine;
  beforeAll(() => {
    one = new Engine(filled(1));
    many = new Engine(filled(7));
  });

  test('over scanners changes no answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...queries), fc.constantFrom('forward' as const, 'backward' as const), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 90 }), async (query, direction, limit, step) => {
        const params = range({ query, direction, limit }, { stepNs: BigInt(step) * second });
        const [a, b] = [json(await one.query(params, never)), json(await many.query(params, never))];
        expect(round(b.data.result)).toEqual(round(a.data.result));
      }),
      { numRuns: 60 },
    );
  });
});

/** Numbers to ten digits: sums of parts differ in the last ones. */
function round(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) => (typeof item === 'string' && /^-?\d+(?:\.\d+)?$/.test(item) ? Number(item).toPrecision(10) : item)) as unknown;
}
