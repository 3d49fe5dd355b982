/** The environment of the process; read nowhere else. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
