import { parseTime, type TimeParts } from '../parse/time.ts';

/** Reads a time into `out`; false where the text is none in its layout. `near` is the time of the log record: what a text leaves out (the year) comes from it. */
export type TimeReader = (text: string, out: TimeParts, near: TimeParts) => boolean;

/** Longest text that is looked at. */
const textMax = 64;
/** A second short of what 64 signed bits of nanoseconds hold. */
const secondsMax = 9_223_372_035;

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Layouts by name, as conversions (see timeReader). */
const named: Readonly<Record<string, readonly string[]>> = {
  // The common log format of Apache and nginx.
  clf: ['%d/%b/%Y:%H:%M:%S %z'],
  rfc1123: ['%a, %d %b %Y %H:%M:%S %z'],
  rfc850: ['%a, %d-%b-%y %H:%M:%S %z'],
  ansic: ['%a %b %d %H:%M:%S %Y'],
  unix_date: ['%a %b %d %H:%M:%S %z %Y'],
  syslog: ['%b %d %H:%M:%S'],
  // java.util.logging, log4j, Python: a comma or a dot before the milliseconds, no zone.
  datetime: ['%Y-%m-%d %H:%M:%S', '%Y/%m/%d %H:%M:%S'],
};

/** Names that a time's `format` may have besides conversions. */
export const timeFormats = ['auto', 'rfc3339', 'unix', 'unix_ms', 'unix_us', 'unix_ns', ...Object.keys(named)] as const;

/** Why `format` is none: neither a name nor conversions; undefined where it is one. */
export function timeFormatFault(format: string): string | undefined {
  if ((timeFormats as readonly string[]).includes(format)) return undefined;
  if (!format.includes('%')) return `${JSON.stringify(format)} is no time format: ${timeFormats.join(', ')}, or conversions such as %Y-%m-%d %H:%M:%S`;
  const unknown = /%(?![YymdeHIMSfzZabBpj%sLN])./.exec(format);
  return unknown === null ? undefined : `${unknown[0]} is no conversion; known are %Y %y %m %d %e %b %B %a %j %H %I %p %M %S %f %L %N %z %Z %s %%`;
}

/**
 * A reader of times. `auto` takes RFC 3339 (also with a blank for the T, a comma for the dot, or no zone), seconds, milliseconds, microseconds or nanoseconds since the epoch by the number of
 * digits, and the layouts above. Conversions are strptime's: `%Y %m %d %H %M %S`, `%f` (a fraction of any length, without its dot), `%b` (Jan), `%a` (Mon), `%p`, `%z` (`+0100`, `+01:00`, `Z`, `GMT`), `%s`.
 * @param zoneMinutes east of UTC, for texts that name no zone
 */
export function timeReader(format: string, zoneMinutes: number): TimeReader {
  const reader = readerOf(format, zoneMinutes);
  return (text, out, near) => text.length <= textMax && reader(text.trim(), out, near);
}

function readerOf(format: string, zoneMinutes: number): TimeReader {
  switch (format) {
    case 'rfc3339': return (text, out) => rfc3339(text, out, zoneMinutes);
    case 'unix': return (text, out) => epoch(text, out, 0);
    case 'unix_ms': return (text, out) => epoch(text, out, 3);
    case 'unix_us': return (text, out) => epoch(text, out, 6);
    case 'unix_ns': return (text, out) => epoch(text, out, 9);
    case 'auto': {
      const layouts = Object.values(named).flat().map((layout) => strptime(layout, zoneMinutes));
      return (text, out, near) => rfc3339(text, out, zoneMinutes) || epoch(text, out, null) || layouts.some((layout) => layout(text, out, near));
    }
    default: {
      const layouts = (named[format] ?? [format]).map((layout) => strptime(layout, zoneMinutes));
      return (text, out, near) => layouts.some((layout) => layout(text, out, near));
    }
  }
}

const scratch = Buffer.alloc(textMax * 3);

function rfc3339(text: string, out: TimeParts, zoneMinutes: number): boolean {
  const length = scratch.write(text, 'latin1');
  if (parseTime(scratch, 0, length, out)) return true;
  const match = /^(\d{4}-\d\d-\d\d)[T _](\d\d:\d\d:\d\d)(?:[.,:](\d{1,9}))?\d*(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?$/i.exec(text);
  if (match === null) return false;
  const [, date = '', time = '', fraction, zone] = match;
  const plain = scratch.write(`${date}T${time}${fraction === undefined ? '' : `.${fraction}`}Z`, 'latin1');
  if (!parseTime(scratch, 0, plain, out)) return false;
  return shift(out, zone === undefined ? zoneMinutes : (zoneOf(zone) ?? 0));
}

/** A number since the epoch. `digits` after the second; null: by the size of the number. */
function epoch(text: string, out: TimeParts, digits: number | null): boolean {
  const match = /^(\d{1,19})(?:\.(\d{1,12}))?(?:[eE]\+?(\d{1,2}))?$/.exec(text);
  if (match === null) return false;
  let [, whole = '', fraction = ''] = match;
  const exponent = Number(match[3] ?? 0);
  if (exponent > 0) {
    if (exponent > 18) return false;
    whole += fraction.slice(0, exponent).padEnd(exponent, '0');
    fraction = fraction.slice(exponent);
    whole = whole.replace(/^0+(?=\d)/, '');
    if (whole.length > 19) return false;
  }
  const unit = digits ?? (whole.length >= 18 ? 9 : whole.length >= 15 ? 6 : whole.length >= 12 ? 3 : whole.length >= 9 ? 0 : -1);
  if (unit < 0) return false;
  const all = whole.padStart(unit + 1, '0');
  const seconds = Number(all.slice(0, all.length - unit));
  const nanos = Number((all.slice(all.length - unit) + fraction).padEnd(9, '0').slice(0, 9));
  return put(out, seconds, nanos);
}

function put(out: TimeParts, seconds: number, nanos: number): boolean {
  if (!(seconds >= 0 && seconds <= secondsMax)) return false;
  out.seconds = seconds;
  out.nanos = nanos;
  return true;
}

function shift(out: TimeParts, minutesEast: number): boolean {
  return put(out, out.seconds - minutesEast * 60, out.nanos);
}

/** Minutes east of UTC of `Z`, `UTC`, `GMT`, `+0100`, `+01:00`, `+01`; undefined for other names. */
export function zoneOf(text: string): number | undefined {
  if (/^(?:z|utc|gmt)$/i.test(text)) return 0;
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return minutes >= 24 * 60 ? undefined : match[1] === '-' ? -minutes : minutes;
}

/** The expression of each conversion; each is linear in what it reads. */
const conversions: Readonly<Record<string, string>> = {
  Y: '(\\d{4})', y: '(\\d\\d)', m: '(\\d\\d?)', d: '( ?\\d\\d?)', e: '( ?\\d\\d?)', j: '(\\d{1,3})', H: '( ?\\d\\d?)', I: '( ?\\d\\d?)', M: '(\\d\\d)', S: '(\\d\\d)', f: '(\\d{1,9})\\d{0,9}', L: '(\\d{3})', N: '(\\d{9})',
  b: '([A-Za-z]{3})[a-z]{0,6}', B: '([A-Za-z]{3})[a-z]{0,6}', a: '([A-Za-z]{3})[a-z]{0,6}', p: '([AaPp])\\.?[Mm]\\.?', z: '(Z|UTC|GMT|[+-]\\d\\d:?\\d\\d|[+-]\\d\\d)', Z: '([A-Z]{1,5}|[+-]\\d\\d:?\\d\\d)', s: '(\\d{1,11})',
};

function strptime(layout: string, zoneMinutes: number): TimeReader {
  const letters: string[] = [];
  // A layout without a fraction takes one behind its seconds.
  const fraction = !/%[fLNs]/.test(layout);
  let source = '';
  for (let at = 0; at < layout.length; at++) {
    const character = layout[at] as string;
    if (character !== '%') {
      source += character === ' ' ? ' +' : character.replace(/[\\^$.*+?()[\]{}|/-]/, String.raw`\$&`);
      continue;
    }
    const letter = layout[++at] ?? '%';
    if (letter === '%') source += '%';
    else {
      letters.push(letter);
      source += conversions[letter] ?? '(?!)';
      if (letter === 'S' && fraction) {
        letters.push('f');
        source += '(?:[.,](\\d{1,9})\\d{0,9})?';
      }
    }
  }
  const expression = new RegExp(`^${source}$`);
  return (text, out, near) => {
    const match = expression.exec(text);
    if (match === null) return false;
    const parts = new Map<string, string>();
    for (const [i, letter] of letters.entries()) {
      const part = match[i + 1];
      if (part !== undefined) parts.set(letter, part);
    }
    return assemble(parts, out, near, zoneMinutes);
  };
}

function assemble(parts: ReadonlyMap<string, string>, out: TimeParts, near: TimeParts, zoneMinutes: number): boolean {
  const number = (...letters: readonly string[]): number | undefined => {
    for (const letter of letters) if (parts.has(letter)) return Number(parts.get(letter));
    return undefined;
  };
  const nanos = Number((parts.get('f') ?? parts.get('L') ?? parts.get('N') ?? '').padEnd(9, '0'));
  const since = number('s');
  if (since !== undefined) return put(out, since, nanos);
  const name = parts.get('b') ?? parts.get('B');
  const dayOfYear = number('j');
  const month = name === undefined ? (number('m') ?? 1) - 1 : months.indexOf(name.toLowerCase());
  const day = number('d', 'e') ?? 1;
  const short = number('y');
  const givenYear = number('Y') ?? (short === undefined ? undefined : short + (short < 69 ? 2000 : 1900));
  let hour = number('H') ?? 0;
  const twelve = number('I');
  if (twelve !== undefined) hour = (twelve % 12) + (parts.get('p')?.toLowerCase() === 'p' ? 12 : 0);
  const minute = number('M') ?? 0;
  const second = Math.min(number('S') ?? 0, 59);
  if (month < 0 || month > 11 || hour > 23 || minute > 59 || twelve === 0 || (twelve ?? 0) > 12) return false;
  const zone = parts.get('z') ?? parts.get('Z');
  const offset = zone === undefined ? zoneMinutes : zoneOf(zone);
  if (offset === undefined) return false;
  const at = (year: number): number => {
    const date = new Date(0);
    date.setUTCFullYear(year, dayOfYear === undefined ? month : 0, dayOfYear ?? day);
    if (dayOfYear === undefined && (date.getUTCMonth() !== month || date.getUTCDate() !== day)) return Number.NaN;
    return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset * 60;
  };
  if (givenYear !== undefined) return put(out, at(givenYear), nanos);
  // No year: the one that lies nearest to the record's own time (a line of December read in January).
  const year = new Date(near.seconds * 1000).getUTCFullYear();
  const near0 = [year - 1, year, year + 1].map(at).filter((seconds) => !Number.isNaN(seconds)).sort((a, b) => Math.abs(a - near.seconds) - Math.abs(b - near.seconds))[0];
  return near0 !== undefined && put(out, near0, nanos);
}
