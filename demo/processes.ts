import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const part = fileURLToPath(new URL('part.ts', import.meta.url));

/** Server or agent, running as a process of its own with its output in a file. */
export class Part {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #logPath: string;
  /** Where its own output begins: what other runs wrote stays. */
  readonly #logStart: number;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;

  constructor(name: 'serve' | 'agent', argv: readonly string[], logPath: string) {
    this.#name = name;
    this.#logPath = logPath;
    const log = openSync(logPath, 'a');
    this.#logStart = fstatSync(log).size;
    // In a process group of its own, so that Ctrl-C reaches the demo alone, which then ends the parts in the right order.
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', part, name, ...argv], { stdio: ['ignore', log, log, 'ipc'], detached: process.platform !== 'win32' });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`did not start: ${error.message}`));
      this.#child.once('exit', (code, signal) => resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
    });
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The last lines of its output. */
  lastWords(lines: number): string {
    return readFileSync(this.#logPath).subarray(this.#logStart).toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Asks it to end; after `patienceMs` makes it. Resolves with how it ended. */
  async stop(patienceMs: number): Promise<string> {
    if (this.running) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => {
      process.stderr.write(`${this.#name} is still running after ${patienceMs / 1000} s; ending it\n`);
      this.#child.kill('SIGKILL');
    }, patienceMs);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}
