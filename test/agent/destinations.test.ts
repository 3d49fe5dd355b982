import { once } from 'node:events';
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { Collector, findCollector } from '../support/otelcol.ts';
import { cri, logPath, spawnAgent, startAgent, temporaryDir, until } from './harness.ts';
import { Receiver } from './receiver.ts';

/** Starts an agent with these destinations instead of one. */
function startWith(root: string, destinations: readonly object[], settings: Readonly<Record<string, unknown>> = {}, listening?: (address: string) => void) {
  return startAgent(root, undefined, { destinations, ...settings }, listening === undefined ? {} : { listening });
}

/** The checkpoint; nothing in the moment in which it is replaced. */
function checkpointOf(root: string): string {
  try {
    return readFileSync(join(root, 'state/checkpoint.json'), 'utf8');
  } catch {
    return '';
  }
}

const lines = (from: number, to: number, text = 'line'): string => Array.from({ length: to - from }, (_, i) => cri(from + i, `${text} ${from + i}`)).join('');
const numbers = (to: number, text = 'line'): string[] => Array.from({ length: to }, (_, i) => `${text} ${i}`);

describe('several destinations', () => {
  it('each get the lines that they match', async () => {
    using dir = temporaryDir();
    const [all, shop, rest] = [new Receiver(), new Receiver(), new Receiver()];
    writeFileSync(logPath(dir.path, 'web-0', 'main', 'shop', 'u-1'), lines(0, 100, 'shop'));
    writeFileSync(logPath(dir.path, 'db-0', 'main', 'bank', 'u-2'), lines(0, 100, 'bank'));
    const agent = startWith(dir.path, [
      { name: 'all', url: await all.listen(), tenant: 'a' },
      { name: 'shop', url: await shop.listen(), match: '{namespace="shop", app=~"we.*"}', headers: { 'X-Extra': 'yes' } },
      { name: 'rest', url: await rest.listen(), match: [{ namespace: ['bank', 'other'] }, '{app="nobody"}'] },
    ]);
    await until(() => all.entries.size === 200 && shop.entries.size === 100 && rest.entries.size === 100, 'all lines');
    await agent.stop();
    expect(shop.lines().every((line) => line.startsWith('shop'))).toBe(true);
    expect(rest.lines().every((line) => line.startsWith('bank'))).toBe(true);
    expect(shop.headers[0]).toMatchObject({ 'x-extra': 'yes' });
    expect([all, shop].map(({ headers }) => headers[0]?.['x-scope-orgid'])).toEqual(['a', undefined]);
    for (const receiver of [all, shop, rest]) await receiver.close();
  });

  it('get a line once where the first that matches is to have it; what none takes is counted', async () => {
    using dir = temporaryDir();
    const [first, second] = [new Receiver(), new Receiver()];
    for (const [i, namespace] of ['a', 'b', 'c'].entries()) writeFileSync(logPath(dir.path, `p-${i}`, 'main', namespace, `u-${i}`), lines(0, 10, namespace));
    let address = '';
    const agent = startWith(
      dir.path, [{ name: 'first', url: await first.listen(), match: '{namespace="a"}' }, { name: 'second', url: await second.listen(), match: '{namespace=~"a|b"}' }],
      { routing: 'first', listen: '127.0.0.1:0' }, (at) => (address = at),
    );
    await until(() => first.entries.size === 10 && second.entries.size === 10, 'all lines');
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    await agent.stop();
    expect(metrics).toContain('spoor_agent_unrouted_lines_total 10');
    expect(metrics).toContain('spoor_agent_destination_sent_lines_total{destination="second"} 10');
    expect(second.lines().every((line) => line.startsWith('b'))).toBe(true);
    // Nobody waits for lines that go nowhere: all files are done with.
    expect(checkpointOf(dir.path).match(/"offsets":\[\d\d/g)).toHaveLength(3);
    for (const receiver of [first, second]) await receiver.close();
  });

  it('that must have every line hold positions back, but only of the logs that go there; the others are not held up', async () => {
    using dir = temporaryDir();
    const [up, down, optional] = [new Receiver(), new Receiver(), new Receiver()];
    down.behaviour = () => ({ status: 503 });
    optional.behaviour = () => ({ status: 503 });
    writeFileSync(logPath(dir.path, 'audit-0', 'main', 'audit', 'u-1'), lines(0, 10_000, `audit ${'x'.repeat(500)}`));
    const other = logPath(dir.path, 'web-0', 'main', 'web', 'u-2');
    writeFileSync(other, lines(0, 5000, 'web'));
    const destinations = [
      { name: 'up', url: await up.listen() }, { name: 'audit', url: await down.listen(), match: '{namespace="audit"}' }, { name: 'optional', url: await optional.listen(), required: false },
    ];
    const settings = { batch: { size_max: '4KB', queue_size_max: '16KB', wait_max: '10ms' } };
    const agent = startWith(dir.path, destinations, settings);
    await until(() => up.lines((entry) => entry.line.startsWith('web')).length === 5000, 'the lines of the other');
    appendFileSync(other, lines(5000, 5100, 'web'));
    await until(() => up.lines((entry) => entry.line.startsWith('web')).length === 5100, 'more of them');
    const size = readFileSync(other).length;
    await until(() => checkpointOf(dir.path).includes(`"offsets":[${size},`), 'its position');
    expect(up.lines((entry) => entry.line.startsWith('audit')).length).toBeLessThan(5000);
    const checkpoint = checkpointOf(dir.path).split('\n').find((row) => row.includes('"chain"') && row.includes('audit'));
    expect(checkpoint ?? '"offsets":[0').toContain('"offsets":[0');
    down.behaviour = () => 'store';
    await until(() => up.entries.size === 15_100 && down.entries.size === 10_000, 'everything');
    await agent.stop();
    expect(down.lines((entry) => entry.line.startsWith('audit'))).toHaveLength(10_000);
    for (const receiver of [up, down, optional]) await receiver.close();
  });

  it('have lines on disk that rotation deletes while they are away, also after kill -9', { timeout: 120_000 }, async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    receiver.behaviour = () => ({ status: 503 });
    const log = logPath(dir.path);
    let n = 0;
    for (let run = 0; run < 3; run++) {
      const agent = spawnAgent(dir.path, url, 'buffer: {after: 50ms}');
      onTestFinished(() => void agent.kill('SIGKILL'));
      for (let rotation = 0; rotation < 3; rotation++) {
        const rotated = `${log}.20261120-0000${run}${rotation}`;
        writeFileSync(log, lines(n, n + 500));
        n += 500;
        await sleep(100);
        renameSync(log, rotated);
        writeFileSync(log, '');
        const { size } = statSync(rotated);
        // What is not delivered is on disk before long, and its position with it.
        await until(() => checkpointOf(dir.path).split('\n').some((row) => row.includes(rotated) && row.includes(`"offsets":[${size},`)), 'the position');
        rmSync(rotated);
      }
      const exited = once(agent, 'exit');
      agent.kill('SIGKILL');
      await exited;
    }
    receiver.behaviour = () => 'store';
    const last = startAgent(dir.path, url);
    await until(() => receiver.entries.size >= n, 'every line');
    await last.stop();
    expect(receiver.lines()).toEqual(numbers(n));
    await receiver.close();
  });

  it('refuse settings that make no sense, and say where', () => {
    using dir = temporaryDir();
    const refused = (destinations: readonly object[], settings: object = {}): string => {
      try {
        startAgent(dir.path, undefined, { destinations, ...settings });
      } catch (error) {
        return (error as Error).message;
      }
      return 'taken';
    };
    expect(refused([{ name: 'a' }])).toMatch(/destinations\.0\.url.*is needed for a destination of type loki/);
    expect(refused([{ name: 'a', url: 'http://h' }, { name: 'a', url: 'http://h' }])).toMatch(/destinations\.1\.name.*a is the name of another/);
    expect(refused([{ name: 'a', url: 'http://h', match: '{app=}' }])).toMatch(/destinations\.0\.match/);
    expect(refused([{ name: 'a', type: 's3' }])).toMatch(/s3.*is needed/);
    expect(refused([{ name: 'a', url: 'http://h', retry: { wait_min: '1m' } }])).toMatch(/longer than retry.wait_max/);
    expect(refused([{ name: 'a', url: 'http://h' }], { to: 'http://h' })).toMatch(/beside to/);
    expect(refused([])).not.toBe('taken');
  });
});

describe('real receivers', () => {
  let spoor: InProcess;
  const collector = findCollector();

  beforeAll(async () => {
    spoor = await startInProcess('', { SPOOR_AUTH_ENABLED: 'true', SPOOR_LIMITS_REJECT_OLD_SAMPLES: 'false' });
  }, 120_000);
  afterAll(async () => {
    await spoor.close();
  });

  async function stored(tenant: string): Promise<{ readonly labels: Record<string, string>; readonly time: string; readonly line: string }[]> {
    const parameters = new URLSearchParams({ query: '{service_name=~".+"}', start: '2026-11-19T00:00:00Z', end: '2026-11-24T00:00:00Z', limit: '5000', direction: 'forward' });
    const answer = await fetch(`${spoor.url}/loki/api/v1/query_range?${parameters.toString()}`, { headers: { 'X-Scope-OrgID': tenant } });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    const { data } = (await answer.json()) as { data: { result: { stream: Record<string, string>; values: [string, string][] }[] } };
    return data.result.flatMap(({ stream, values }) => values.map(([time, line]) => ({ labels: stream, time, line }))).sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  it('spoor has every line once, by each of its protocols, also where each is sent twice', { timeout: 120_000 }, async () => {
    using dir = temporaryDir();
    writeFileSync(logPath(dir.path), lines(0, 500) + cri(500, 'ünïcode "quoted" \u{1f600}', 'stderr'));
    const url = spoor.url;
    for (let run = 0; run < 2; run++) {
      // The second run knows nothing of the first, and sends everything again.
      rmSync(join(dir.path, 'state'), { recursive: true, force: true });
      let address = '';
      const agent = startWith(dir.path, [
        { name: 'loki', url, tenant: 'by-loki' }, { name: 'otlp', type: 'otlp', url: `${url}/otlp/v1/logs`, tenant: 'by-otlp' }, { name: 'bulk', type: 'elasticsearch', url, tenant: 'by-bulk' },
      ], { listen: '127.0.0.1:0' }, (at) => (address = at));
      const sent = async (): Promise<number[]> => {
        const text = await (await fetch(`http://${address}/metrics`)).text();
        return Array.from(text.matchAll(/^spoor_agent_destination_sent_lines_total\{[^}]*\} (\d+)$/gm), ([, count]) => Number(count));
      };
      for (let all: number[] = []; all.join() !== '501,501,501'; await sleep(50)) all = address === '' ? [] : await sent();
      await agent.stop();
    }
    for (const tenant of ['by-loki', 'by-otlp', 'by-bulk']) {
      const found = await stored(tenant);
      expect(found.map(({ line }) => line), tenant).toEqual([...numbers(500), 'ünïcode "quoted" \u{1f600}']);
      expect(found[7]?.time, tenant).toBe('1795132800000007000');
    }
    expect((await stored('by-loki'))[500]?.labels).toMatchObject({ app: 'web', namespace: 'shop', pod: 'web-6d5f8c7b9-x2x4z', container: 'main', stream: 'stderr' });
    expect((await stored('by-otlp'))[500]?.labels).toMatchObject({ service_name: 'web', k8s_namespace_name: 'shop', k8s_pod_name: 'web-6d5f8c7b9-x2x4z', k8s_container_name: 'main', log_iostream: 'stderr' });
  });

  it.skipIf(collector === undefined)(`the OpenTelemetry Collector has every line${collector === undefined ? ' (skipped: no otelcol in PATH or ~/.cache/spoor-bin)' : ''}`, { timeout: 120_000 }, async () => {
    using dir = temporaryDir();
    writeFileSync(logPath(dir.path), lines(0, 500) + cri(500, 'broken \u{fffd}', 'stderr'));
    const receiver = await Collector.start(collector ?? '', dir.path, `${spoor.url}/otlp/v1/logs`, { 'X-Scope-OrgID': 'by-collector' });
    const agent = startWith(dir.path, [{ name: 'otlp', type: 'otlp', url: receiver.url }]);
    let found = await stored('by-collector');
    try {
      for (const start = performance.now(); found.length < 501 && performance.now() - start < 60_000; found = await stored('by-collector')) await sleep(100);
    } finally {
      await agent.stop();
      await receiver.stop();
    }
    expect(found.map(({ line }) => line)).toEqual([...numbers(500), 'broken \u{fffd}']);
    expect(found[500]).toMatchObject({
      labels: { service_name: 'web', k8s_namespace_name: 'shop', k8s_pod_name: 'web-6d5f8c7b9-x2x4z', k8s_container_name: 'main', log_iostream: 'stderr' }, time: '1795132800000500000',
    });
  });
});
