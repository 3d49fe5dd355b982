import { parseArgs } from 'node:util';
import { reasonOf } from '../../src/model/mod.ts';
import type { Environment } from '../config/environment.ts';
import { checkAgentConfig, problemPlace, readConfigFile } from '../config/load.ts';
import { configVersion } from '../config/reload.ts';
import { withoutUnset } from './environment.ts';

const usage = `Usage: spoor agent check agent.yaml [--json]

Tells everything that is wrong with a configuration file, with its place. Exit code: 0 valid, 1 not valid, 2 wrong arguments or no such file.
Variables (\${NAME}) are taken from the environment, as when the agent runs.

  --allow-unset       variables that are not set are no problem: they stand for "x"
  --json              {"valid", "version", "problems": [{"line", "column", "key", "reason"}]}
`;

/** `spoor agent check`. @returns the exit code */
export function checkCommand(argv: readonly string[], environment: Environment): number {
  let file: string;
  let json: boolean;
  let text: string;
  let variables = environment;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv], strict: true, allowPositionals: true, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, 'allow-unset': { type: 'boolean' }, config: { type: 'string' } },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    const [given, ...more] = values.config === undefined ? positionals : [values.config, ...positionals];
    if (given === undefined || more.length > 0) throw new Error(given === undefined ? 'a configuration file is needed' : 'one configuration file at a time');
    file = given;
    json = values.json === true;
    if (values['allow-unset'] === true) variables = withoutUnset(environment);
    text = readConfigFile(file);
  } catch (error) {
    process.stderr.write(`spoor agent check: ${reasonOf(error)}\n`);
    return 2;
  }
  const { options, problems } = checkAgentConfig(text, {}, variables);
  const version = options === undefined ? null : configVersion(options);
  if (json) process.stdout.write(`${JSON.stringify({ valid: options !== undefined, version, problems })}\n`);
  else if (version !== null) process.stdout.write(`${file}: valid (version ${version})\n`);
  else process.stdout.write(`${problems.map((problem) => `${problemPlace(file, problem)}: ${problem.reason}\n`).join('')}${problems.length} problem${problems.length === 1 ? '' : 's'}\n`);
  return version === null ? 1 : 0;
}
