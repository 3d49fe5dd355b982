import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cri, freePort, logPath, spawnAgent, startAgent, temporaryDir, until } from './harness.ts';
import { Receiver } from './receiver.ts';

describe('overload', () => {
  it('waits in bounded memory while the receiver is down for long, and then delivers everything', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    receiver.behaviour = () => ({ status: 503 });
    const block = Array.from({ length: 5000 }, (_, i) => cri(i, `line ${i} ${'x'.repeat(180)}`)).join('');
    for (let pod = 0; pod < 8; pod++) {
      const log = logPath(dir.path, `pod-${pod}`, 'main', 'ns', `u-${pod}`);
      for (let i = 0; i < 8; i++) appendFileSync(log, block);
    }
    const port = await freePort();
    const agent = spawnAgent(dir.path, url, `listen: 127.0.0.1:${port}`);
    const exited = new Promise<number | null>((resolve) => agent.once('exit', resolve));
    const metric = async (name: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    };
    try {
      await until(() => receiver.requests > 50, 'fifty attempts');
      const read = await metric('spoor_agent_read_bytes_total');
      // The queue (256 KiB) and what may come on top: a batch, a block for each file.
      expect(read).toBeLessThan(4 * 2 ** 20);
      expect(await metric('spoor_agent_queue_bytes')).toBeLessThan(2 * 2 ** 20);
      const rssKb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]);
      expect(rssKb).toBeLessThan(300_000);
      await sleep(300);
      expect(await metric('spoor_agent_read_bytes_total')).toBe(read);
      receiver.behaviour = () => 'store';
      await until(() => receiver.entries.size === 8 * 5000, 'all lines');
    } finally {
      agent.kill('SIGTERM');
    }
    expect(await exited).toBe(0);
    await receiver.close();
  });

  it('does not let a loud container hold up the others', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const loud = logPath(dir.path, 'loud', 'main', 'ns', 'u-1');
    for (let i = 0; i < 30; i++) appendFileSync(loud, Array.from({ length: 5000 }, (_, n) => cri(i * 5000 + n, `loud ${i * 5000 + n} ${'x'.repeat(150)}`)).join(''));
    writeFileSync(logPath(dir.path, 'quiet', 'main', 'ns', 'u-2'), cri(1, 'quiet'));
    let quietAfter = -1;
    receiver.behaviour = () => {
      if (quietAfter < 0 && receiver.lines((entry) => entry.line === 'quiet').length > 0) quietAfter = receiver.entries.size;
      return 'store';
    };
    const agent = startAgent(dir.path, url, { batch: { size_max: '64KB', queue_size_max: '128KB', wait_max: '10ms' } });
    await until(() => receiver.entries.size === 150_001, 'all lines');
    await agent.stop();
    expect(quietAfter).toBeGreaterThan(0);
    expect(quietAfter).toBeLessThan(30_000);
    await receiver.close();
  });

  it('stops within the shutdown timeout, and goes on from there', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const log = logPath(dir.path);
    writeFileSync(log, cri(1, 'one'));
    receiver.behaviour = () => ({ status: 500 });
    const first = startAgent(dir.path, url, { shutdown_timeout: '50ms' });
    await until(() => receiver.requests > 2, 'some attempts');
    await first.stop();
    receiver.behaviour = () => 'store';
    const second = startAgent(dir.path, url);
    await until(() => receiver.entries.size === 1, 'the line');
    await second.stop();
    await receiver.close();
  });

  it('delivers what is in flight on SIGTERM', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const log = logPath(dir.path);
    writeFileSync(log, cri(1, 'one'));
    receiver.behaviour = () => ({ status: 500 });
    const agent = startAgent(dir.path, url);
    await until(() => receiver.requests > 2, 'some attempts');
    const stopped = agent.stop();
    receiver.behaviour = () => 'store';
    await stopped;
    expect(receiver.lines()).toEqual(['one']);
    await receiver.close();
  });
});
