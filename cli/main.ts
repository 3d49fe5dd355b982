import { nowNs } from './environment.ts';

/**
 * The command `spoor`: hands `serve` and `agent` to their own parts, which are loaded only then, and runs everything else over HTTP.
 * These two are the only imports by which the command line reaches beyond its folder, besides those of `inspect`, which reads files.
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

  // Loaded only here, because what commands need would cost `serve` and `agent` memory for as long as they run.
  return (await import('./run.ts')).runCommand(argv, takeSignalsOnce);
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
