import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { nowNs } from './environment.ts';
import { Failure, OutputClosed, reasonOf } from './failure.ts';
import { createProgram, realSurroundings } from './program.ts';
import { Terminal } from './terminal.ts';

/**
 * The command `spoor`: hands `serve` and `agent` to their own parts, which are loaded only then, and runs everything else over HTTP.
 * These two imports are the only ones by which the command line reaches beyond its folder, besides those of `inspect`, which reads files.
 * @param argv the arguments after `spoor`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command === 'serve' || command === 'agent') {
    takeSignalsOnce();
    return command === 'serve' ? (await import('../src/server/mod.ts')).serveCommand(rest) : (await import('../agent/mod.ts')).agentCommand(rest);
  }
  if (command === 'help' && (rest[0] === 'serve' || rest[0] === 'agent')) return main([rest[0], '--help']);

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

/**
 * One Ctrl-C often arrives twice: from the terminal, which sends it to the whole process group, and from npm or npx, which hand it on. So where a command ends
 * in good order at the first one, a second one that follows at once does nothing; one that comes later ends the process on the spot.
 */
function takeSignalsOnce(): void {
  let firstNs: bigint | undefined;
  process.on('SIGTERM', () => undefined);
  process.on('SIGINT', () => {
    firstNs ??= nowNs();
    if (nowNs() - firstNs > 2_000_000_000n) process.exit(130);
  });
}

/** The version in package.json, which stands above the sources and, as a copy, above the compiled files. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}
