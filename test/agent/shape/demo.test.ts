import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Threshold, traceRandomness, type Randomness } from '../../../agent/shape/randomness.ts';
import type { Request } from '../../../demo/requests.ts';
import { Workload } from '../../../demo/workload.ts';
import { systemClock } from '../../../src/model/mod.ts';
import { freePort, ServerProcess } from '../../support/server.ts';
import { spawnAgent } from '../harness.ts';
import { temporaryDir } from './lines.ts';

const slowMs = 500;
const fraction = 0.1;
/** Between what a request takes and what its lines tell lie a few milliseconds, as the workload rounds. */
const doubtMs = 20;

const spanMs = ({ events }: Request): number => (events.at(-1)?.atMs ?? 0) - (events[0]?.atMs ?? 0);
/** What a service says that it took: the gateway the whole request, the inventory a look-up. */
const saidMs = ({ events }: Request): number => Math.max(...events.map(({ remark }) => Number(remark.fields['duration_ms'] ?? String(remark.fields['duration'] ?? 0).replace('ms', ''))));
const isError = ({ events }: Request): boolean => events.some(({ remark }) => remark.level === 'error');
const byFraction = ({ traceId }: Request): boolean => {
  const randomness: Randomness = { high: 0, low: 0 };
  traceRandomness(traceId, randomness);
  return new Threshold(fraction).keeps(randomness);
};

/** Whether a trace has to be kept, by the requests that the workload made up; null where it lies too close to the threshold to tell. */
function wanted(request: Request): boolean | null {
  const took = Math.max(spanMs(request), saidMs(request));
  if (isError(request) || took >= slowMs + doubtMs || byFraction(request)) return true;
  return took >= slowMs - doubtMs ? null : false;
}

test('of the demo workload, every trace with an error or over 500 ms is complete at the server, and the others are thinned out, also when the agent is killed', async () => {
  using dir = temporaryDir();
  const server = await ServerProcess.start({ dataDirectory: join(dir.path, 'data'), port: await freePort() });
  try {
    const workload = new Workload({ podsDir: join(dir.path, 'agent', 'pods'), clock: systemClock, seed: 11, requestsPerSecond: 4, rotation: { bytesMax: 400_000, filesMax: 10 } });
    const requests = workload.writePast(400);
    workload.stop();
    const settings = `sampling: {tail: {window: 20s, fraction: ${fraction}, slow: ${slowMs}ms}}`;
    const root = join(dir.path, 'agent');
    for (const livesMs of [900, 1300, 1800]) {
      const killed = spawnAgent(root, server.url, settings);
      await sleep(livesMs);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
    }
    const agent = spawnAgent(root, server.url, settings);
    const count = async (): Promise<number> => {
      const query = new URLSearchParams({ query: 'sum(count_over_time({namespace=~".+"}[1h]))' });
      const answer = (await (await fetch(`${server.url}/loki/api/v1/query?${query.toString()}`)).json()) as { readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] } };
      return Number(answer.data.result[0]?.value[1] ?? 0);
    };
    try {
      const least = requests.filter((request) => wanted(request) === true).reduce((sum, request) => sum + request.events.length, 0);
      const most = requests.filter((request) => wanted(request) !== false).reduce((sum, request) => sum + request.events.length, 0);
      for (let i = 0; i < 600 && (await count()) < least; i++) await sleep(100);
      await sleep(3000);
      const stored = await count();
      // A stack trace is an entry of its own, without a trace ID: it is not sampled.
      const stackTraces = requests.reduce((sum, request) => sum + request.events.filter(({ remark }) => remark.trailer !== undefined).length, 0);
      const all = requests.reduce((sum, request) => sum + request.events.length, 0);
      process.stdout.write(`demo: ${requests.length} traces, ${all} entries; ${stored} stored (${((100 * stored) / all).toFixed(1)} %), ${least} to ${most} expected, ${stackTraces} stack traces\n`);
      const wrong: string[] = [];
      const check = async (request: Request): Promise<void> => {
        const keep = wanted(request);
        if (keep === null) return;
        const body = (await (await fetch(`${server.url}/spoor/api/v1/traces/${request.traceId}`)).json()) as { readonly data?: { readonly entries?: readonly unknown[] } };
        const got = body.data?.entries?.length ?? 0;
        if (got !== (keep ? request.events.length : 0)) wrong.push(`${request.traceId}: ${got} of ${request.events.length}, ${keep ? 'wanted' : 'not wanted'}; ${JSON.stringify(request.events.map(({ service, remark }) => `${service} ${remark.level}`))}`);
      };
      const waiting = requests.filter((request, i) => wanted(request) !== false || i % 10 === 0);
      await Promise.all(Array.from({ length: 4 }, async () => {
        for (let request = waiting.pop(); request !== undefined; request = waiting.pop()) await check(request);
      }));
      expect(wrong).toEqual([]);
      expect(stored).toBeGreaterThanOrEqual(least);
      expect(stored).toBeLessThanOrEqual(most + stackTraces);
      expect(stored).toBeLessThan(all * 0.4);
    } finally {
      agent.kill('SIGTERM');
      await once(agent, 'exit');
    }
  } finally {
    await server.kill();
  }
}, 240_000);
