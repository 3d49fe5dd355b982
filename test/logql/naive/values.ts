/** A JavaScript regular expression for one of RE2's; for plain patterns only. `.` is any character but a line feed. */
export function toRegExp(pattern: string, anchored: boolean): RegExp {
  const ignoreCase = pattern.startsWith('(?i)');
  const body = (ignoreCase ? pattern.slice(4) : pattern).replaceAll('(?P<', '(?<').replaceAll(/\\.|\[[^\]]*\]|\./g, (part) => (part === '.' ? '[^\\n]' : part));
  return new RegExp(anchored ? `^(?:${body})$` : body, ignoreCase ? 'iu' : 'u');
}

/** A number as strconv.ParseFloat reads it, of the forms that the test data have. */
export function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

const unitSeconds: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds, as time.ParseDuration reads them. */
export function parseSeconds(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(rest)) return undefined;
  let seconds = 0;
  for (const [, count = '', unit = ''] of rest.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) seconds += Number(count) * (unitSeconds[unit] ?? Number.NaN);
  return sign === '-' ? -seconds : seconds;
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/** Bytes, as go-humanize reads them. */
export function parseBytes(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d*)?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = unitBytes[unit.toLowerCase()];
  return count === undefined || factor === undefined ? undefined : Math.trunc(Number(count) * factor);
}
