/** The only file of the command line that reads the process's environment and the clock. */

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. */
export function environment(): Environment {
  return process.env;
}

/** Wall-clock time in nanoseconds since the epoch. */
export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** Whether to write colours to `stream`: NO_COLOR (https://no-color.org) wins over FORCE_COLOR wins over "only on a terminal". */
export function wantsColor(stream: { readonly isTTY?: boolean }, variables: Environment = environment()): boolean {
  if ((variables['NO_COLOR'] ?? '') !== '') return false;
  const forced = variables['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && variables['TERM'] !== 'dumb';
}
