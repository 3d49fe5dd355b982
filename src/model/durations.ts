const unitNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9, w: 604_800e9, y: 31_536_000e9 };

/**
 * Reads a duration in Prometheus' form (`1d12h`, units y w d h m s ms, whole numbers, each unit once, falling) to nanoseconds;
 * undefined if it is not one. `0` alone is allowed.
 */
export function parsePrometheusDuration(text: string): bigint | undefined {
  if (text === '0') return 0n;
  const match = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (match === null || text === '') return undefined;
  const units = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];
  let total = 0n;
  for (const [i, unit] of units.entries()) total += BigInt(match[i + 1] ?? '0') * BigInt(unitNs[unit] ?? 0);
  return total <= 2n ** 63n - 1n ? total : undefined;
}

/**
 * Reads a duration in Go's form (`1.5h`, `300ms`, `-2m30s`, units ns us µs ms s m h, fractions and any order) to nanoseconds;
 * undefined if it is not one.
 */
export function parseGoDuration(text: string): bigint | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') return undefined;
  let total = 0n;
  while (rest !== '') {
    const match = /^(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (match === null || ((match[1] ?? '') === '' && (match[2] ?? '') === '')) return undefined;
    const unit = BigInt(unitNs[match[3] ?? ''] ?? 0);
    total += BigInt(match[1] === '' ? '0' : (match[1] ?? '0')) * unit;
    const fraction = (match[2] ?? '').slice(0, 18);
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    if (total > 2n ** 63n - 1n) return undefined;
    rest = rest.slice(match[0].length);
  }
  return sign * total;
}

/** Reads a duration in either form, as Loki's configuration and LogQL's label filters do: Go's first, then Prometheus'. */
export function parseDuration(text: string): bigint | undefined {
  return parseGoDuration(text) ?? parsePrometheusDuration(text);
}

/** Writes a duration as Go's time.Duration does: `1h0m0s`, `1.5s`, `300ms`, `0s`. */
export function formatGoDuration(ns: bigint): string {
  if (ns === 0n) return '0s';
  const sign = ns < 0n ? '-' : '';
  const abs = ns < 0n ? -ns : ns;
  if (abs < 1_000n) return `${sign}${abs}ns`;
  if (abs < 1_000_000n) return `${sign}${decimal(abs, 3)}µs`;
  if (abs < 1_000_000_000n) return `${sign}${decimal(abs, 6)}ms`;
  const seconds = `${decimal(abs % 60_000_000_000n, 9)}s`;
  const minutes = abs / 60_000_000_000n;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, scale: number): string {
  const unit = 10n ** BigInt(scale);
  const fraction = (value % unit).toString().padStart(scale, '0').replace(/0+$/, '');
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`;
}

/** Writes a duration as Prometheus' model.Duration does: `1w2d`, `5m`, `1h30m`, `0s`; below a millisecond is cut. */
export function formatPrometheusDuration(ns: bigint): string {
  let ms = (ns < 0n ? -ns : ns) / 1_000_000n;
  if (ms === 0n) return '0s';
  let text = ns < 0n ? '-' : '';
  const take = (unit: string, size: bigint, exactOnly: boolean): void => {
    if (exactOnly && ms % size !== 0n) return;
    const count = ms / size;
    if (count > 0n) {
      text += `${count}${unit}`;
      ms -= count * size;
    }
  };
  take('y', 31_536_000_000n, true);
  take('w', 604_800_000n, true);
  take('d', 86_400_000n, false);
  take('h', 3_600_000n, false);
  take('m', 60_000n, false);
  take('s', 1000n, false);
  take('ms', 1n, false);
  return text;
}
