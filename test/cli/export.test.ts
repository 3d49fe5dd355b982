import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEntryLine } from '../../cli/export.ts';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { run } from './run.ts';

let server: InProcess;
const startNs = (BigInt(Date.now()) / 60_000n - 30n) * 60_000_000_000n;
const range = ['--from', String(startNs), '--to', String(startNs + 60_000_000_000n)];
const rows = 6500;

beforeAll(async () => {
  server = await startInProcess();
  // More of one time than a page of the server's limit holds.
  await server.api.push([{ stream: { app: 'shop' }, values: Array.from({ length: rows }, (_, n) => [String(startNs + BigInt(Math.floor(n / 6000))), `line ${n}`, { n: String(n % 3) }] as const) }]);
});
afterAll(() => server.close());

const spoor = (...argv: string[]): ReturnType<typeof run> => run([...argv, '--addr', server.url, '--quiet']);

test('--limit 0 prints every entry in one answer, in order', async () => {
  for (const compress of [[], ['--compress']]) {
    const { out, failure } = await spoor('query', '{app="shop"}', ...range, '--limit', '0', '--forward', '-o', 'jsonl', ...compress);
    expect(failure).toBeUndefined();
    const lines = out.trimEnd().split('\n').map((text) => JSON.parse(text) as { line: string; labels: Record<string, string> });
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: rows }, (_, n) => `line ${n}`));
    expect(server.log.filter((text) => text.includes('limit'))).toEqual([]);
  }
});

test('--limit 0 of a metric query prints its result', async () => {
  const { out } = await spoor('query', 'sum(count_over_time({app="shop"}[1m]))', ...range, '--limit', '0', '--step', '1m');
  expect(out).toContain('"6000"');
  expect(out).toContain('"500"');
});

test('context prints what stands around an entry', async () => {
  const { out } = await spoor('context', '{app="shop"}', String(startNs), '--line', 'line 5999', '-B', '2', '-A', '1', '-o', 'raw');
  expect(out).toBe('line 5997\nline 5998\nline 5999\nline 6000\n');
  const { out: marked } = await spoor('context', '{app="shop"}', String(startNs), '--line', 'line 5999', '-B', '1', '-A', '0', '--no-labels');
  expect(marked.trimEnd().split('\n').map((line) => line.startsWith('→ '))).toEqual([false, true]);
  expect((await spoor('context', '{app="shop"}', String(startNs + 5n))).failure?.message).toContain('no such entry');
});

test('explain prints the plan, as text or as JSON', async () => {
  const { out } = await spoor('explain', 'sum by (app) (rate({app="shop"} |= "line" [1m]))', ...range, '--analyze');
  for (const text of ['sum  (grouping: by (app))', 'rate', 'selector: {app="shop"}', '|= "line"  over blocks of lines', 'analyzed', 'elapsedMs']) expect(out).toContain(text);
  const { out: json } = await spoor('explain', '{app="shop"}', ...range, '-o', 'jsonl');
  expect(JSON.parse(json)).toMatchObject({ plan: { operator: 'rows' } });
});

test('a line that tells of a failure is one', () => {
  expect(() => readEntryLine('{"error":{"code":"query_timeout","message":"too late"}}')).toThrow('the server broke off: too late');
  expect(() => readEntryLine('{"line":"without time"}')).toThrow('no ts');
  expect(readEntryLine('{"ts":"5","stream":{"b":"1"},"parsed":{"a":"2"},"line":"x"}')).toEqual({ timeNs: 5n, labels: new Map([['a', '2'], ['b', '1']]), line: 'x' });
});
