import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Backend, frameOf, type StoredEntry } from '../cli/backend.ts';
import { until } from '../cli/run.ts';

interface LiveTail {
  stop(): void;
}

interface Callbacks {
  readonly onEntries: (entries: readonly { readonly line: string }[]) => void;
  readonly onState: (state: string) => void;
  readonly onGap: () => void;
  readonly onError: (text: string) => void;
}

const { Live } = (await import(new URL('../../ui/live.js', import.meta.url).href)) as {
  readonly Live: new (options: { readonly query: string; readonly startNs: bigint; readonly limit: number }, callbacks: Callbacks) => LiveTail;
};

let backend: Backend;
let live: LiveTail | undefined;
let lines: string[];
let states: string[];
let gaps: number;
let errors: string[];

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
  vi.stubGlobal('document', { baseURI: `${backend.address}/` });
  [lines, states, gaps, errors] = [[], [], 0, []];
});

afterEach(async () => {
  live?.stop();
  vi.unstubAllGlobals();
  await backend.crash();
});

function start(limit = 10): void {
  live = new Live(
    { query: '{app=~".+"}', startNs: 0n, limit },
    {
      onEntries: (entries) => lines.push(...entries.map(({ line }) => line)),
      onState: (state) => states.push(state),
      onGap: () => gaps++,
      onError: (text) => errors.push(text),
    },
  );
}

const entry = (i: number): StoredEntry => ({ timeNs: BigInt(1000 + i), labels: { app: 'a' }, line: `line ${i}` });

test('shows what is there and what comes, also after a break, each line once', async () => {
  backend.entries.push(entry(0), entry(1));
  start();
  await until(() => lines.length === 2, 'history is there');
  backend.push(entry(2));
  await until(() => lines.length === 3, 'a new line is there');
  await backend.crash();
  backend.entries.push(entry(3), entry(4));
  await backend.start();
  await until(() => lines.length === 5, 'what was missed is there');
  backend.push(entry(5));
  await until(() => lines.length === 6, 'it goes on');
  expect(lines).toEqual([0, 1, 2, 3, 4, 5].map((i) => `line ${i}`));
  expect(states).toEqual(expect.arrayContaining(['connecting', 'open', 'broken']));
  expect(gaps).toBe(0);
});

test('says so where more was missed than comes back, and where the server left lines out', async () => {
  start(3);
  backend.onTail = () => undefined;
  await until(() => states.includes('open'), 'it is connected');
  backend.push(entry(0));
  await until(() => lines.length === 1, 'a line is there');
  await backend.crash();
  backend.entries.push(...[1, 2, 3, 4, 5].map(entry));
  await backend.start();
  await until(() => lines.length === 4, 'the newest three are there');
  expect(gaps).toBe(1);
  for (const socket of backend.tails) socket.send(frameOf([entry(9)], [{ labels: {}, timestamp: '1' }]));
  await until(() => gaps === 2, 'the second gap is told');
});

test('a query that is refused ends it with the reason of the server', async () => {
  backend.refuseTail = 400;
  backend.answers.set('/loki/api/v1/query_range', 'parse error : nope');
  start();
  await until(() => errors.length === 1, 'the error is told');
  expect(errors).toEqual(['parse error : nope']);
});

test('what is stopped stays stopped', async () => {
  start();
  await until(() => states.includes('open'), 'it is connected');
  live?.stop();
  await until(() => backend.tails.size === 0, 'the connection is closed');
  const before = backend.tailsOpened;
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(backend.tailsOpened).toBe(before);
});
