import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAgentConfig } from '../../../agent/config/load.ts';
import { configVersion, FollowedConfig, refusedChange, type ConfigChange } from '../../../agent/config/reload.ts';
import { temporaryDir, until } from '../harness.ts';

const text = (cluster: string): string => `to: http://spoor:3100\nstate_dir: /state\ncluster: ${cluster}\n`;

/** Follows a file; what came stands in `changes`. */
function follow(file: string, first: string, pollMs = 20): { readonly config: FollowedConfig; readonly changes: ConfigChange[]; readonly stop: () => Promise<void> } {
  const stop = new AbortController();
  const config = new FollowedConfig(file, first, {}, {}, { pollMs, settleMs: 5 });
  const changes: ConfigChange[] = [];
  const running = (async () => {
    for await (const change of config.changes(stop.signal)) changes.push(change);
  })();
  return {
    config, changes,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

describe('a configuration file that is followed', () => {
  it('answers what changed, and a file that is not valid with the reason', async () => {
    using dir = temporaryDir();
    const file = join(dir.path, 'agent.yaml');
    writeFileSync(file, text('a'));
    const { changes, stop } = follow(file, text('a'));
    writeFileSync(file, text('b'));
    await until(() => changes.length === 1, 'the change');
    writeFileSync(file, `${text('b')}speed: fast\n`);
    await until(() => changes.length === 2, 'the bad file');
    rmSync(file);
    await until(() => changes.length === 3, 'the missing file');
    writeFileSync(file, text('c'));
    await until(() => changes.length === 4, 'the file that is back');
    await stop();
    expect(changes.map(({ options, error }) => options?.cluster ?? String(error))).toEqual(['b', expect.stringContaining(`${file}:4 (speed): no such setting`), expect.stringContaining('ENOENT'), 'c']);
  });

  it('sees the link of a ConfigMap swapped by the events of the directory alone', async () => {
    using dir = temporaryDir();
    const version = (name: string, cluster: string): void => {
      mkdirSync(join(dir.path, name));
      writeFileSync(join(dir.path, name, 'agent.yaml'), text(cluster));
      symlinkSync(name, join(dir.path, '..data_tmp'));
      renameSync(join(dir.path, '..data_tmp'), join(dir.path, '..data'));
    };
    version('..2026_1', 'a');
    symlinkSync('..data/agent.yaml', join(dir.path, 'agent.yaml'));
    const { changes, stop } = follow(join(dir.path, 'agent.yaml'), text('a'), 3_600_000);
    // The watcher stands once the loop has begun.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    version('..2026_2', 'b');
    await until(() => changes.length === 1, 'the change');
    await stop();
    expect(changes[0]?.options?.cluster).toBe('b');
  });

  it('answers a signal also where nothing changed', async () => {
    using dir = temporaryDir();
    const file = join(dir.path, 'agent.yaml');
    writeFileSync(file, text('a'));
    const { config, changes, stop } = follow(file, text('a'), 3_600_000);
    config.reloadNow();
    await until(() => changes.length === 1, 'an answer');
    config.reloadNow();
    await until(() => changes.length === 2, 'another');
    await stop();
    expect(changes.map(({ options }) => options?.cluster)).toEqual(['a', 'a']);
  });
});

describe('settings', () => {
  const parse = (yaml: string): ReturnType<typeof parseAgentConfig> => parseAgentConfig(yaml, 'agent.yaml', {}, {});

  it('have a version that their values make, not their order, comments or defaults', () => {
    const version = configVersion(parse(text('a')));
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    expect(configVersion(parse('# x\ncluster: a\nstate_dir: /state\nto: http://spoor:3100\nbatch: {wait_max: 1000ms}\n'))).toBe(version);
    expect(configVersion(parse(text('b')))).not.toBe(version);
  });

  it('change while the agent runs, but for the state directory', () => {
    expect(refusedChange(parse(text('a')), parse(text('b')))).toBeNull();
    expect(refusedChange(parse(text('a')), parse(text('a').replace('/state', '/other')))).toMatch(/state_dir cannot change/);
  });
});
