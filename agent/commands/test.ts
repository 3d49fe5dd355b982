import type { Environment } from '../config/environment.ts';

/** `spoor agent test`. @returns the exit code */
export async function testCommand(argv: readonly string[], environment: Environment): Promise<number> {
  return argv.length + Object.keys(environment).length;
}
