import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cri, logPath, spawnAgent, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

describe('logs by path', () => {
  let receiver: Receiver;
  let url: string;
  let dir: ReturnType<typeof temporaryDir>;
  let root: string;
  let logs: string;

  beforeEach(async () => {
    receiver = new Receiver();
    url = await receiver.listen();
    dir = temporaryDir();
    root = dir.path;
    logs = join(root, 'logs');
    mkdirSync(logs);
    mkdirSync(join(root, 'pods'));
  });
  afterEach(async () => {
    await receiver.close();
    dir[Symbol.dispose]();
  });

  const start = (files: Readonly<Record<string, unknown>> = {}, settings: Readonly<Record<string, unknown>> = {}) =>
    startAgent(root, url, { files: [{ paths: [join(logs, '**/*.log')], labels: { job: 'test' }, ...files }], multiline: 'off', ...settings });
  const once = (): boolean => [...receiver.entries.values()].every(({ times }) => times === 1);

  it('are found at any depth, now and later, and have their path as a label', async () => {
    mkdirSync(join(logs, 'a/b'), { recursive: true });
    writeFileSync(join(logs, 'a/b/deep.log'), 'one\ntwo\n');
    writeFileSync(join(logs, 'other.txt'), 'no\n');
    const agent = start();
    await until(() => receiver.entries.size === 2, 'two lines');
    mkdirSync(join(logs, 'later/still'), { recursive: true });
    writeFileSync(join(logs, 'later/still/new.log'), 'three\n');
    await until(() => receiver.entries.size === 3, 'three lines');
    await agent.stop();
    expect(receiver.list().map(({ labels, line }) => [labels, line])).toEqual([
      [`{filename="${logs}/a/b/deep.log", job="test"}`, 'one'], [`{filename="${logs}/a/b/deep.log", job="test"}`, 'two'], [`{filename="${logs}/later/still/new.log", job="test"}`, 'three'],
    ]);
  });

  it('are told apart by what their records are', async () => {
    writeFileSync(join(logs, 'raw.log'), `${'x'.repeat(10)}\n`);
    writeFileSync(join(logs, 'cri.log'), cri(1, 'out') + cri(2, 'err', 'stderr'));
    writeFileSync(join(logs, 'docker.log'), `${JSON.stringify({ log: 'd\n', stream: 'stdout', time: '2026-11-20T00:00:00Z' })}\n`);
    const agent = start({ exclude: [join(logs, 'no*')] });
    writeFileSync(join(logs, 'not.log'), 'excluded\n');
    await until(() => receiver.entries.size === 4, 'four lines');
    await agent.stop();
    expect(receiver.list().map(({ labels, line }) => `${labels.replaceAll(`${logs}/`, '')} ${line}`).toSorted()).toEqual([
      '{filename="cri.log", job="test", stream="stderr"} err', '{filename="cri.log", job="test", stream="stdout"} out', '{filename="docker.log", job="test", stream="stdout"} d',
      '{filename="raw.log", job="test"} xxxxxxxxxx',
    ]);
  });

  it('are read through rotation, by whatever name, compressed or not, each line once', async () => {
    const path = join(logs, 'app.log');
    writeFileSync(`${path}.2.gz`, gzipSync('1\n'));
    writeFileSync(`${path}.1`, '2\n');
    writeFileSync(path, '3\n');
    writeFileSync(join(logs, 'app-20260101.log'), '0\n');
    const agent = start();
    await until(() => receiver.entries.size === 4, 'four lines');
    for (let n = 4; n < 12; n++) {
      renameSync(`${path}.1`, `${path}.2`);
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${n}\n`);
      if (n % 2 === 0) await until(() => receiver.lines().includes(String(n)), `line ${n}`);
    }
    await until(() => receiver.entries.size === 12, 'all lines');
    await agent.stop();
    expect(new Set(receiver.list().map(({ labels }) => labels))).toEqual(new Set([`{filename="${path}", job="test"}`]));
    expect(receiver.lines().toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
    expect(once()).toBe(true);
  });

  it('keep the time at which a line was read, whatever happens, and equal lines stay apart', async () => {
    const path = join(logs, 'app.log');
    writeFileSync(path, 'same\nsame\nsame\n');
    const extra = `files: [{paths: ['${logs}/*.log'], labels: {job: test}}]`;
    receiver.behaviour = () => ({ status: 503, store: true });
    let agent = spawnAgent(root, url, extra);
    await until(() => receiver.requests >= 3 && receiver.entries.size === 3, 'pushes that were stored and not acknowledged');
    for (let kill = 0; kill < 3; kill++) {
      const ended = new Promise((resolve) => agent.once('exit', resolve));
      agent.kill('SIGKILL');
      await ended;
      appendFileSync(path, `more ${kill}\n`);
      if (kill === 1) {
        renameSync(path, `${path}.1`);
        writeFileSync(path, 'same\n');
      }
      const before = receiver.requests;
      agent = spawnAgent(root, url, extra);
      await until(() => receiver.requests > before + 2 && receiver.lines().includes(`more ${kill}`), 'pushes again');
    }
    receiver.behaviour = () => 'store';
    appendFileSync(path, 'end\n');
    await until(() => receiver.lines().includes('end'), 'the end');
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill('SIGTERM');
    await ended;
    expect(receiver.lines().toSorted()).toEqual(['end', 'more 0', 'more 1', 'more 2', 'same', 'same', 'same', 'same']);
  });

  it('are read once, however many links and patterns lead to them', async () => {
    const pod = logPath(root);
    writeFileSync(pod, cri(1, 'of a pod'));
    symlinkSync(pod, join(logs, 'web_shop_main.log'));
    writeFileSync(join(logs, 'real.log'), 'real\n');
    symlinkSync(join(logs, 'real.log'), join(logs, 'a-link.log'));
    symlinkSync(join(logs, 'loop.log'), join(logs, 'loop.log'));
    mkdirSync(join(logs, 'sub'));
    symlinkSync(logs, join(logs, 'sub/up'));
    const agent = start({ paths: [join(logs, '*.log'), join(logs, '*/*.log'), join(logs, '**/*.log')] });
    await until(() => receiver.entries.size === 2, 'two lines');
    appendFileSync(join(logs, 'real.log'), 'more\n');
    await until(() => receiver.entries.size === 3, 'three lines');
    await agent.stop();
    const again = start({ paths: [join(logs, '*.log')] });
    appendFileSync(join(logs, 'real.log'), 'still more\n');
    await until(() => receiver.entries.size === 4, 'four lines');
    await again.stop();
    expect(receiver.lines().toSorted()).toEqual(['more', 'of a pod', 'real', 'still more']);
    expect(new Set(receiver.list().filter(({ labels }) => labels.includes('filename')).map(({ labels }) => labels)).size).toBe(1);
    expect(once()).toBe(true);
  });

  it('follow a link that is pointed to another file, and read the old one to its end, also when that happened while no agent ran', async () => {
    const link = join(logs, 'current.log');
    const target = (n: number): string => join(root, `app-${n}`);
    writeFileSync(target(1), 'one\n');
    symlinkSync(target(1), link);
    const point = (n: number, old: string): void => {
      appendFileSync(target(n - 1), old);
      writeFileSync(target(n), `first of ${n}\n`);
      symlinkSync(target(n), `${link}.tmp`);
      renameSync(`${link}.tmp`, link);
      appendFileSync(target(n - 1), `${old.trim()} late\n`);
    };
    const agent = start();
    await until(() => receiver.entries.size === 1, 'one line');
    point(2, 'end of 1\n');
    await until(() => receiver.entries.size === 4, 'four lines');
    await agent.stop();
    point(3, 'end of 2\n');
    const again = start();
    await until(() => receiver.entries.size === 7, 'seven lines');
    await again.stop();
    expect(receiver.lines().toSorted()).toEqual(['end of 1', 'end of 1 late', 'end of 2', 'end of 2 late', 'first of 2', 'first of 3', 'one']);
    expect(once()).toBe(true);
  });

  it('lose nothing to copytruncate that is in the copy', async () => {
    const path = join(logs, 'app.log');
    const line = (n: number): string => `line ${n} ${'x'.repeat(100)}\n`;
    writeFileSync(path, '');
    const agent = start();
    let n = 0;
    for (let rotation = 1; rotation <= 5; rotation++) {
      for (let i = 0; i < 40; i++) appendFileSync(path, line(n++));
      if (rotation % 2 === 0) await until(() => receiver.entries.size === n, 'all before the copy');
      if (existsSync(`${path}.1`)) renameSync(`${path}.1`, `${path}.${rotation}`);
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    }
    appendFileSync(path, 'end\n');
    await until(() => receiver.lines().includes('end'), 'the end');
    await until(() => receiver.entries.size === n + 1, 'all lines');
    await agent.stop();
    expect(receiver.lines().filter((text) => text !== 'end').toSorted()).toEqual(Array.from({ length: n }, (_, i) => line(i).trim()).toSorted());
    expect(once()).toBe(true);
  });

  it('are left alone where they are pipes, devices or directories, which hold up nobody', async () => {
    execFileSync('mkfifo', [join(logs, 'pipe.log')]);
    symlinkSync('/dev/zero', join(logs, 'zero.log'));
    mkdirSync(join(logs, 'directory.log'));
    writeFileSync(join(logs, 'file.log'), 'line\n');
    const agent = start();
    await until(() => receiver.entries.size === 1, 'the line');
    appendFileSync(join(logs, 'file.log'), 'more\n');
    await until(() => receiver.entries.size === 2, 'more');
    await agent.stop();
  });

  it('are drained after they were deleted while somebody still writes', async () => {
    const path = join(logs, 'app.log');
    writeFileSync(path, 'one\n');
    const agent = start();
    await until(() => receiver.entries.size === 1, 'one line');
    const { openSync, writeSync, closeSync } = await import('node:fs');
    const fd = openSync(path, 'a');
    rmSync(path);
    for (let i = 0; i < 5; i++) {
      writeSync(fd, `late ${i}\n`);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    closeSync(fd);
    await until(() => receiver.entries.size === 6, 'six lines');
    await agent.stop();
  });

  it('begin at their end where that is asked for', async () => {
    writeFileSync(join(logs, 'old.log'), 'old\n');
    const agent = start({ start_at: 'end' });
    await until(() => existsSync(join(root, 'state/checkpoint.json')) && readFileSync(join(root, 'state/checkpoint.json'), 'utf8').includes('old.log'), 'the checkpoint');
    appendFileSync(join(logs, 'old.log'), 'new\n');
    writeFileSync(join(logs, 'later.log'), 'later\n');
    await until(() => receiver.entries.size === 2, 'two lines');
    await agent.stop();
    expect(receiver.lines().toSorted()).toEqual(['later', 'new']);
  });

  it('are read where there is no pods directory, and join stack traces', async () => {
    writeFileSync(join(logs, 'app.log'), 'ok\nError: x\n    at f (/x.js:1:1)\nok again\nError: last\n    at g (/x.js:2:1)\n');
    const agent = start({ multiline: { mode: 'auto', wait: '50ms' } }, { pods_dir: join(root, 'none') });
    await until(() => receiver.entries.size === 4, 'four entries');
    await agent.stop();
    expect(receiver.lines()).toEqual(['ok', 'Error: x\n    at f (/x.js:1:1)', 'ok again', 'Error: last\n    at g (/x.js:2:1)']);
  });
});
