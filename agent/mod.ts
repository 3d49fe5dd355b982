export { agentCommand } from './command.ts';
export { loadAgentConfig, parseAgentConfig, type ConfigOverrides } from './config/load.ts';
export type { AgentOptions } from './config/schema.ts';
export { runAgent, type AgentSurroundings } from './main.ts';
