import { setFlagsFromString } from 'node:v8';
import type { Environment } from './config/environment.ts';
import type { ConfigOverrides } from './config/load.ts';
import type { AgentOptions } from './config/schema.ts';
import type { AgentSurroundings } from './supervise.ts';

export type { AgentOptions, AgentSurroundings, ConfigOverrides, Environment };

// Everything is loaded only when it is asked for, because what comes first is a matter of memory: see agentCommand.

/**
 * `spoor agent`: runs until SIGTERM or SIGINT.
 * @param argv the arguments after `agent`
 * @returns the exit code: 0 after a signal, 1 where it cannot start, 2 for wrong arguments
 */
export async function agentCommand(argv: readonly string[]): Promise<number> {
  // Before modules fill the heap. The young generation stays small: lines are bytes in kept buffers, so letting it grow costs 20 MiB of resident memory and
  // saves nothing (docs/operate/agent.md).
  setFlagsFromString('--semi-space-growth-factor=1');
  return (await import('./command.ts')).agentCommand(argv);
}

/**
 * Reads a configuration file (none: the overrides alone); see docs/operate/agent.md. Rejects with `bad_config`, which names file, line and key.
 * @param environment variables for `${NAME}` in the file
 */
export async function loadAgentConfig(file: string | undefined, overrides: ConfigOverrides, environment: Environment): Promise<AgentOptions> {
  return (await import('./config/load.ts')).loadAgentConfig(file, overrides, environment);
}

/** Runs an agent in this process until the signal; see supervise.ts. */
export async function runAgent(options: AgentOptions, signal: AbortSignal, surroundings: AgentSurroundings = {}): Promise<void> {
  return (await import('./supervise.ts')).runAgent(options, signal, surroundings);
}
