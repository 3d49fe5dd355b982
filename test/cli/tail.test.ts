import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backend, frameOf, type StoredEntry } from './backend.ts';
import { nowNs, Running, run, until } from './run.ts';

let backend: Backend;
let tail: Running | undefined;

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
});

afterEach(async () => {
  tail?.interrupt();
  await tail?.done;
  tail = undefined;
  await backend.crash();
});

function numbered(i: number, ms = i * 10, line = `line ${i}`): StoredEntry {
  return { timeNs: nowNs + BigInt(ms) * 1_000_000n, labels: { app: i % 2 === 0 ? 'even' : 'odd' }, line };
}

function start(...argv: readonly string[]): Running {
  tail = new Running(['tail', '{app=~".+"}', '--addr', backend.address, '-o', 'raw', ...argv]);
  return tail;
}

const linesOf = (running: Running): string[] => running.out.split('\n').slice(0, -1);
const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

test('asks as logcli does, shows the newest entries and goes on with new ones', async () => {
  backend.entries.push(...[0, 1, 2, 3].map((i) => numbered(i, -1000 + i)));
  const running = start('--limit', '3', '--delay-for', '2', '--since', '5m');
  await until(() => running.out.includes('line 3'), 'history is shown');
  backend.push(numbered(4));
  await until(() => running.out.includes('line 4'), 'the new entry is shown');
  expect(linesOf(running)).toEqual(lines(1, 5));
  expect(Object.fromEntries(backend.requests[0]?.parameters ?? [])).toEqual({ query: '{app=~".+"}', delay_for: '2', limit: '3', start: String(nowNs - 300_000_000_000n) });
  running.interrupt();
  expect(await running.done).toMatchObject({ failure: undefined });
});

test('`query --tail` and `query -f` are the same command', async () => {
  for (const flag of ['--tail', '-f']) {
    backend.entries.length = 0;
    tail = new Running(['query', '{app=~".+"}', flag, '--addr', backend.address, '-q', '-z', 'UTC', '--include-label', 'app']);
    await until(() => backend.tails.size === 1, 'it is connected');
    backend.push({ timeNs: nowNs, labels: { app: 'x', pod: 'y' }, line: flag });
    await until(() => tail?.out !== '', 'the entry is shown');
    expect(tail.out).toBe(`2026-01-19T10:00:00Z {app="x"} ${flag}\n`);
    tail.interrupt();
    await tail.done;
    await until(() => backend.tails.size === 0, 'it is gone');
  }
});

test('after breaks of every kind nothing is missing and nothing comes twice', async () => {
  const running = start('--limit', '5');
  await until(() => backend.tails.size === 1, 'it is connected');
  let next = 0;
  const push = (count: number): void => {
    for (let i = 0; i < count; i++) backend.push(numbered(next++));
  };
  const store = (count: number): void => {
    // Many entries share a time.
    for (let i = 0; i < count; i++) backend.entries.push(numbered(next, Math.floor(next / 4) * 40, `line ${next++}`));
  };
  push(30);
  await until(() => running.out.includes('line 29\n'), 'the first entries are shown');

  await backend.crash();
  store(2500);
  await backend.start();
  await until(() => running.out.includes('line 2529\n'), 'the gap is shown');

  push(7);
  for (const socket of backend.tails) socket.close(1001, 'going away');
  store(3);
  await until(() => running.out.includes('line 2539\n'), 'the second gap is shown');

  // Entries that arrive while the gap is read come from both sides.
  backend.onTail = () => store(4);
  for (const socket of backend.tails) socket.terminate();
  store(5);
  await until(() => running.out.includes('line 2548\n'), 'the third gap is shown');
  backend.onTail = () => undefined;

  push(1);
  await until(() => running.out.includes('line 2549\n'), 'the last entry is shown');
  expect(linesOf(running).toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5)))).toEqual(lines(0, 2550));
  expect(running.notes).toContain('going away; connecting again');
});

test('what a new connection brings of long ago is not shown again, however much time has passed', async () => {
  const running = start('--limit', '100');
  await until(() => backend.tails.size === 1, 'it is connected');
  await backend.crash();
  // Nothing had come before the break; then the gap spans minutes.
  for (let i = 0; i < 40; i++) backend.entries.push(numbered(i, i * 10_000));
  await backend.start();
  await until(() => running.out.includes('line 39'), 'the gap is shown');
  backend.push(numbered(40, 400_000));
  await until(() => running.out.includes('line 40'), 'it goes on');
  expect(linesOf(running)).toEqual(lines(0, 41));
});

test('history is not shown whole where the first connection broke before anything came', async () => {
  const running = start('--limit', '2', '--since', '1h');
  await until(() => backend.tails.size === 1, 'it is connected');
  await backend.crash();
  for (let i = 0; i < 50; i++) backend.entries.push(numbered(i, -3_000_000 + i));
  backend.entries.push(numbered(50, 1));
  await backend.start();
  await until(() => running.out.includes('line 50'), 'the gap is shown');
  backend.push(numbered(51, 2));
  await until(() => running.out.includes('line 51'), 'it goes on');
  expect(linesOf(running).toSorted()).toEqual(['line 49', 'line 50', 'line 51']);
});

test('entries that were late while the connection was broken are shown', async () => {
  const running = start();
  await until(() => backend.tails.size === 1, 'it is connected');
  backend.push(numbered(0, 0));
  backend.push(numbered(1, 9000));
  await until(() => running.out.includes('line 1'), 'both are shown');
  await backend.crash();
  backend.entries.push(numbered(2, 5000));
  await backend.start();
  await until(() => running.out.includes('line 2'), 'the late one is shown');
  expect(linesOf(running).toSorted()).toEqual(lines(0, 3));
});

test('history that was not asked for is not shown after a break', async () => {
  backend.entries.push(...[0, 1, 2, 3, 4].map((i) => numbered(i, i)));
  const running = start('--limit', '2');
  await until(() => running.out.includes('line 4'), 'history is shown');
  await backend.crash();
  backend.entries.push(numbered(5));
  await backend.start();
  await until(() => running.out.includes('line 5'), 'the gap is shown');
  expect(linesOf(running)).toEqual(lines(3, 6));
});

test('entries that the server left out are read afterwards', async () => {
  const running = start();
  await until(() => backend.tails.size === 1, 'it is connected');
  backend.push(numbered(0));
  backend.entries.push(numbered(1), numbered(2));
  for (const socket of backend.tails) socket.send(frameOf([numbered(3)], [{ labels: {}, timestamp: '1' }]));
  await until(() => running.out.includes('line 2'), 'the dropped ones are shown');
  expect(linesOf(running).toSorted()).toEqual(lines(0, 4));
  expect(running.notes).toContain('left out entries');
});

test('the same line at the same time in another stream is another entry', async () => {
  const running = start();
  await until(() => backend.tails.size === 1, 'it is connected');
  backend.push({ timeNs: nowNs, labels: { app: 'a' }, line: 'same' });
  await until(() => running.out === 'same\n', 'it is shown');
  await backend.crash();
  backend.entries.push({ timeNs: nowNs, labels: { app: 'b' }, line: 'same' });
  await backend.start();
  await until(() => running.out === 'same\nsame\n', 'the other one is shown');
});

test('a query that the server refuses ends the command with its text', async () => {
  backend.refuseTail = 400;
  const { failure } = await run(['tail', '{', '--addr', backend.address]);
  expect(failure).toMatchObject({ status: 400, message: 'parse error at line 1, col 1: syntax error' });
});

test('a server that was never there is a failure, not a reason to wait', async () => {
  await backend.crash();
  const { failure } = await run(['tail', '{}', '--addr', backend.address]);
  expect(failure?.message).toMatch(/^cannot reach http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/);
  await backend.start();
});
