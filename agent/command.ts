import { parseArgs } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';
import { isSpoorError, reasonOf } from '../src/model/mod.ts';
import { checkCommand } from './commands/check.ts';
import { processEnvironment } from './config/environment.ts';
import { loadAgentConfig, parseAgentConfig, readConfigFile } from './config/load.ts';
import { FollowedConfig } from './config/reload.ts';
import type { AgentOptions } from './config/schema.ts';
import { runAgent } from './supervise.ts';

const usage = `Usage: spoor agent --config agent.yaml
       spoor agent --to http://host:3100 --state-dir DIR [--pods-dir /var/log/pods]
       … | spoor agent --stdin --to http://host:3100 --state-dir DIR
       spoor agent check agent.yaml     is everything in it valid?
       spoor agent test agent.yaml      what would be sent of the lines on standard input?

Reads the logs of this machine's containers and sends them to spoor (or any Loki).

  --config FILE       settings (YAML); flags win over it. A changed file is taken while the agent runs, and on SIGHUP
  --to URL            server to send to
  --state-dir DIR     where it remembers what the server has
  --pods-dir DIR      container logs (default /var/log/pods)
  --stdin             read standard input; without --config nothing else, and end with it
  --tenant NAME       sent as X-Scope-OrgID
  --cluster NAME      label cluster of every stream
  --node-name NAME    this node, for the Kubernetes API
  --listen HOST:PORT  serve /metrics, /status, /ready and /healthz (default: off)
  --log-level LEVEL   debug, info, warn, error (default info)
  --help              this text

Every setting: docs/operate/agent.md
`;

/** Flags → settings. */
const flagSettings = {
  to: 'to', 'state-dir': 'state_dir', 'pods-dir': 'pods_dir', tenant: 'tenant', cluster: 'cluster', 'node-name': 'node_name', listen: 'listen', 'log-level': 'log_level',
} as const;

/**
 * `spoor agent`: runs until SIGTERM or SIGINT; SIGHUP makes it read its configuration file again.
 * @param argv the arguments after `agent`
 * @returns the exit code: 0 after a signal, 1 where it cannot start, 2 for wrong arguments
 */
export async function agentCommand(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'check') return checkCommand(argv.slice(1), processEnvironment());
  if (argv[0] === 'test') return (await import('./commands/test.ts')).testCommand(argv.slice(1), processEnvironment());
  let options: AgentOptions;
  let config: FollowedConfig | undefined;
  try {
    const { values } = parseArgs({
      args: [...argv], strict: true, allowPositionals: false,
      options: {
        config: { type: 'string' }, help: { type: 'boolean', short: 'h' }, to: { type: 'string' }, 'state-dir': { type: 'string' }, 'pods-dir': { type: 'string' },
        tenant: { type: 'string' }, cluster: { type: 'string' }, 'node-name': { type: 'string' }, listen: { type: 'string' }, 'log-level': { type: 'string' }, stdin: { type: 'boolean' },
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
    if (values.stdin === true) {
      overrides['stdin'] = true;
      if (values.config === undefined) overrides['pods_dir'] ??= false;
    }
    const environment = processEnvironment();
    if (values.config === undefined) {
      options = loadAgentConfig(undefined, overrides, environment);
    } else {
      const text = readConfigFile(values.config);
      options = parseAgentConfig(text, values.config, overrides, environment);
      config = new FollowedConfig(values.config, text, overrides, environment);
    }
  } catch (error) {
    process.stderr.write(`spoor agent: ${reasonOf(error)}\n${isSpoorError(error) ? '' : `\n${usage}`}`);
    return 2;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  const onHangup = (): void => config?.reloadNow();
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  // Without a file there is nothing to read again, and a closed terminal ends the agent as it ends everything else.
  if (config !== undefined) process.on('SIGHUP', onHangup);
  try {
    await runAgent(options, stop.signal, { log: await makeLog(options.log_level, options.destinations?.some(({ type }) => type === 'stdout') === true ? 2 : 1), ...(config === undefined ? {} : { config }) });
    return 0;
  } catch (error) {
    process.stderr.write(`spoor agent: ${reasonOf(error)}\n`);
    return 1;
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
    process.off('SIGHUP', onHangup);
  }
}

/** JSON on standard output, or on standard error (2) where lines are written to the other; for people on a terminal. */
async function makeLog(level: string, output: 1 | 2): Promise<Logger> {
  const destination: DestinationStream = process.stdout.isTTY && output === 1
    ? (await import('pino-pretty')).default({ sync: true, ignore: 'pid,hostname' })
    : pino.destination({ dest: output, sync: true });
  return pino({ level }, destination);
}
