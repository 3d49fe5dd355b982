import type { ChildProcess } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GapLedger } from '../../../agent/tail/gaps.ts';
import { cri, logPath, spawnAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

/** A container whose log is rotated as the kubelet does it: renamed, a new file, the one before compressed, the oldest deleted. */
class Container {
  readonly written: string[] = [];
  readonly path: string;
  readonly #kept: number;
  readonly #rotations: string[] = [];
  #n = 0;

  constructor(root: string, id: number, kept: number) {
    this.path = logPath(root, `pod-${id}`, 'main', 'shop', `u-${id}`);
    this.#kept = kept;
    writeFileSync(this.path, '');
  }

  write(lines: number): void {
    let text = '';
    for (let i = 0; i < lines; i++) {
      const n = this.#n++;
      const message = `line ${n} ${'x'.repeat(n % 90)}`;
      this.written.push(message);
      // Some come in parts, and between the parts the log may be rotated.
      text += n % 13 === 0 ? cri(n * 2, message.slice(0, 6), 'stdout', 'P') + cri(n * 2 + 1, message.slice(6)) : cri(n * 2, message, n % 3 === 0 ? 'stderr' : 'stdout');
    }
    appendFileSync(this.path, text);
    if (statSync(this.path).size > 12_000) this.#rotate();
  }

  #rotate(): void {
    const rotated = `${this.path}.20261120-${String(this.#rotations.length).padStart(6, '0')}`;
    renameSync(this.path, rotated);
    writeFileSync(this.path, '');
    const before = this.#rotations.at(-1);
    if (before !== undefined) {
      writeFileSync(`${before}.tmp`, gzipSync(readFileSync(before)));
      renameSync(`${before}.tmp`, `${before}.gz`);
      rmSync(before);
    }
    this.#rotations.push(rotated);
    const oldest = this.#rotations[this.#rotations.length - this.#kept - 1];
    if (oldest !== undefined) rmSync(`${oldest}.gz`, { force: true });
  }
}

describe('rotation as the kubelet does it', () => {
  let receiver: Receiver;
  let url: string;
  let dir: ReturnType<typeof temporaryDir>;
  let agent: ChildProcess;

  beforeEach(async () => {
    receiver = new Receiver();
    url = await receiver.listen();
    dir = temporaryDir();
  });
  afterEach(async () => {
    await receiver.close();
    dir[Symbol.dispose]();
  });
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill(signal);
    await ended;
  };
  const gaps = (): number => new GapLedger(join(dir.path, 'state'), () => undefined).bytes;

  it('loses and doubles nothing while files are there, through kills, outages and rotations in quick succession', { timeout: 180_000 }, async () => {
    const containers = [1, 2, 3, 4].map((id) => new Container(dir.path, id, 1000));
    for (let round = 0; round < 8; round++) {
      receiver.behaviour = round % 3 === 1 ? () => ({ status: 503, store: true }) : (n) => (n % 7 === 0 ? { status: 429 } : 'store');
      agent = spawnAgent(dir.path, url);
      const before = receiver.requests;
      for (let i = 0; i < 12; i++) {
        for (const container of containers) container.write(20 + ((i * 7) % 60));
        await sleep(8);
      }
      await until(() => receiver.requests > before + 1, 'pushes');
      await end('SIGKILL');
      for (const container of containers) container.write(150);
    }
    receiver.behaviour = () => 'store';
    agent = spawnAgent(dir.path, url);
    const total = containers.reduce((sum, { written }) => sum + written.length, 0);
    await until(() => receiver.entries.size >= total, 'all lines', 60_000);
    await end('SIGTERM');
    for (const [i, container] of containers.entries()) {
      const stored = receiver.list(({ labels }) => labels.includes(`"pod-${i + 1}"`)).map(({ line }) => line);
      expect(stored.toSorted()).toEqual(container.written.toSorted());
    }
    expect(gaps()).toBe(0);
  });

  it('loses nothing of files that are deleted within moments, as long as the agent lives', { timeout: 180_000 }, async () => {
    const containers = [1, 2, 3].map((id) => new Container(dir.path, id, 2));
    receiver.behaviour = () => ({ status: 503 });
    agent = spawnAgent(dir.path, url);
    for (const container of containers) container.write(5);
    await until(() => receiver.requests > 0, 'a push');
    for (let i = 0; i < 150; i++) {
      for (const container of containers) container.write(40);
      await sleep(10);
    }
    receiver.behaviour = () => 'store';
    const total = containers.reduce((sum, { written }) => sum + written.length, 0);
    await until(() => receiver.entries.size >= total, 'all lines', 60_000);
    await end('SIGTERM');
    expect(receiver.entries.size).toBe(total);
    expect([...receiver.entries.values()].filter(({ times }) => times !== 1).map(({ entry, times }) => `${entry.labels} ${entry.line} ${times}`)).toEqual([]);
    expect(gaps()).toBe(0);
  });
});
