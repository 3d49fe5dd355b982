/**
 * What very many streams cost: `node bench/streams.ts [--streams 100000] [--pushes 200000] [--dist DIR] [--write]`. One server, three phases in one data directory: 100,000 streams made of
 * ordinary labels with five lines each; 200,000 pushes of one line over them; then one label with 100,000 values beside ordinary ones. After each phase everything is flushed and queried.
 * Prints pushes, memory, objects, bytes and query times; --write keeps them in bench/last-streams.json, from which bench/run.ts takes them into docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { formatLabels, labelSet, type LabelSet } from '../src/model/mod.ts';
import { root, work } from './corpus.ts';
import { commit, cpuSeconds, loadAverage, peakMiB, residentMiB, sizeOf } from './machine.ts';
import { encodePush, send, type StreamRows } from './pushes.ts';
import { spoor, start, type Running } from './systems.ts';
import { streamsText, type StreamsPhase, type StreamsResult } from './streams-page.ts';

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '100000' },
    pushes: { type: 'string', default: '200000' },
    dist: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const streams = Number(options.streams);
const pushes = Number(options.pushes);
const startMs = Date.parse('2026-11-20T00:00:00Z');
const log = (text: string): void => void process.stderr.write(`${text}\n`);

// 50 apps × 200 nodes × as many containers as it takes.
const appOf = (i: number): string => `app-${i % 50}`;
const labelsOf = (i: number): LabelSet => labelSet(Object.entries({ app: appOf(i), container: `main-${Math.floor(i / 10_000)}`, namespace: `team-${i % 10}`, node: `node-${Math.floor(i / 50) % 200}` }));
const userLabelsOf = (i: number): LabelSet => labelSet(Object.entries({ app: appOf(i), namespace: 'users', node: `node-${i % 20}`, user: `u-${i}` }));
const lineOf = (i: number, n: number): string => `level=${n % 20 === 0 ? 'error' : 'info'} msg="request completed" trace_id=${(i * 2_654_435_761 + n).toString(16).padStart(32, '0')} duration=${(i * 7 + n * 13) % 900}ms seq=${n}`;

let rawBytes = 0;
function rowsOf(i: number, labels: LabelSet, count: number, from: number, everyMs: number): StreamRows {
  const rows = Array.from({ length: count }, (_, n) => ({ timeMs: from + n * everyMs + (i % 1000), line: lineOf(i, n) }));
  for (const { line } of rows) rawBytes += line.length;
  return { labels, rows };
}

interface Asking {
  readonly id: string;
  /** With what the answer holds: its series, entries or values. */
  readonly path: () => string;
}

const day = { start: `${startMs}000000`, end: `${startMs + 86_400_000}000000` };
const query = (text: string, more: Readonly<Record<string, string>> = {}): string => `/loki/api/v1/query_range?${new URLSearchParams({ query: text, ...day, ...more }).toString()}`;
const instant = (text: string): string => `/loki/api/v1/query?${new URLSearchParams({ query: text, time: day.end }).toString()}`;
const middle = Math.floor(streams / 2) + 7;
const ordinary: readonly Asking[] = [
  { id: 'lines of one stream', path: () => query(formatLabels(labelsOf(middle)), { limit: '100' }) },
  { id: 'count of one app', path: () => instant('sum(count_over_time({app="app-7"}[1d]))') },
  { id: 'count of all by app', path: () => instant('sum by (app) (count_over_time({app=~".+"}[1d]))') },
  { id: 'needle in all streams', path: () => query(`{app=~".+"} |= "${lineOf(middle, 0).slice(40, 75)}"`, { limit: '100' }) },
  { id: 'latest 100 of a tenth', path: () => query('{namespace="team-3"}', { limit: '100' }) },
  { id: 'errors of one node by app', path: () => instant('sum by (app) (count_over_time({node="node-11"} | logfmt | level="error" [1d]))') },
  { id: 'label names', path: () => `/loki/api/v1/labels?${new URLSearchParams(day).toString()}` },
  { id: 'values of node', path: () => `/loki/api/v1/label/node/values?${new URLSearchParams(day).toString()}` },
  { id: 'series of one app', path: () => `/loki/api/v1/series?${new URLSearchParams({ ...day, 'match[]': '{app="app-7"}' }).toString()}` },
  { id: 'stats of all', path: () => `/loki/api/v1/index/stats?${new URLSearchParams({ ...day, query: '{app=~".+"}' }).toString()}` },
];
const manyValues: readonly Asking[] = [
  { id: 'lines of one user', path: () => query(`{user="u-${middle}"}`, { limit: '100' }) },
  { id: 'count of users by pattern', path: () => instant('sum(count_over_time({user=~"u-99.*"}[1d]))') },
  { id: 'values of user', path: () => `/loki/api/v1/label/user/values?${new URLSearchParams(day).toString()}` },
];

async function ask({ url }: Running, { id, path: request }: Asking): Promise<StreamsPhase['queries'][number]> {
  const times: number[] = [];
  let answer = '';
  for (let run = 0; run < 4; run++) {
    const began = performance.now();
    const response = await fetch(url + request(), { signal: AbortSignal.timeout(120_000) });
    const text = await response.text();
    times.push(performance.now() - began);
    answer = response.ok ? found(JSON.parse(text)) : `${response.status} ${text.slice(0, 100).trim()}`;
  }
  log(`${id}: ${times.map((ms) => ms.toFixed(1)).join(' ')} ms, ${answer}`);
  return { id, firstMs: times[0] ?? 0, bestMs: Math.min(...times.slice(1)), answer };
}

/** What an answer holds, in a word. */
function found(answer: unknown): string {
  const { data, entries } = answer as { readonly data?: unknown; readonly entries?: number };
  if (entries !== undefined) return `${entries} entries`;
  if (Array.isArray(data)) return `${data.length}`;
  const { resultType, result } = data as { readonly resultType: string; readonly result: readonly { readonly values?: readonly unknown[]; readonly value?: readonly [number, string] }[] };
  if (resultType === 'streams') return `${result.reduce((sum, { values }) => sum + (values?.length ?? 0), 0)} entries`;
  return `${result.length} series, sum ${result.reduce((sum, { value }) => sum + Number(value?.[1] ?? 0), 0)}`;
}

interface Phase {
  readonly what: string;
  readonly streams: number;
  readonly pushes: number;
  readonly lines: number;
  readonly asked: readonly Asking[];
  readonly body: (push: number) => Promise<Uint8Array>;
}

async function runPhase(running: Running, data: string, { what, streams, pushes, lines, asked, body }: Phase): Promise<StreamsPhase> {
  log(`${what}: ${pushes} pushes, load average ${loadAverage()}`);
  rawBytes = 0;
  const cpu = cpuSeconds(running.pid);
  const began = performance.now();
  const sent = await send(`${running.url}/loki/api/v1/push`, pushes, body, 16);
  await fetch(`${running.url}/flush`, { method: 'POST' });
  for (let idle = 0, last = cpuSeconds(running.pid); idle < 3; ) {
    await sleep(1000);
    const now = cpuSeconds(running.pid);
    idle = now - last < 0.05 ? idle + 1 : 0;
    last = now;
  }
  const seconds = (performance.now() - began) / 1000;
  const used = cpuSeconds(running.pid) - cpu;
  const restMiB = residentMiB(running.pid);
  const stored = sizeOf(path.join(data, 'objects'));
  const queries = [];
  for (const asking of asked) queries.push(await ask(running, asking));
  return { what, streams, pushes, lines, rawMB: rawBytes / 1e6, seconds, cpuSeconds: used, p50ms: sent.p50ms, p99ms: sent.p99ms, refused: sent.refused, peakMiB: peakMiB(running.pid), restMiB, storedMB: stored.bytes / 1e6, objects: stored.files, queries };
}

const perPush = 500;
const phases: readonly Phase[] = [
  {
    what: `${streams.toLocaleString('en-US')} streams, 5 lines each`, streams, pushes: Math.ceil(streams / perPush), lines: streams * 5, asked: ordinary,
    body: async (push) => encodePush(Array.from({ length: Math.min(perPush, streams - push * perPush) }, (_, k) => rowsOf(push * perPush + k, labelsOf(push * perPush + k), 5, startMs, 60_000))),
  },
  {
    what: `${pushes.toLocaleString('en-US')} pushes of a line over them`, streams, pushes, lines: pushes, asked: ordinary,
    // A prime step, so that neighbours in time are not neighbours in labels.
    body: async (push) => encodePush([rowsOf((push * 7919) % streams, labelsOf((push * 7919) % streams), 1, startMs + 3_600_000 + push * 20, 1)]),
  },
  {
    what: `a label with ${streams.toLocaleString('en-US')} values`, streams: streams * 2, pushes: Math.ceil(streams / perPush), lines: streams * 5, asked: [...ordinary, ...manyValues],
    body: async (push) => encodePush(Array.from({ length: Math.min(perPush, streams - push * perPush) }, (_, k) => rowsOf(push * perPush + k, userLabelsOf(push * perPush + k), 5, startMs + 36_000_000, 60_000))),
  },
];

mkdirSync(work, { recursive: true });
if (options.dist === undefined) execFileSync(process.execPath, [path.join(root, 'tools/build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
const dist = path.join(work, 'dist-streams');
rmSync(dist, { recursive: true, force: true });
cpSync(options.dist ?? path.join(root, 'dist'), dist, { recursive: true });
const data = path.join(work, 'data-streams');
rmSync(data, { recursive: true, force: true });
mkdirSync(data);
const running = await start(spoor({ dist }), data);
const measured: StreamsPhase[] = [];
try {
  for (const phase of phases) measured.push(await runPhase(running, data, phase));
} finally {
  await running.stop();
  rmSync(data, { recursive: true, force: true });
}
const result: StreamsResult = { date: new Date().toISOString().slice(0, 10), commit: commit(options.dist === undefined ? root : path.dirname(options.dist)), phases: measured };
process.stdout.write(`${streamsText(result)}\n`);
if (options.write) writeFileSync(path.join(import.meta.dirname, 'last-streams.json'), `${JSON.stringify(result, null, 1)}\n`);
