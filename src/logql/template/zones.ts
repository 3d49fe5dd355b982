import type { Zone } from './time.ts';

const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(name: string): Intl.DateTimeFormat | null {
  const known = formats.get(name);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat | null;
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
      timeZoneName: 'short',
    });
  } catch {
    format = null;
  }
  if (formats.size > 1000) formats.clear();
  formats.set(name, format);
  return format;
}

/** time.LoadLocation: UTC, Local (which is UTC here) or an IANA name; null where there is none. */
export function loadZone(name: string): Zone | null {
  if (name === '' || name === 'UTC' || name === 'Local') return { kind: 'fixed', name: 'UTC', offsetSeconds: 0 };
  if (/^[+-]/.test(name) || formatOf(name) === null) return null;
  return { kind: 'named', name };
}

/** Offset and abbreviation of a named zone at a time. */
export function zoneOffsetAt(name: string, seconds: bigint): { readonly offsetSeconds: number; readonly name: string } {
  const format = formatOf(name);
  const ms = Number(seconds) * 1000;
  if (format === null || Math.abs(ms) > 8.64e15) return { offsetSeconds: 0, name: 'UTC' };
  const parts = new Map(format.formatToParts(ms).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0);
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const local = new Date(0);
  local.setUTCFullYear(year, number('month') - 1, number('day'));
  local.setUTCHours(number('hour'), number('minute'), number('second'));
  const offsetSeconds = Math.round((local.getTime() - ms) / 1000);
  return { offsetSeconds, name: abbreviation(name, ms, parts.get('timeZoneName') ?? '', offsetSeconds) };
}

/** Where the locale's data knows no abbreviation it shows GMT+1; other English locales may know one, and Go's database shows +01. */
function abbreviation(zone: string, ms: number, shown: string, offsetSeconds: number): string {
  if (!/^(?:GMT|UTC)[+-]/.test(shown)) return shown;
  for (const locale of ['en-US', 'en-AU', 'en-IN', 'en-ZA', 'en-NZ']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(ms);
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    if (name !== '' && !/^(?:GMT|UTC)[+-]/.test(name)) return name;
  }
  const abs = Math.abs(offsetSeconds);
  const minutes = Math.floor(abs / 60) % 60;
  return `${offsetSeconds < 0 ? '-' : '+'}${String(Math.floor(abs / 3600)).padStart(2, '0')}${minutes === 0 ? '' : String(minutes).padStart(2, '0')}`;
}
