import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

describe('standard input', () => {
  let receiver: Receiver;
  let url: string;
  let dir: ReturnType<typeof temporaryDir>;

  beforeEach(async () => {
    receiver = new Receiver();
    url = await receiver.listen();
    dir = temporaryDir();
  });
  afterEach(async () => {
    await receiver.close();
    dir[Symbol.dispose]();
  });

  const start = (): ChildProcess => spawn(
    process.execPath, [new URL('../agent-process.ts', import.meta.url).pathname, '--stdin', '--to', url, '--state-dir', join(dir.path, 'state'), '--log-level', 'error'], { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  const exit = (agent: ChildProcess): Promise<number | null> => new Promise((resolve) => agent.once('exit', resolve));

  it('is sent, and the agent ends with it', { timeout: 60_000 }, async () => {
    const agent = start();
    const ended = exit(agent);
    agent.stdin?.write('one\ntwo\n');
    await until(() => receiver.lines().includes('two'), 'the first lines');
    agent.stdin?.end('Error: x\n    at f (/x.js:1:1)\nthree\nlast without end');
    expect(await ended).toBe(0);
    expect(receiver.lines()).toEqual(['one', 'two', 'Error: x\n    at f (/x.js:1:1)', 'three', 'last without end']);
    expect(new Set(receiver.list().map(({ labels }) => labels))).toEqual(new Set(['{filename="stdin"}']));
  });

  it('that came in before the agent was killed is sent by the next one, once', { timeout: 60_000 }, async () => {
    receiver.behaviour = () => ({ status: 503, store: true });
    const first = start();
    const killed = exit(first);
    first.stdin?.write('one\nsame\nsame\n');
    await until(() => receiver.entries.size === 3, 'lines that were stored and not acknowledged');
    first.kill('SIGKILL');
    await killed;
    receiver.behaviour = () => 'store';
    const second = start();
    const ended = exit(second);
    second.stdin?.end('two\n');
    expect(await ended).toBe(0);
    expect(receiver.lines().toSorted()).toEqual(['one', 'same', 'same', 'two']);
  });
});
