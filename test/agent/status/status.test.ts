import { appendFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatMetrics } from '../../../agent/status/metrics.ts';
import { cri, logPath, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

describe('formatMetrics', () => {
  it('writes the Prometheus text format', () => {
    expect(formatMetrics([
      { name: 'a_total', type: 'counter', help: 'One\nthing \\ another.', samples: [{ value: 3 }] },
      { name: 'b', type: 'gauge', help: 'B.', samples: [{ labels: { x: 'q"\\\n', y: '1' }, value: 0.5 }, { labels: { x: '' }, value: 2 }] },
    ])).toBe('# HELP a_total One\\nthing \\\\ another.\n# TYPE a_total counter\na_total 3\n# HELP b B.\n# TYPE b gauge\nb{x="q\\"\\\\\\n",y="1"} 0.5\nb{x=""} 2\n');
  });
});

describe('the status endpoint', () => {
  it('tells how far the agent is', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const log = logPath(dir.path);
    writeFileSync(log, `${cri(1, 'one')}${cri(2, 'two')}garbage\n`);
    const { promise, resolve } = Promise.withResolvers<string>();
    const agent = startAgent(dir.path, url, { listen: '127.0.0.1:0' }, { listening: resolve });
    const status = `http://${await promise}`;
    const metrics = async (): Promise<Record<string, string>> => {
      const text = await (await fetch(`${status}/metrics`)).text();
      return Object.fromEntries(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
    };
    await until(() => receiver.entries.size === 3, 'three lines');
    let ready = 0;
    for (let i = 0; i < 100 && ready !== 200; i++) ready = (await fetch(`${status}/ready`)).status;
    expect(ready).toBe(200);
    const behind = 'spoor_agent_behind_bytes{namespace="shop",pod="web-6d5f8c7b9-x2x4z",container="main"}';
    const whole = Buffer.byteLength(`${cri(1, 'one')}${cri(2, 'two')}garbage\n`);
    let now = await metrics();
    for (let i = 0; i < 100 && now[behind] !== '0'; i++) now = await metrics();
    expect(now).toMatchObject({
      spoor_agent_read_bytes_total: String(whole), spoor_agent_read_records_total: '3', spoor_agent_unparsed_records_total: '1', spoor_agent_sent_lines_total: '3',
      spoor_agent_refused_lines_total: '0', spoor_agent_lost_bytes_total: '0', spoor_agent_open_files: '1', spoor_agent_queue_batches: '0', [behind]: '0',
    });
    receiver.behaviour = () => ({ status: 503 });
    appendFileSync(log, cri(3, 'three'));
    await until(() => receiver.requests > 3, 'some attempts');
    now = await metrics();
    expect(now[behind]).toBe(String(cri(3, 'three').length));
    expect(Number(now['spoor_agent_retries_total'])).toBeGreaterThan(0);
    expect(now['spoor_agent_queue_batches']).toBe('1');
    expect((await fetch(`${status}/other`)).status).toBe(404);
    expect((await fetch(`${status}/metrics`, { method: 'POST' })).status).toBe(405);
    receiver.behaviour = () => 'store';
    await agent.stop();
    await receiver.close();
  });
});
