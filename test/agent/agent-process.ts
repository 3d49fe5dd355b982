import { agentCommand } from '../../agent/mod.ts';

process.exitCode = await agentCommand(process.argv.slice(2));
