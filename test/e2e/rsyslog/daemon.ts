import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../support/server.ts';

/** Where Debian has it (packages rsyslog and rsyslog-elasticsearch); null where it is not installed, which in CI is an error. */
export const rsyslogd = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd'].find((file) => existsSync(file)) ?? null;

/** An rsyslogd of its own, with its own configuration, that takes messages on a TCP port. */
export class Rsyslog {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #port: number;
  output = '';

  private constructor(child: ChildProcess, directory: string, port: number) {
    this.#child = child;
    this.#directory = directory;
    this.#port = port;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Starts it; `actions` is what it does with messages, in RainerScript. */
  static async start(actions: string): Promise<Rsyslog> {
    const directory = await mkdtemp(path.join(tmpdir(), 'spoor-rsyslog-'));
    const port = await freePort();
    const file = path.join(directory, 'rsyslog.conf');
    await writeFile(file, `global(workDirectory="${directory}" maxMessageSize="64k")\nmodule(load="imptcp")\nmodule(load="omelasticsearch")\ninput(type="imptcp" port="${port}" address="127.0.0.1")\n${actions}\n`);
    const child = spawn(rsyslogd ?? 'rsyslogd', ['-n', '-f', file, '-i', path.join(directory, 'pid')], { stdio: 'pipe', env: { PATH: process.env['PATH'] } });
    const daemon = new Rsyslog(child, directory, port);
    for (let attempt = 0; ; attempt++) {
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        socket.destroy();
        return daemon;
      } catch (error) {
        if (attempt === 300 || child.exitCode !== null) throw new Error(`rsyslogd does not listen:\n${daemon.output}`, { cause: error });
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
    }
  }

  async send(messages: readonly string[]): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end(messages.map((message) => `${message}\n`).join(''));
    await once(socket, 'close');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}
