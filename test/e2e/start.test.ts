import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Api } from '../support/api.ts';
import { freePort } from '../support/server.ts';

const root = path.resolve(import.meta.dirname, '../..');
const withinMs = 60_000;

/** The environment of somebody who has just cloned this: the Node of the system, nothing of the npm that runs these tests. */
const environment = Object.fromEntries(
  Object.entries({ ...process.env, PATH: (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => !/node_modules|node24/.test(folder)).join(path.delimiter) }).filter(
    ([name]) => !/^(?:npm_|NODE_|VITEST|SPOOR_|CI$)/i.test(name),
  ),
);

let folder: string;
let start: ChildProcess | undefined;
let said = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'spoor-start-'));
});
afterEach(async () => {
  if (start !== undefined && start.exitCode === null && start.signalCode === null) {
    process.kill(-(start.pid ?? 0), 'SIGKILL');
    await once(start, 'exit');
  }
  for (let i = 0; i < 100 && processes().length > 0; i++) await sleep(100);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

/** What runs and was given a path in the folder of this test. */
function processes(): string[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(folder));
}

/** Asks until the answer is true; says what it waited for, and what npm start and its parts said. */
async function within(what: string, answer: () => Promise<boolean>): Promise<void> {
  for (const began = performance.now(); performance.now() - began < withinMs; await sleep(200)) {
    if (start?.exitCode !== null) throw new Error(`npm start ended with ${start?.exitCode}:\n${said}`);
    if (await answer().catch(() => false)) return;
  }
  const logs = ['server.log', 'agent.log'].map((name) => `${name}:\n${readFileSync(path.join(folder, name), 'utf8').slice(-3000)}`);
  throw new Error(`not within a minute: ${what}\n${said}\n${logs.join('\n')}`);
}

/** `npm start` on the folder of this test, in a process group of its own, as a terminal starts it. */
function npmStart(port: number): ChildProcess {
  said = '';
  const child = spawn('npm', ['start', '--', '--listen', `127.0.0.1:${port}`, '--dir', folder], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  start = child;
  return child;
}

interface Trace {
  readonly services: readonly string[];
  readonly entries: readonly { readonly timestamp: string; readonly gapNs: string; readonly line: string; readonly labels: Readonly<Record<string, string>> }[];
}

it('npm start: logs of several services, a trace through them, the page; Ctrl-C ends it all', { timeout: 240_000 }, async () => {
  const port = await freePort();
  const api = new Api(`http://127.0.0.1:${port}`);
  let child = npmStart(port);
  const services = async (): Promise<string[]> => (await api.get<{ data?: string[] }>('/loki/api/v1/label/service_name/values')).data ?? [];
  await within('logs of several services', async () => (await services()).length >= 5);
  await within('the greeting', async () => said.includes('Ctrl-C ends it all.'));
  expect(said).toContain(`http://127.0.0.1:${port}/`);

  // The trace that the greeting names.
  const traceId = /npx spoor trace ([0-9a-f]{32})/.exec(said)?.[1] ?? '';
  const readTrace = async (): Promise<Trace> => (await api.get<{ data: Trace }>(`/spoor/api/v1/traces/${traceId}`)).data;
  const trace = await readTrace();
  expect(trace.services.length).toBeGreaterThanOrEqual(3);
  expect(trace.entries.map(({ line }) => line).filter((line) => !line.includes(traceId))).toEqual([]);
  expect(new Set(trace.entries.map(({ labels }) => labels['container'])).size).toBeGreaterThanOrEqual(3);
  const times = trace.entries.map(({ timestamp }) => BigInt(timestamp));
  expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(trace.entries.slice(1).map(({ gapNs }) => BigInt(gapNs))).toEqual(times.slice(1).map((time, i) => time - (times[i] ?? 0n)));

  // The other two commands find something, and lines go on coming.
  expect((await api.lines('{container="checkout"} |= "ERROR"', { limit: 10 })).length).toBeGreaterThan(0);
  const count = (): Promise<number> => api.number('sum(count_over_time({namespace="shop"}[1h]))');
  const before = await count();
  expect(before).toBeGreaterThan(1000);
  await within('new lines', async () => (await count()) > before);

  const page = await api.text('/');
  expect(page).toContain('<title>spoor</title>');
  for (const [, asset = ''] of page.matchAll(/(?:src|href)="(ui\/[^"]+)"/g)) expect((await api.fetch(`/${asset}`)).status, asset).toBe(200);

  // What a terminal does at Ctrl-C: npm and everything in its process group get the signal. The shell between npm and the demo may then end by it.
  expect(processes().length).toBeGreaterThanOrEqual(3);
  process.kill(-(child.pid ?? 0), 'SIGINT');
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  expect(code ?? signal, said).toBeOneOf([0, 'SIGINT']);
  expect(said).toContain('stopped; npm start goes on with the same data');
  expect(processes()).toEqual([]);

  child = npmStart(port);
  await within('the greeting', async () => said.includes('Ctrl-C ends it all.'));
  expect((await readTrace()).entries).toEqual(trace.entries);
  const demo = processes().find((line) => line.includes('node demo/main.ts') && !line.includes('sh -c'));
  process.kill(Number(demo?.trim().split(' ')[0]), 'SIGINT');
  expect(await once(child, 'exit'), said).toEqual([0, null]);
  expect(processes()).toEqual([]);
});
