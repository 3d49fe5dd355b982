import { afterEach, beforeEach, expect, test } from 'vitest';
import fc from 'fast-check';
import { Backend, type StoredEntry } from './backend.ts';
import { nowNs, run } from './run.ts';

let backend: Backend;

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
});

afterEach(() => backend.crash());

const second = 1_000_000_000n;

function at(secondsAgo: number, app: string, line: string): StoredEntry {
  return { timeNs: nowNs - BigInt(secondsAgo) * second, labels: { env: 'prod', app }, line };
}

test('prints time, the labels that differ, and the line, newest first', async () => {
  backend.push(at(20, 'shop', 'first'), at(10, 'payment', '  second \n'));
  const { out, notes, failure } = await run(['query', '{env="prod"}', '--addr', backend.address, '-z', 'UTC']);
  expect(failure).toBeUndefined();
  expect(out).toBe('2026-01-19T09:59:50Z {app="payment"} second\n2026-01-19T09:59:40Z {app="shop"}    first\n');
  expect(notes).toContain('Common labels: {env="prod"}');
  expect(notes).toContain(`${backend.address}/loki/api/v1/query_range?query=%7Benv%3D%22prod%22%7D&limit=30`);
});

test.each([
  { name: 'quiet', argv: ['-q'], out: '2026-01-19T09:59:50Z {app="b"} two\n2026-01-19T09:59:40Z {app="a"} one\n', notes: '' },
  { name: 'oldest first', argv: ['-q', '--forward'], out: '2026-01-19T09:59:40Z {app="a"} one\n2026-01-19T09:59:50Z {app="b"} two\n', notes: '' },
  { name: 'raw', argv: ['-q', '-o', 'raw'], out: 'two\none\n', notes: '' },
  { name: 'without labels', argv: ['-q', '--no-labels'], out: '2026-01-19T09:59:50Z two\n2026-01-19T09:59:40Z one\n', notes: '' },
  { name: 'with common labels', argv: ['-q', '--include-common-labels', '--limit', '1'], out: '2026-01-19T09:59:50Z {app="b", env="prod"} two\n', notes: '' },
  { name: 'chosen labels', argv: ['-q', '--include-label', 'env', '--limit', '1'], out: '2026-01-19T09:59:50Z {env="prod"} two\n', notes: '' },
  { name: 'without one label', argv: ['-q', '--exclude-label=app', '--limit=1', '--include-common-labels'], out: '2026-01-19T09:59:50Z {env="prod"} two\n', notes: '' },
  { name: 'padded labels', argv: ['-q', '--labels-length', '12', '--limit', '1', '--include-label', 'app'], out: '2026-01-19T09:59:50Z {app="b"}    two\n', notes: '' },
  { name: 'another form of time', argv: ['-q', '--output-timestamp-format', 'stampmilli', '--limit', '1', '--no-labels'], out: 'Jan 19 09:59:50.000 two\n', notes: '' },
  { name: 'statistics', argv: ['-q', '--stats', '-o', 'raw', '--limit', '1'], out: 'two\n', notes: `${'summary.totalLinesProcessed'.padEnd(48)} 2\n` },
  {
    name: 'JSON lines',
    argv: ['-q', '-o', 'jsonl'],
    out: '{"labels":{"app":"b"},"line":"two","timestamp":"2026-01-19T09:59:50Z"}\n{"labels":{"app":"a"},"line":"one","timestamp":"2026-01-19T09:59:40Z"}\n',
    notes: '',
  },
])('$name', async ({ argv, out, notes }) => {
  backend.push(at(20, 'a', 'one'), at(10, 'b', 'two'));
  const result = await run(['query', '{env="prod"}', '--addr', backend.address, '-z', 'UTC', ...argv]);
  expect(result).toEqual({ out, notes, failure: undefined });
});

test('sends the range that was asked for', async () => {
  await run(['query', '{a="b"}', '--addr', backend.address, '--from', '2026-01-19T08:00:00.000000001Z', '--to', '2026-01-19T09:00:00+01:00', '--step', '1m30s', '--interval', '500ms']);
  await run(['query', '{a="b"}', '--addr', backend.address, '--since', '2d']);
  const [absolute, since] = backend.requests.map(({ parameters }) => Object.fromEntries(parameters));
  expect(absolute).toEqual({ query: '{a="b"}', limit: '30', start: '1768809600000000001', end: '1768809600000000000', direction: 'BACKWARD', step: '90', interval: '0.5' });
  expect(since).toMatchObject({ start: String(nowNs - 172_800n * second), end: String(nowNs) });
});

test('gets every entry once over many pages, also where many share a time', async () => {
  const world = fc.record({
    times: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }),
    batch: fc.integer({ min: 1, max: 7 }),
    limit: fc.integer({ min: 0, max: 70 }),
    forward: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(world, async ({ times, batch, limit, forward }) => {
      backend.entries.length = 0;
      backend.entries.push(...times.map((ago, i) => at(ago, `app${i % 3}`, `line ${i}`)));
      const argv = ['query', '{env="prod"}', '--addr', backend.address, '-q', '-o', 'raw', '--batch', String(batch), '--limit', String(limit), ...(forward ? ['--forward'] : [])];
      const { out, failure } = await run(argv);
      expect(failure).toBeUndefined();
      const lines = out.split('\n').slice(0, -1);
      expect(new Set(lines).size).toBe(lines.length);
      expect(lines.length).toBe(limit === 0 ? times.length : Math.min(limit, times.length));
      const agos = lines.map((line) => times[Number(line.slice(5))] ?? 0);
      expect(agos).toEqual(agos.toSorted((a, b) => (forward ? b - a : a - b)));
    }),
    { numRuns: 60 },
  );
});

test('a metric query prints the result as JSON', async () => {
  const result = [{ metric: { app: 'a' }, values: [[1768816800.5, '1.5']] }];
  backend.answers.set('/loki/api/v1/query_range', { status: 'success', warnings: ['partial'], data: { resultType: 'matrix', result } });
  const { out, notes } = await run(['query', 'rate({a="b"}[1m])', '--addr', backend.address, '-q']);
  expect(JSON.parse(out)).toEqual(result);
  expect(notes).toBe('warning: partial\n');
});

test('an instant query asks for one point in time', async () => {
  backend.answers.set('/loki/api/v1/query', { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1, '2'] }] } });
  const { out } = await run(['instant-query', 'vector(2)', '--addr', backend.address, '-q', '--now', '2026-01-19T08:00:00Z']);
  expect(JSON.parse(out)).toEqual([{ metric: {}, value: [1, '2'] }]);
  expect(Object.fromEntries(backend.requests[0]?.parameters ?? [])).toEqual({ query: 'vector(2)', limit: '30', time: '1768809600000000000', direction: 'BACKWARD' });
});

test("the server's refusal is the failure, word for word", async () => {
  backend.answers.set('/loki/api/v1/query_range', 'parse error at line 1, col 4: syntax error: unexpected IDENTIFIER');
  const { out, failure } = await run(['query', '{a b}', '--addr', backend.address]);
  expect(out).toBe('');
  expect(failure).toMatchObject({ message: 'parse error at line 1, col 4: syntax error: unexpected IDENTIFIER', status: 400 });
});

test.each([
  { name: 'no JSON', body: '<html>', message: 'the server does not answer as Loki\'s API does: no JSON but "<html>"' },
  { name: 'no data', body: '{}', message: "the server does not answer as Loki's API does: data is not an object" },
  { name: 'a bad entry', body: '{"data":{"resultType":"streams","result":[{"stream":{},"values":[[1,"x"]]}]}}', message: "the server does not answer as Loki's API does: an entry is not [time, line]" },
])('an answer that is none: $name', async ({ body, message }) => {
  backend.answers.set('/loki/api/v1/query_range', (response: { end: (text: string) => void }) => response.end(body));
  expect((await run(['query', '{}', '--addr', backend.address])).failure?.message).toBe(message);
});
