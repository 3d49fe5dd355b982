import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { Failure, OutputClosed, reasonOf } from './failure.ts';
import { createProgram, realSurroundings } from './program.ts';
import { Terminal } from './terminal.ts';

/**
 * Runs a command that speaks HTTP or reads files: everything but `serve` and `agent`.
 * @param argv the arguments after `spoor`
 * @param takeSignalsOnce lets a second Ctrl-C that follows at once do nothing
 * @returns the exit code
 */
export async function runCommand(argv: readonly string[], takeSignalsOnce: () => void): Promise<number> {
  const terminal = new Terminal(process.stdout, process.stderr);
  const program = createProgram(realSurroundings(terminal, takeSignalsOnce)).version(version(), '-V, --version', 'show the version').exitOverride();
  for (const subcommand of program.commands) for (const command of [subcommand, ...subcommand.commands]) command.exitOverride();
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    if (error instanceof CommanderError) return error.exitCode;
    terminal.note(error instanceof Failure ? error.message.trimEnd() : `spoor: ${reasonOf(error)}`);
    return error instanceof Failure ? error.exitCode : 1;
  }
}

/** The version in package.json, which stands above the sources and, as a copy, above the compiled files. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}
