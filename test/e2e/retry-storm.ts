/**
 * A retry storm: clients repeat pushes that are refused, at once and without end, while others push normally. What comes of the others is measured: how long their pushes take, and
 * whether every line is there once. `node test/e2e/retry-storm.ts --seconds 60 --delay-max 2s` does it by hand on a server of its own
 * (`0s`: refusals are not held back).
 */
import { Agent, request } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { Api } from '../support/api.ts';
import { freePort, ServerProcess } from '../support/server.ts';

/** Limits of the tenants that are refused. */
export const stormConfig = `
auth_enabled: true
overrides:
  slow: {ingestion_rate_mb: 0.01, ingestion_burst_size_mb: 0.01}
  few: {max_global_streams_per_user: 1}
  short: {max_line_size: 100B}
  blocked: {block_ingestion_until: "2199-01-01T00:00:00Z"}
`;

export interface StormOptions {
  readonly url: string;
  readonly stormers: number;
  readonly others: number;
  /** How long it is quiet first, and how long it storms. */
  readonly quietMs: number;
  readonly stormMs: number;
}

export interface StormReport {
  readonly quiet: Latency;
  readonly storm: Latency;
  /** Refused pushes by tenant and status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Pushes of the others that were not answered 204 the first time. */
  readonly repeated: number;
  readonly linesPushed: number;
  readonly linesStored: number;
}

export interface Latency {
  readonly pushes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

interface Push {
  readonly tenant: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const json = { 'content-type': 'application/json' };

/** Pushes that are refused, each for another reason. */
function refusedPushes(): readonly Push[] {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const values = (count: number, length: number, ageNs = 0n): unknown[] => Array.from({ length: count }, (_, i) => [String(nowNs - ageNs + BigInt(i)), `line ${i} `.padEnd(length, 'x')]);
  const body = (streams: readonly unknown[]): Buffer => Buffer.from(JSON.stringify({ streams }));
  const large = body([{ stream: { app: 'storm' }, values: values(5000, 200) }]);
  return [
    { tenant: 'slow', headers: json, body: large },
    { tenant: 'slow', headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(large) },
    { tenant: 'few', headers: json, body: body(Array.from({ length: 1000 }, (_, i) => ({ stream: { app: 'storm', i: String(i) }, values: values(1, 100) }))) },
    { tenant: 'short', headers: json, body: large },
    { tenant: 'shared', headers: json, body: body([{ stream: { app: 'old' }, values: values(5000, 200, 10n ** 9n * 86_400n * 30n) }]) },
    { tenant: 'shared', headers: { 'content-type': 'application/x-protobuf' }, body: compressSync(large) },
    { tenant: 'shared', headers: json, body: large.subarray(0, large.length - 10) },
    { tenant: 'shared', headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(200 * 2 ** 20, 0x20)) },
    { tenant: 'blocked', headers: json, body: large },
    { tenant: '', headers: json, body: large },
  ];
}

function send(agent: Agent, url: string, { tenant, headers, body }: Push): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/loki/api/v1/push`, { method: 'POST', agent, headers: { ...headers, ...(tenant === '' ? {} : { 'x-scope-orgid': tenant }), 'content-length': body.length } }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function latencyOf(times: number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
  return { pushes: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** Runs a storm against a server that was started with stormConfig. */
export async function retryStorm({ url, stormers, others, quietMs, stormMs }: StormOptions): Promise<StormReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const refused: Record<string, number> = {};
  const times: { readonly quiet: number[]; readonly storm: number[] } = { quiet: [], storm: [] };
  const storm: { phase: 'quiet' | 'storm' | 'over' } = { phase: 'quiet' };
  let repeated = 0;
  let linesPushed = 0;
  const linesEach = 100;

  const other = async (client: number): Promise<void> => {
    // Half of them share their tenant with clients that are refused.
    const tenant = client % 2 === 0 ? 'shared' : 'normal';
    for (let push = 0; storm.phase !== 'over'; push++) {
      const nowNs = BigInt(Date.now()) * 1_000_000n;
      const values = Array.from({ length: linesEach }, (_, i) => [String(nowNs + BigInt(i)), `other ${client} push ${push} line ${i}`]);
      const body = Buffer.from(JSON.stringify({ streams: [{ stream: { app: 'other', client: String(client) }, values }] }));
      const during = storm.phase;
      for (let tries = 0; ; tries++) {
        const start = performance.now();
        const status = await send(agent, url, { tenant, headers: json, body }).catch(() => 0);
        if (status === 204) {
          (during === 'quiet' ? times.quiet : times.storm).push(performance.now() - start);
          break;
        }
        repeated++;
        if (tries > 100) throw new Error(`a good push was answered ${status} a hundred times`);
        await sleep(50);
      }
      linesPushed += linesEach;
      await sleep(50);
    }
  };
  const stormer = async (push: Push): Promise<void> => {
    while (storm.phase !== 'over') {
      const status = await send(agent, url, push).catch(() => 0);
      const key = `${push.tenant || 'no tenant'} ${status}`;
      refused[key] = (refused[key] ?? 0) + 1;
      // A refused connection is not worth a busy loop.
      if (status === 0) await sleep(10);
    }
  };

  const running = Array.from({ length: others }, (_, i) => other(i));
  await sleep(quietMs);
  const pushes = refusedPushes();
  storm.phase = 'storm';
  const storming = Array.from({ length: stormers }, (_, i) => stormer(pushes[i % pushes.length]!));
  await sleep(stormMs);
  storm.phase = 'over';
  await Promise.all([...running, ...storming]);
  agent.destroy();

  let linesStored = 0;
  for (const tenant of ['shared', 'normal']) linesStored += await new Api(url, { 'x-scope-orgid': tenant }).number('sum(count_over_time({app="other"}[1h]))');
  return { quiet: latencyOf(times.quiet), storm: latencyOf(times.storm), refused, repeated, linesPushed, linesStored };
}

if (import.meta.main) {
  const option = (name: string, otherwise: string): string => (process.argv.includes(name) ? (process.argv[process.argv.indexOf(name) + 1] ?? otherwise) : otherwise);
  const seconds = Number(option('--seconds', '60'));
  const environment = { SPOOR_SERVER_REFUSAL_DELAY_MAX: option('--delay-max', '2s') };
  const directory = mkdtempSync(path.join(tmpdir(), 'spoor-storm-'));
  writeFileSync(path.join(directory, 'spoor.yaml'), stormConfig);
  const server = await ServerProcess.start({ dataDirectory: path.join(directory, 'data'), port: await freePort(), config: path.join(directory, 'spoor.yaml'), environment });
  try {
    const report = await retryStorm({ url: server.url, stormers: 50, others: 8, quietMs: 10_000, stormMs: seconds * 1000 });
    process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
    const metrics = await new Api(server.url).metrics();
    for (const [name, value] of metrics) if (/^spoor_(ingest_re|process_resident|event_loop_delay)/.test(name)) process.stdout.write(`${name} ${value}\n`);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
