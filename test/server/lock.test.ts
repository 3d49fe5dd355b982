import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSpoorError } from '../../src/model/mod.ts';
import { lockDirectory } from '../../src/server/lock.ts';
import { freePort, ServerProcess } from '../support/server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return isSpoorError(error) ? error.code : String(error);
  }
  return 'none';
};

describe('lockDirectory', () => {
  it('lets one in at a time', () => {
    const lock = lockDirectory(directory);
    expect(codeOf(() => lockDirectory(directory))).toBe('data_dir_in_use');
    lock.release();
    const next = lockDirectory(directory);
    expect(codeOf(() => lockDirectory(directory))).toBe('data_dir_in_use');
    next.release();
  });

  it('is free when the process that holds it is killed', async () => {
    const held = `import { lockDirectory } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/server/lock.ts'))};
      lockDirectory(process.argv[1]); gc(); process.stdout.write('held'); setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', held, directory], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(holder.stdout, 'data');
      expect(codeOf(() => lockDirectory(directory))).toBe('data_dir_in_use');
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    lockDirectory(directory).release();
  });

  it('tells a directory that cannot be locked from one that is in use', async () => {
    await mkdir(path.join(directory, 'LOCK'));
    expect(() => lockDirectory(directory)).toThrow(/^data directory .*: it cannot be locked: /);
    expect(() => lockDirectory(path.join(directory, 'nosuch'))).toThrow(/it cannot be locked/);
  });
});

describe('spoor serve', () => {
  it('refuses a directory that another process serves, and takes it over when that was killed', async () => {
    const first = await ServerProcess.start({ dataDirectory: directory, port: await freePort() });
    const second = ServerProcess.spawn({ dataDirectory: directory, port: await freePort() });
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.output).toContain(`data directory ${directory} is in use by another process; stop it or choose another --data-dir`);
    expect((await fetch(`${first.url}/ready`)).status).toBe(200);
    await first.kill();
    const third = await ServerProcess.start({ dataDirectory: directory, port: await freePort() });
    expect(await third.stop()).toBe(0);
  });
});
