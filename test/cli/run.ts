import { Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { createProgram } from '../../cli/program.ts';
import { Failure } from '../../cli/failure.ts';
import { Terminal } from '../../cli/terminal.ts';

/** What a command wrote. */
export interface Run {
  readonly out: string;
  readonly notes: string;
  /** The failure it ended with. */
  readonly failure: Failure | undefined;
}

/** The time that commands under test take for now: 2026-01-19T10:00:00Z. */
export const nowNs = 1_768_816_800_000_000_000n;

/** A command that is still running. */
export class Running {
  readonly #out = new Collector();
  readonly #notes = new Collector();
  readonly #interrupt = new AbortController();
  readonly done: Promise<Run>;

  constructor(argv: readonly string[], variables: Readonly<Record<string, string>> = {}, clock: () => bigint = () => nowNs) {
    const terminal = new Terminal(this.#out, this.#notes, false);
    const program = createProgram({ terminal, variables, nowNs: clock, untilInterrupted: () => this.#interrupt.signal }).exitOverride();
    for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) command.exitOverride().configureOutput({ writeOut: (text) => this.#out.write(text), writeErr: (text) => this.#notes.write(text) });
    this.done = program.parseAsync(argv, { from: 'user' }).then(
      () => ({ out: this.out, notes: this.notes, failure: undefined }),
      (error: unknown) => {
        if (error instanceof CommanderError) return { out: this.out, notes: this.notes, failure: new Failure(error.message) };
        if (!(error instanceof Failure)) throw error;
        return { out: this.out, notes: this.notes, failure: error };
      },
    );
  }

  get out(): string {
    return this.#out.text;
  }

  get notes(): string {
    return this.#notes.text;
  }

  interrupt(): void {
    this.#interrupt.abort();
  }
}

/** Runs a command in this process and waits for its end. */
export async function run(argv: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Running(argv, variables).done;
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited 20 s in vain until ${what}`);
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
