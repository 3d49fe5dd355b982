import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseAgentConfig } from '../../agent/config/load.ts';
import { FollowedConfig } from '../../agent/config/reload.ts';
import { runAgent } from '../../agent/mod.ts';
import type { StatusReport } from '../../agent/status/report.ts';
import { pino } from 'pino';
import { cri, freePort, logPath, quickSettings, spawnAgent, temporaryDir, until } from './harness.ts';
import { Receiver } from './receiver.ts';

interface Followed {
  readonly file: string;
  /** Replaces the settings; resolves when the agent has looked at them. */
  change(settings: Readonly<Record<string, unknown>>): Promise<StatusReport>;
  write(text: string): Promise<StatusReport>;
  status(): Promise<StatusReport>;
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** An agent in this process that follows `<root>/agent.yaml`. */
async function startFollowed(root: string, to: string, settings: Readonly<Record<string, unknown>> = {}): Promise<Followed> {
  const base = { pods_dir: join(root, 'pods'), state_dir: join(root, 'state'), to, listen: '127.0.0.1:0', ...quickSettings };
  const file = join(root, 'agent.yaml');
  const text = stringify({ ...base, ...settings });
  writeFileSync(file, text);
  const stop = new AbortController();
  const config = new FollowedConfig(file, text, {}, {}, { pollMs: 3_600_000, settleMs: 1 });
  let address = '';
  const running = runAgent(parseAgentConfig(text, file, {}, {}), stop.signal, { log: pino({ level: 'silent' }), environment: {}, config, listening: (where) => (address = where) });
  running.catch(() => undefined);
  await until(() => address !== '', 'the status endpoint');
  const status = async (): Promise<StatusReport> => (await fetch(`http://${address}/status`)).json() as Promise<StatusReport>;
  let last = 0;
  const looked = async (): Promise<StatusReport> => {
    for (;;) {
      const report = await status();
      const { lastReload } = report.config;
      const known = lastReload === null ? 0 : Date.parse(lastReload.time);
      if (lastReload !== null && known > last && (!lastReload.ok || lastReload.pauseMs !== null)) {
        last = known;
        return report;
      }
      await sleep(5);
    }
  };
  const write = async (content: string): Promise<StatusReport> => {
    await sleep(2);
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
    config.reloadNow();
    return looked();
  };
  return {
    file, status, write, change: (changed) => write(stringify({ ...base, ...settings, ...changed })),
    metric: async (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(await (await fetch(`http://${address}/metrics`)).text())?.[1]),
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

describe('changed settings', () => {
  it('are taken while lines are written and the log rotates, and no line is lost or doubled', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const path = logPath(dir.path);
    writeFileSync(path, '');
    const agent = await startFollowed(dir.path, url, { batch: { size_max: '16KB', wait_max: '10ms', queue_size_max: '64KB' } });
    let written = 0;
    const writing = new AbortController();
    const writer = (async () => {
      while (!writing.signal.aborted) {
        appendFileSync(path, Array.from({ length: 50 }, () => cri(written, `line ${written++}`)).join(''));
        if (written % 1000 === 0) {
          renameSync(path, `${path}.20261120-${String(written / 1000).padStart(6, '0')}`);
          writeFileSync(path, '');
        }
        await sleep(2);
      }
    })();
    const versions = new Set<string>();
    for (let i = 0; i < 8; i++) {
      await sleep(50);
      const { config } = await agent.change({ batch: { size_max: `${8 + i}KB`, wait_max: '10ms', queue_size_max: '64KB' }, canary: { enabled: i % 2 === 0, interval: '10ms' } });
      expect(config.lastReload).toMatchObject({ ok: true, reason: null });
      expect(config.lastReload?.pauseMs).toBeGreaterThanOrEqual(0);
      versions.add(config.version);
    }
    writing.abort();
    await writer;
    const lines = (): string[] => receiver.lines((entry) => entry.labels.includes('pod='));
    await until(() => lines().length >= written, 'every line');
    expect(versions.size).toBe(8);
    const { config, totals, ready } = await agent.status();
    expect(config).toMatchObject({ reloads: 8, failures: 0 });
    expect(ready).toBe(true);
    // Counters go on where the one before ended.
    expect(Number(totals['sent_lines'])).toBeGreaterThanOrEqual(written);
    expect(await agent.metric('spoor_agent_config_reloads_total')).toBe(8);
    await agent.stop();
    await receiver.close();
    expect(lines()).toHaveLength(written);
    expect(new Set(lines()).size).toBe(written);
    expect(Array.from(receiver.entries.values()).filter(({ times }) => times > 1)).toEqual([]);
    expect(receiver.list((entry) => entry.labels.includes('canary')).length).toBeGreaterThan(0);
  });

  it('are refused where they are not valid or cannot be taken, and the agent goes on', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const path = logPath(dir.path);
    writeFileSync(path, cri(1, 'one'));
    const agent = await startFollowed(dir.path, await receiver.listen());
    const { version } = (await agent.status()).config;
    const refused = async (report: StatusReport, reason: string): Promise<void> => {
      expect(report.config).toMatchObject({ version, lastReload: { ok: false, reason: expect.stringContaining(reason) as string } });
      expect(await agent.metric('spoor_agent_config_last_reload_successful')).toBe(0);
    };
    await refused(await agent.write('to: ['), ':1: Flow sequence');
    await refused(await agent.change({ read: { poll_interval: 'soon' } }), '(read.poll_interval): "soon" is no duration');
    await refused(await agent.change({ state_dir: join(dir.path, 'elsewhere') }), 'state_dir cannot change');
    // Valid, but it does not run.
    await refused(await agent.change({ to: 'https://127.0.0.1:1', tls: { ca_file: join(dir.path, 'none.pem') } }), 'none.pem');
    await refused(await agent.change({ listen: '192.0.2.1:1' }), '192.0.2.1');
    rmSync(agent.file);
    appendFileSync(path, cri(2, 'two'));
    await until(() => receiver.entries.size === 2, 'both lines');
    // The same settings as ever are no failure.
    const again = await agent.change({});
    expect(again.config).toMatchObject({ version, reloads: 0, lastReload: { ok: true, reason: 'no setting changed' } });
    expect(await agent.metric('spoor_agent_config_last_reload_successful')).toBe(1);
    await agent.stop();
    await receiver.close();
    expect(receiver.lines()).toEqual(['one', 'two']);
  });

  it('move the status endpoint and the destination', async () => {
    using dir = temporaryDir();
    const [first, second] = [new Receiver(), new Receiver()];
    const path = logPath(dir.path);
    writeFileSync(path, cri(1, 'one'));
    const agent = await startFollowed(dir.path, await first.listen());
    await until(() => first.entries.size === 1, 'the first line');
    const port = await freePort();
    await agent.change({ listen: `127.0.0.1:${port}`, to: await second.listen() });
    expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
    appendFileSync(path, cri(2, 'two'));
    await until(() => second.entries.size === 1, 'the second line');
    await agent.stop();
    await Promise.all([first.close(), second.close()]);
    expect([first.lines(), second.lines()]).toEqual([['one'], ['two']]);
  });

  it('are read on SIGHUP and when the file changes', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    writeFileSync(logPath(dir.path), cri(1, 'one'));
    const port = await freePort();
    const child = spawnAgent(dir.path, url, `listen: 127.0.0.1:${port}`);
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const lastReload = async (): Promise<StatusReport['config']['lastReload']> => ((await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as StatusReport).config.lastReload;
    await until(() => receiver.entries.size === 1, 'the line');
    child.kill('SIGHUP');
    while ((await lastReload())?.reason !== 'no setting changed') await sleep(20);
    appendFileSync(join(dir.path, 'agent.yaml'), 'cluster: c2\n');
    while ((await lastReload())?.reason !== null) await sleep(20);
    writeFileSync(logPath(dir.path, 'new-0', 'main', 'shop', 'u-2'), cri(2, 'two'));
    await until(() => receiver.entries.size === 2, 'the line of the new pod');
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    await receiver.close();
    expect(receiver.list().map(({ labels }) => labels.includes('cluster="c2"'))).toEqual([false, true]);
  });
});
