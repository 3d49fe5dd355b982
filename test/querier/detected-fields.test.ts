import { expect, it } from 'vitest';
import type { Engine } from '../../src/logql/mod.ts';
import { defaultLimits, labelSet } from '../../src/model/mod.ts';
import { Detections, FieldQuerier, type DetectionPool, type FieldQuery } from '../../src/querier/mod.ts';

const query: FieldQuery = { tenant: 'a', limits: defaultLimits, query: '{app="a"} | json', startNs: 0n, endNs: 10n, lineLimit: 100 };
const signal = new AbortController().signal;

/** Runs detections where the tests are, and remembers what it was called for. */
function pool(before: () => void = () => {}) {
  const detections = new Detections();
  const calls: string[] = [];
  const made: DetectionPool & { readonly calls: readonly string[]; readonly detections: Detections } = {
    lanes: 3,
    calls,
    detections,
    detect: async (lane, detection, task, rows) => {
      calls.push(`${lane === detection % 3} ${task?.kind ?? 'more'} ${rows.labelsOf.length}`);
      before();
      return detections.add(detection, task, rows);
    },
    detected: async (_lane, detection) => {
      calls.push('end');
      return detections.finish(detection);
    },
  };
  return made;
}

function engine(lines: readonly string[], asked: unknown[] = []): Pick<Engine, 'query'> {
  return {
    query: async (params) => {
      asked.push(params);
      return {
        resultType: 'streams',
        labels: [{ stream: labelSet([['app', 'a']]), structuredMetadata: [], parsed: [] }],
        rows: lines.map((line, i) => ({ timeNs: BigInt(lines.length - i), labels: 0, line: Buffer.from(line) })),
        stats: { rows: 0, bytes: 0, rowsMatched: 0, elapsedMs: 0, returned: 0 },
        warnings: [],
      };
    },
  };
}

it('asks for the newest lines and has them looked through, pack by pack', async () => {
  const asked: Record<string, unknown>[] = [];
  const workers = pool();
  const lines = Array.from({ length: 600 }, (_, i) => `v=${i}`);
  const found = await new FieldQuerier(engine(lines, asked), workers).detect({ kind: 'fields', limit: 10 }, query, signal);
  expect(found).toEqual({ kind: 'fields', fields: [{ label: 'v', type: 'int', cardinality: 600, parsers: ['logfmt'] }] });
  expect(workers.calls).toEqual(['true fields 512', 'true more 88', 'end']);
  expect(asked).toMatchObject([{ kind: 'range', tenant: 'a', startNs: 0n, endNs: 10n, direction: 'backward', limit: 100 }]);
});

it('stops once it has enough values', async () => {
  const workers = pool();
  const lines = Array.from({ length: 2000 }, (_, i) => `v=${i}`);
  const found = await new FieldQuerier(engine(lines), workers).detect({ kind: 'values', name: 'v', limit: 2 }, query, signal);
  expect(found).toEqual({ kind: 'values', values: ['0', '1'] });
  expect(workers.calls).toEqual(['true values 512', 'end']);
});

it('asks nobody where there are no rows', async () => {
  const workers = pool();
  const querier = new FieldQuerier(engine([]), workers);
  expect(await querier.detect({ kind: 'fields', limit: 10 }, query, signal)).toEqual({ kind: 'fields', fields: [] });
  expect(await querier.detect({ kind: 'values', name: 'v', limit: 10 }, query, signal)).toEqual({ kind: 'values', values: [] });
  expect(workers.calls).toEqual([]);
});

it('ends when the client goes away or a worker fails, and leaves nothing behind', async () => {
  const gone = new AbortController();
  const lines = Array.from({ length: 2000 }, (_, i) => `v=${i}`);
  const leaving = pool(() => gone.abort(new Error('gone')));
  await expect(new FieldQuerier(engine(lines), leaving).detect({ kind: 'fields', limit: 10 }, query, gone.signal)).rejects.toThrow('gone');
  expect(leaving.calls).toEqual(['true fields 512', 'end']);
  const failing = pool(() => {
    throw new Error('broken');
  });
  await expect(new FieldQuerier(engine(lines), failing).detect({ kind: 'fields', limit: 10 }, query, signal)).rejects.toThrow('broken');
  expect(failing.calls).toEqual(['true fields 512', 'end']);
});

it.each([
  ['rate({app="a"}[1m])', 100, 'only log selector is supported'],
  ['{app=', 100, 'parse error at line 1, col 6'],
  ['', 100, 'parse error'],
  ['{app="a"}', 5001, 'max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)'],
])('refuses %s with %i lines', async (text, lineLimit, message) => {
  await expect(new FieldQuerier(engine([]), pool()).detect({ kind: 'fields', limit: 10 }, { ...query, query: text, lineLimit }, signal)).rejects.toThrow(message);
});

it('says so when a detection was not begun', () => {
  expect(() => new Detections().add(1, null, { labels: [], labelsOf: new Uint32Array(), lines: new Uint8Array(0), lineStart: new Uint32Array(1) })).toThrow('not begun');
  expect(new Detections().finish(1)).toBeNull();
});
