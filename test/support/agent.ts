import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const main = path.resolve(import.meta.dirname, '../../bin/spoor.js');

/** A `spoor agent` in a process of its own. */
export class AgentProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Starts it with a configuration file; resolves when it reads and sends. */
  static async start(config: string): Promise<AgentProcess> {
    const agent = new AgentProcess(spawn(process.execPath, [main, 'agent', '--config', config], { env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }, stdio: 'pipe' }));
    for (let attempt = 0; attempt < 600; attempt++) {
      if (agent.#output.includes('agent started')) return agent;
      if (!agent.running) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await agent.kill();
    throw new Error(`the agent did not start:\n${agent.output}`);
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it wrote to standard output and standard error. */
  get output(): string {
    return this.#output;
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
