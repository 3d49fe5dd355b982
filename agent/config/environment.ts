/** The only file of the agent that reads the process's environment. */

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}
