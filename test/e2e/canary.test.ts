import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CanaryReport } from '../../cli/canary-report.ts';
import { startAgent, temporaryDir } from '../agent/harness.ts';
import { Running } from '../cli/run.ts';
import { startInProcess } from '../support/in-process.ts';

/** Runs `spoor canary` with the time of now. */
async function canary(url: string, ...flags: readonly string[]): Promise<{ readonly report: CanaryReport; readonly exitCode: number }> {
  const { out, failure } = await new Running(['canary', '--url', url, '--json', '--grace', '60s', ...flags], {}, () => BigInt(Date.now()) * 1_000_000n).done;
  return { report: JSON.parse(out) as CanaryReport, exitCode: failure?.exitCode ?? 0 };
}

/** Waits until the server has what is wanted. */
async function seen(url: string, wanted: (report: CanaryReport) => boolean): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!wanted((await canary(url, '--watch', '0s')).report)) {
    if (performance.now() > deadline) throw new Error('the lines did not arrive');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('agents, a server, and spoor canary', () => {
  it('prove that nothing is missing, and see what is', { timeout: 300_000 }, async () => {
    const server = await startInProcess();
    using one = temporaryDir();
    using two = temporaryDir();
    const settings = { canary: { enabled: true, interval: '100ms' } };
    const start = (root: string, node: string): ReturnType<typeof startAgent> => {
      mkdirSync(join(root, 'pods'), { recursive: true });
      return startAgent(root, server.url, { ...settings, node_name: node });
    };
    try {
      const agents = [start(one.path, 'n1'), start(two.path, 'n2')];
      await seen(server.url, (report) => report.nodes.length === 2 && report.nodes.every(({ lines }) => lines >= 10));
      await agents[0]?.stop();
      agents[0] = start(one.path, 'n1');
      const { report, exitCode } = await canary(server.url, '--watch', '8s', '--nodes', '2');
      expect({ report, exitCode }).toMatchObject({ exitCode: 0, report: { complete: true, missing: 0, doubles: 0, silent: 0, nodes: [{ node: 'n1' }, { node: 'n2', restarts: 0 }] } });
      expect(report.nodes.map(({ runs }) => runs.length)).toEqual([1, 1]);
      expect(report.nodes.every(({ delayMs }) => delayMs !== null && delayMs.samples > 0 && delayMs.p50 <= delayMs.max)).toBe(true);
      expect((await canary(server.url, '--watch', '0s', '--nodes', '3')).exitCode).toBe(2);

      // An agent whose state was thrown away in the middle begins another run, and loses nothing that the server can tell; a hole within a run it can.
      await agents[1]?.stop();
      rmSync(join(two.path, 'state'), { recursive: true });
      agents[1] = start(two.path, 'n2');
      await seen(server.url, (report) => report.nodes[1]?.runs.length === 2);
      for (const agent of agents) await agent.stop();
      const ledgerHole = { streams: [{ stream: { job: 'spoor-canary', node: 'n9' }, values: [1, 2, 5].map((sequence) => [String(BigInt(Date.now() - 120_000 + sequence) * 1_000_000n), `canary run=0123456789ab seq=${sequence} start=1 interval_ms=100`]) }] };
      const pushed = await fetch(`${server.url}/loki/api/v1/push`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(ledgerHole) });
      expect(pushed.status).toBe(204);
      const hole = await canary(server.url, '--watch', '0s');
      expect(hole).toMatchObject({ exitCode: 2, report: { missing: 2 } });
      expect(hole.report.nodes.find(({ node }) => node === 'n9')?.runs[0]?.missingRanges).toEqual([[3, 4]]);
    } finally {
      await server.close();
    }
  });
});
