import { parseArgs } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';
import { isSpoorError, reasonOf } from '../src/model/mod.ts';
import { processEnvironment } from './config/environment.ts';
import { loadAgentConfig } from './config/load.ts';
import type { AgentOptions } from './config/schema.ts';
import { runAgent } from './main.ts';

const usage = `Usage: spoor agent --config agent.yaml
       spoor agent --to http://host:3100 --state-dir DIR [--pods-dir /var/log/pods]

Reads the logs of this machine's containers and sends them to spoor (or any Loki).

  --config FILE       settings (YAML); flags win over it
  --to URL            server to send to
  --state-dir DIR     where it remembers what the server has
  --pods-dir DIR      container logs (default /var/log/pods)
  --tenant NAME       sent as X-Scope-OrgID
  --cluster NAME      label cluster of every stream
  --node-name NAME    this node, for the Kubernetes API
  --listen HOST:PORT  serve /metrics and /ready (default: off)
  --log-level LEVEL   debug, info, warn, error (default info)
  --help              this text

Every setting: docs/operate/agent.md
`;

/** Flags → settings. */
const flagSettings = {
  to: 'to', 'state-dir': 'state_dir', 'pods-dir': 'pods_dir', tenant: 'tenant', cluster: 'cluster', 'node-name': 'node_name', listen: 'listen', 'log-level': 'log_level',
} as const;

/**
 * `spoor agent`: runs until SIGTERM or SIGINT.
 * @param argv the arguments after `agent`
 * @returns the exit code: 0 after a signal, 1 where it cannot start, 2 for wrong arguments
 */
export async function agentCommand(argv: readonly string[]): Promise<number> {
  let options: AgentOptions;
  try {
    const { values } = parseArgs({
      args: [...argv], strict: true, allowPositionals: false,
      options: {
        config: { type: 'string' }, help: { type: 'boolean', short: 'h' }, to: { type: 'string' }, 'state-dir': { type: 'string' }, 'pods-dir': { type: 'string' },
        tenant: { type: 'string' }, cluster: { type: 'string' }, 'node-name': { type: 'string' }, listen: { type: 'string' }, 'log-level': { type: 'string' },
      },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    const overrides: Record<string, unknown> = {};
    for (const [flag, setting] of Object.entries(flagSettings)) {
      const value = values[flag as keyof typeof flagSettings];
      if (value !== undefined) overrides[setting] = value;
    }
    options = loadAgentConfig(values.config, overrides, processEnvironment());
  } catch (error) {
    process.stderr.write(`spoor agent: ${reasonOf(error)}\n${isSpoorError(error) ? '' : `\n${usage}`}`);
    return 2;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  try {
    await runAgent(options, stop.signal, { log: await makeLog(options.log_level) });
    return 0;
  } catch (error) {
    process.stderr.write(`spoor agent: ${reasonOf(error)}\n`);
    return 1;
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}

/** JSON on standard output; for people on a terminal. */
async function makeLog(level: string): Promise<Logger> {
  const destination: DestinationStream = process.stdout.isTTY
    ? (await import('pino-pretty')).default({ sync: true, ignore: 'pid,hostname' })
    : pino.destination({ dest: 1, sync: true });
  return pino({ level }, destination);
}
