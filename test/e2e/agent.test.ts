import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgentProcess } from '../support/agent.ts';
import { Api } from '../support/api.ts';
import { randomNumbers } from '../support/random.ts';
import { freePort, ServerProcess } from '../support/server.ts';
import { Container, RecordTimes, type WrittenLine } from './container.ts';

const containerCount = 5;
/** How each server dies: at a step of a flush, or at a random time. */
const deaths = ['segment_put', '', '', 'manifest_put', '', 'committed', '', '', 'cut', '', 'trimmed', ''];
const agentKillsMin = 12;
const hourNs = 3_600_000_000_000n;

const environment = {
  SPOOR_INGESTER_FLUSH_BYTES: '256KB',
  SPOOR_LIMITS_PER_STREAM_RATE_LIMIT: '1GB',
  SPOOR_LIMITS_PER_STREAM_RATE_LIMIT_BURST: '1GB',
  SPOOR_LIMITS_INGESTION_RATE_MB: '1000',
  SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '1000',
};

const seed = Number(process.env['SPOOR_TEST_SEED'] ?? Date.now() % 1_000_000);
const random = randomNumbers(seed);
const startNs = BigInt(Date.now() - 1_800_000) * 1_000_000n;

let folder: string;
let api: Api;
let server: ServerProcess | undefined;
let agent: AgentProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'spoor-e2e-agent-'));
});
afterEach(async () => {
  await agent?.kill();
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts and kills servers; the last one that it started is dead. */
async function killServers(dataDirectory: string, port: number): Promise<void> {
  for (const failpoint of deaths) {
    server = ServerProcess.spawn({ dataDirectory, port, environment: { ...environment, ...(failpoint === '' ? {} : { SPOOR_FAILPOINT: failpoint }) } });
    await Promise.race([server.ready().catch(() => undefined), server.exited]);
    await sleep(200 + random() * 600);
    if (failpoint === '') await server.kill();
    while (server.running) {
      await Promise.race([api.flush().catch(() => undefined), server.exited]);
      await sleep(20);
    }
    const { signal } = await server.exited;
    if (signal !== 'SIGKILL') throw new Error(`the server ended by itself:\n${server.output}`);
  }
}

/** Starts and kills agents until it is told to stop; gives how many. */
async function killAgents(config: string, stop: AbortSignal): Promise<number> {
  let kills = 0;
  while (!stop.aborted || kills < agentKillsMin) {
    agent = await AgentProcess.start(config);
    await sleep(random() * 1000);
    if (!agent.running) throw new Error(`the agent ended by itself:\n${agent.output}`);
    await agent.kill();
    kills += 1;
    await sleep(random() * 150);
  }
  return kills;
}

async function writeUntil(containers: readonly Container[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    for (const container of containers) container.step();
    await sleep(10);
  }
  for (const container of containers) container.end();
}

const count = (): Promise<number> => api.number('sum(count_over_time({namespace="crash"}[1h]))', { time: startNs + hourNs });

/** Waits until all lines are there, or until no more come. */
async function settle(lines: number): Promise<void> {
  let before = -1;
  for (let quiet = 0; quiet < 60; quiet++) {
    const now = await count();
    if (now >= lines) return;
    if (now !== before) quiet = 0;
    before = now;
    await sleep(250);
  }
}

/** Every line that the server has, by pod and stream, in the order in which it answers: pages, oldest first. */
async function readAll(): Promise<Map<string, WrittenLine[]>> {
  const found = new Map<string, WrittenLine[]>();
  const limit = 5000;
  for (let fromNs = startNs; ; ) {
    const streams = await api.streams('{namespace="crash"}', { start: fromNs, end: startNs + hourNs, limit, direction: 'forward' });
    let rows = 0;
    const page = new Map<string, WrittenLine[][]>();
    for (const { stream, values } of streams) {
      const name = `${stream['pod']} ${stream['stream']}`;
      page.set(name, [...(page.get(name) ?? []), values.map(([time, line]) => ({ timeNs: BigInt(time), line }))]);
      rows += values.length;
    }
    // Lines with other metadata (the trace ID that the agent found) are answered as streams of their own, each in order.
    for (const [name, parts] of page) {
      const sorted = parts.every((lines) => lines.every(({ timeNs }, i) => i === 0 || timeNs > (lines[i - 1]?.timeNs ?? 0n)));
      const lines = parts.flat();
      found.set(name, [...(found.get(name) ?? []), ...(sorted ? lines.sort((a, b) => (a.timeNs < b.timeNs ? -1 : 1)) : lines)]);
    }
    if (rows < limit) return found;
    // No two lines have the same time.
    fromNs = streams.flatMap(({ values }) => values.map(([time]) => BigInt(time))).reduce((a, b) => (a > b ? a : b)) + 1n;
  }
}

/** What is wrong with the answers of a stream: nothing where they are what was written, in order. */
function differences(written: readonly WrittenLine[], found: readonly WrittenLine[]): object {
  const key = ({ timeNs, line }: WrittenLine): string => `${timeNs} ${line}`;
  const wanted = new Set(written.map(key));
  const counts = Map.groupBy(found, key);
  return {
    missing: [...wanted].filter((line) => !counts.has(line)).slice(0, 10),
    doubled: [...counts].filter(([, same]) => same.length > 1).map(([line]) => line).slice(0, 10),
    unknown: [...counts.keys()].filter((line) => !wanted.has(line)).slice(0, 10),
    outOfOrder: found.filter(({ timeNs }, i) => timeNs <= (found[i - 1]?.timeNs ?? 0n)).map(key).slice(0, 10),
  };
}

async function check(containers: readonly Container[]): Promise<void> {
  const found = await readAll();
  for (const { pod, written } of containers) {
    for (const stream of ['stdout', 'stderr'] as const) {
      const inOrder = written[stream].toSorted((a, b) => (a.timeNs < b.timeNs ? -1 : 1));
      expect(differences(inOrder, found.get(`${pod} ${stream}`) ?? []), `${pod} ${stream}`).toEqual({ missing: [], doubled: [], unknown: [], outOfOrder: [] });
    }
  }
  expect([...found.keys()].sort()).toEqual(containers.flatMap(({ pod }) => [`${pod} stderr`, `${pod} stdout`]).sort());
}

it(`files rotate, servers die, agents die: every line is answered exactly once and in order (seed ${seed})`, { timeout: 600_000 }, async () => {
  const podsDir = path.join(folder, 'pods');
  const dataDirectory = path.join(folder, 'data');
  const port = await freePort();
  api = new Api(`http://127.0.0.1:${port}`);
  const config = path.join(folder, 'agent.yaml');
  const settings = {
    pods_dir: podsDir, state_dir: path.join(folder, 'agent'), to: api.url, kubernetes: { enabled: false }, checkpoint_interval: '50ms',
    read: { interval: '20ms', poll_interval: '100ms', scan_interval: '500ms', rotate_wait: '100ms' },
    batch: { size_max: '32KB', wait_max: '50ms', queue_size_max: '128KB' }, retry: { wait_min: '5ms', wait_max: '100ms', timeout: '5s' },
  };
  writeFileSync(config, JSON.stringify(settings));

  const times = new RecordTimes(startNs, random);
  const containers = Array.from({ length: containerCount }, (_, number) => new Container(podsDir, number, times, random));
  const [serversDead, agentsDead] = [new AbortController(), new AbortController()];
  const writing = writeUntil(containers, agentsDead.signal);
  const agentKilling = killAgents(config, serversDead.signal);
  try {
    await Promise.race([killServers(dataDirectory, port), agentKilling.then(() => Promise.reject(new Error('the agents ended first')))]);
  } finally {
    serversDead.abort();
    await agentKilling.finally(() => agentsDead.abort());
    await writing;
  }
  expect(await agentKilling).toBeGreaterThanOrEqual(agentKillsMin);
  expect(containers.reduce((sum, { rotations }) => sum + rotations, 0)).toBeGreaterThan(20);

  server = await ServerProcess.start({ dataDirectory, port, environment });
  agent = await AgentProcess.start(config);
  const lines = containers.reduce((sum, { written }) => sum + written.stdout.length + written.stderr.length, 0);
  expect(lines).toBeGreaterThan(5000);
  await settle(lines);
  expect(await agent.stop()).toBe(0);
  await check(containers);
  expect(await count()).toBe(lines);

  // The same from object storage alone.
  await api.flush();
  expect(await server.stop()).toBe(0);
  server = await ServerProcess.start({ dataDirectory, port, environment });
  await check(containers);
  expect(await count()).toBe(lines);
});
