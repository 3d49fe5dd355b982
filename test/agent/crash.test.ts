import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../support/random.ts';
import { cri, logPath, spawnAgent, startAgent, temporaryDir, until } from './harness.ts';
import { Receiver, type Behaviour } from './receiver.ts';

/** Writes numbered lines to a container's log and rotates it as the kubelet does: rename, reopen, gzip all rotated members but the latest, keep `keep` of them. */
class Container {
  next = 0;
  #rotations = 0;
  readonly path: string;
  readonly id: number;
  readonly #keep: number;

  constructor(root: string, id: number, keep: number) {
    this.id = id;
    this.path = logPath(root, `load-${id}`, 'main', 'ns', `uid-${id}`);
    this.#keep = keep;
    writeFileSync(this.path, '');
  }

  write(lines: number): void {
    let text = '';
    for (let i = 0; i < lines; i++, this.next++) {
      const n = this.next;
      const time = n * 4;
      // Every seventh line is in parts, with a line of the other stream in between.
      if (n % 7 === 0) text += cri(time, `container ${this.id} `, 'stdout', 'P') + cri(time + 1, `container ${this.id} interleaved ${n}`, 'stderr') + cri(time + 2, `line ${n}`);
      else text += cri(time, `container ${this.id} line ${n}`);
    }
    appendFileSync(this.path, text);
  }

  rotate(): void {
    const directory = dirname(this.path);
    renameSync(this.path, `${this.path}.20261120-${String(++this.#rotations).padStart(6, '0')}`);
    writeFileSync(this.path, '');
    const rotated = readdirSync(directory).filter((name) => name.startsWith(`${basename(this.path)}.`)).sort();
    for (const name of rotated.slice(0, -1)) {
      if (name.endsWith('.gz')) continue;
      const from = join(directory, name);
      writeFileSync(`${from}.tmp`, gzipSync(readFileSync(from)));
      renameSync(`${from}.tmp`, `${from}.gz`);
      rmSync(from);
    }
    for (const name of rotated.slice(0, -this.#keep)) rmSync(join(directory, name.endsWith('.gz') ? name : `${name}.gz`), { force: true });
  }

  expected(): string[] {
    const lines: string[] = [];
    for (let n = 0; n < this.next; n++) {
      lines.push(`container ${this.id} line ${n}`);
      if (n % 7 === 0) lines.push(`container ${this.id} interleaved ${n}`);
    }
    return lines.sort();
  }
}

/** A server in trouble: refuses, breaks off before and after storing, is away for a while. */
function troubled(random: () => number): Behaviour {
  return () => {
    const x = random();
    if (x < 0.1) return { status: 429, headers: { 'Retry-After': '0' } };
    if (x < 0.2) return { status: 500 };
    if (x < 0.25) return { status: 503, store: true };
    if (x < 0.35) return 'reset';
    if (x < 0.45) return 'reset-after-store';
    return 'store';
  };
}

/** Waits until as many entries came as lines were written, or until nothing comes any more. */
async function settled(receiver: Receiver, containers: readonly Container[], timeoutMs: number): Promise<void> {
  const total = containers.reduce((sum, container) => sum + container.expected().length, 0);
  let size = -1;
  let since = performance.now();
  const quiet = (): boolean => {
    if (receiver.entries.size !== size) since = performance.now();
    size = receiver.entries.size;
    return size >= total || performance.now() - since > 10_000;
  };
  await until(quiet, `${total} lines`, timeoutMs);
}

/** What must have arrived, and that nothing came as two different entries. */
function check(receiver: Receiver, containers: readonly Container[]): void {
  for (const container of containers) {
    const lines = receiver.lines((entry) => entry.labels.includes(`pod="load-${container.id}"`)).sort();
    const got = new Set(lines);
    const expected = container.expected();
    const wanted = new Set(expected);
    expect({ missing: expected.filter((line) => !got.has(line)).slice(0, 20), surplus: lines.filter((line, i) => !wanted.has(line) || line === lines[i - 1]).slice(0, 20) }).toEqual({ missing: [], surplus: [] });
  }
}

describe('nothing lost, nothing twice', () => {
  it('through rotations under load while the receiver refuses, breaks off and is away', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const random = randomNumbers(1);
    receiver.behaviour = troubled(random);
    mkdirSync(join(dir.path, 'pods'), { recursive: true });
    const containers = [1, 2, 3].map((id) => new Container(dir.path, id, 1000));
    const agent = startAgent(dir.path, url, { batch: { size_max: '16KB', wait_max: '10ms', queue_size_max: '64KB' } });
    for (let round = 0; round < 60; round++) {
      for (const container of containers) {
        container.write(50 + Math.floor(random() * 200));
        if (random() < 0.4) for (let times = Math.ceil(random() * 3); times > 0; times--) {
          container.rotate();
          container.write(Math.floor(random() * 20));
        }
      }
      if (round === 20) receiver.behaviour = () => 'reset';
      if (round === 40) receiver.behaviour = troubled(random);
      await sleep(15);
    }
    await settled(receiver, containers, 30_000);
    await agent.stop();
    await receiver.close();
    check(receiver, containers);
  });

  it('through kill -9 of the agent, twenty times, with rotations also while it is down', { timeout: 180_000 }, async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const random = randomNumbers(2);
    receiver.behaviour = troubled(random);
    mkdirSync(join(dir.path, 'pods'), { recursive: true });
    const containers = [1, 2, 3].map((id) => new Container(dir.path, id, 1000));
    let agent: ChildProcess | null = null;
    for (let kill = 0; kill < 20; kill++) {
      agent = spawnAgent(dir.path, url);
      const requests = receiver.requests;
      const started = performance.now();
      const lifeMs = random() * 400;
      let aliveSince = 0;
      while (aliveSince === 0 || performance.now() - aliveSince < lifeMs) {
        for (const container of containers) {
          container.write(Math.floor(random() * 60));
          if (random() < 0.1) container.rotate();
        }
        await sleep(10);
        if (aliveSince === 0 && (receiver.requests > requests || performance.now() - started > 5000)) aliveSince = performance.now();
      }
      const ended = new Promise((resolve) => agent?.once('exit', resolve));
      agent.kill('SIGKILL');
      await ended;
      for (const container of containers) {
        container.write(Math.floor(random() * 100));
        if (random() < 0.5) container.rotate();
      }
    }
    agent = spawnAgent(dir.path, url);
    const ended = new Promise<number | null>((resolve) => agent?.once('exit', resolve));
    try {
      await settled(receiver, containers, 60_000);
    } finally {
      agent.kill('SIGTERM');
      await receiver.close();
    }
    expect(await ended).toBe(0);
    check(receiver, containers);
  });
});
