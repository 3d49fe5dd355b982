import { Failure } from './failure.ts';

/** Zone that times are shown and read in where they name none. */
export type Zone = 'Local' | 'UTC';

/** The forms of `--output-timestamp-format`: those of Go's time package. */
export const timeFormats = ['rfc3339', 'rfc3339nano', 'rfc822z', 'rfc1123z', 'stampmicro', 'stampmilli', 'stampnano', 'unixdate'] as const;
export type TimeFormat = (typeof timeFormats)[number];

const unitNs: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n], ['us', 1000n], ['µs', 1000n], ['ms', 1_000_000n], ['s', 1_000_000_000n], ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n], ['d', 86_400_000_000_000n], ['w', 604_800_000_000_000n], ['y', 31_536_000_000_000_000n],
]);

/** Reads `1h`, `1h30m`, `1.5s`, `2d` to nanoseconds. */
export function parseDuration(text: string): bigint {
  let total = 0n;
  let rest = text;
  while (rest !== '') {
    const match = /^(\d+)(?:\.(\d{1,18})\d*)?(ns|us|µs|ms|s|m|h|d|w|y)/.exec(rest);
    if (match === null) break;
    const unit = unitNs.get(match[3] ?? '') ?? 0n;
    const fraction = match[2] ?? '';
    total += BigInt(match[1] ?? '0') * unit;
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    rest = rest.slice(match[0].length);
  }
  if (text === '0') return 0n;
  if (rest !== '' || text === '' || total > 2n ** 63n - 1n) throw new Failure(`"${text}" is not a duration; write it like 30s, 5m, 1h30m or 7d`);
  return total;
}

const timePattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * Reads an absolute time to nanoseconds since the epoch: RFC 3339 with or without zone, time of day or seconds
 * (`2026-01-19T10:00:00.5Z`, `2026-01-19T10:00`, `2026-01-19`), a whole number of nanoseconds, or `now`, `now-1h`.
 */
export function parseTime(text: string, zone: Zone, nowNs: bigint): bigint {
  const relative = /^now(?:([+-])(.+))?$/.exec(text);
  if (relative !== null) {
    const offset = relative[2] === undefined ? 0n : parseDuration(relative[2]);
    return relative[1] === '-' ? nowNs - offset : nowNs + offset;
  }
  if (/^\d{15,19}$/.test(text)) return BigInt(text);
  const match = timePattern.exec(text);
  const time = match === null ? undefined : timeOf(match, zone);
  if (time === undefined) {
    throw new Failure(`"${text}" is not a time; write it like 2026-01-19T10:00:00Z, 2026-01-19T10:00:00 (in --timezone), now-1h, or nanoseconds since 1970`);
  }
  return time;
}

function timeOf(match: RegExpExecArray, zone: Zone): bigint | undefined {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate() || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = match[8]?.toUpperCase();
  let ms = Date.UTC(year, month - 1, day, hour, minute, second);
  if (offset === undefined) {
    if (zone === 'Local') ms = new Date(year, month - 1, day, hour, minute, second).getTime();
  } else if (offset !== 'Z') {
    const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
    ms -= (offset.startsWith('-') ? -minutes : minutes) * 60_000;
  }
  return BigInt(ms) * 1_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Writes a time as Go's time package does under the given name. */
export function formatTime(timeNs: bigint, format: TimeFormat, zone: Zone): string {
  const nanos = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const ms = Number((timeNs - nanos) / 1_000_000n);
  const offsetMinutes = zone === 'UTC' ? 0 : -new Date(ms).getTimezoneOffset();
  const at = new Date(ms + offsetMinutes * 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const zoneText = (colon: string): string => `${offsetMinutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offsetMinutes) / 60))}${colon}${two(Math.abs(offsetMinutes) % 60)}`;
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  const month = months[at.getUTCMonth()] ?? '';
  const weekday = weekdays[at.getUTCDay()] ?? '';
  const day = at.getUTCDate();
  const year = String(at.getUTCFullYear()).padStart(4, '0');
  const fraction = nanos.toString().padStart(9, '0');
  const rfc3339 = (digits: string): string => `${year}-${two(at.getUTCMonth() + 1)}-${two(day)}T${clock}${digits === '' ? '' : `.${digits}`}${offsetMinutes === 0 ? 'Z' : zoneText(':')}`;
  const stamp = (digits: number): string => `${month} ${String(day).padStart(2)} ${clock}.${fraction.slice(0, digits)}`;
  const forms: { readonly [form in TimeFormat]: () => string } = {
    rfc3339: () => rfc3339(''),
    rfc3339nano: () => rfc3339(fraction.replace(/0+$/, '')),
    rfc822z: () => `${two(day)} ${month} ${year.slice(-2)} ${clock.slice(0, 5)} ${zoneText('')}`,
    rfc1123z: () => `${weekday}, ${two(day)} ${month} ${year} ${clock} ${zoneText('')}`,
    stampmilli: () => stamp(3),
    stampmicro: () => stamp(6),
    stampnano: () => stamp(9),
    unixdate: () => `${weekday} ${month} ${String(day).padStart(2)} ${clock} ${zone === 'UTC' ? 'UTC' : zoneName(ms)} ${year}`,
  };
  return forms[format]();
}

function zoneName(ms: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(ms);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** Writes a length of time for people, three digits at most: `850µs`, `12.3ms`, `4.56s`, `3m12s`. */
export function formatGap(ns: bigint): string {
  const value = Number(ns);
  if (value < 1e3) return `${value}ns`;
  if (value < 1e6) return `${short(value / 1e3)}µs`;
  if (value < 1e9) return `${short(value / 1e6)}ms`;
  if (value < 60e9) return `${short(value / 1e9)}s`;
  const seconds = Math.round(value / 1e9);
  const minutes = Math.trunc(seconds / 60);
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.trunc(minutes / 60)}h${minutes % 60}m`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
