import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';

const main = path.resolve(import.meta.dirname, '../../bin/spoor.js');

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

export interface ServerOptions {
  readonly dataDirectory: string;
  readonly port: number;
  /** Further SPOOR_… variables. Without SPOOR_GRPC_LISTEN there is no gRPC server. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: string;
}

/** A `spoor serve` in a process of its own. */
export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  #output = '';

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    this.#exited = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Starts it; resolves at once. */
  static spawn({ dataDirectory, port, environment = {}, config }: ServerOptions): ServerProcess {
    const flags = ['serve', '--data-dir', dataDirectory, '--listen', `127.0.0.1:${port}`, ...(config === undefined ? [] : ['--config', config])];
    const child = spawn(process.execPath, [main, ...flags], { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SPOOR_LOG_LEVEL: 'warn', SPOOR_GRPC_LISTEN: '', ...environment }, stdio: 'pipe' });
    return new ServerProcess(child, `http://127.0.0.1:${port}`);
  }

  /** Starts it and waits until it is ready. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const server = ServerProcess.spawn(options);
    await server.ready();
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote to standard output and standard error. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get exited(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    return this.#exited;
  }

  async ready(): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      if (!this.running) throw new Error(`the server ended before it was ready:\n${this.#output}`);
      try {
        const answer = await fetch(`${this.url}/ready`);
        if (answer.status === 200) return;
      } catch {
        // Not listening yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server is not ready after 30 s:\n${this.#output}`);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM; gives the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return (await this.#exited).code;
  }
}
