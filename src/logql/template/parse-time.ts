import { daysFromCivil, GoTime, layoutPieces, monthName, utc, weekdayName, type Zone } from './time.ts';
import { zoneOffsetAt } from './zones.ts';

/** What was read so far. */
interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  afternoon: boolean | null;
  offsetSeconds: number | null;
  /** Whether the zone stands there as `Z`. */
  isUtc: boolean;
  zoneName: string | null;
}

const numericParts: Readonly<Record<string, readonly [keyof Fields, RegExp]>> = {
  '2006': ['year', /^\d{4}/],
  '01': ['month', /^\d{2}/],
  '1': ['month', /^\d{1,2}/],
  '02': ['day', /^\d{2}/],
  '2': ['day', /^\d{1,2}/],
  _2: ['day', /^ ?\d{1,2}/],
  '002': ['yearDay', /^\d{3}/],
  __2: ['yearDay', /^ {0,2}\d{1,3}/],
  '15': ['hour', /^\d{2}/],
  '03': ['hour', /^\d{2}/],
  '3': ['hour', /^\d{1,2}/],
  '04': ['minute', /^\d{2}/],
  '4': ['minute', /^\d{1,2}/],
  '05': ['second', /^\d{2}/],
  '5': ['second', /^\d{1,2}/],
};

/** time.ParseInLocation; null where the text does not follow the layout. */
export function parseTime(layout: string, text: string, zone: Zone): GoTime | null {
  const fields: Fields = { year: 0, month: 1, day: 1, yearDay: 0, hour: 0, minute: 0, second: 0, nanosecond: 0, afternoon: null, offsetSeconds: null, isUtc: false, zoneName: null };
  const pieces = layoutPieces(layout);
  let rest = text;
  for (const [i, piece] of pieces.entries()) {
    if (!piece.part) {
      const plain = skipPlain(rest, piece.text);
      if (plain === null) return null;
      rest = plain;
      continue;
    }
    const left = readPart(piece.text, rest, fields);
    if (left === null) return null;
    rest = left;
    // A fraction may follow the seconds even where the layout has none.
    if ((piece.text === '05' || piece.text === '5') && !/^[.,]/.test(pieces[i + 1]?.part === true ? (pieces[i + 1]?.text ?? '') : '')) {
      const fraction = /^[.,](\d+)/.exec(rest);
      if (fraction !== null) {
        fields.nanosecond = fractionNs(fraction[1] ?? '');
        rest = rest.slice(fraction[0].length);
      }
    }
  }
  return rest === '' ? build(fields, zone) : null;
}

/** Spaces of the layout match any number of spaces, as in Go. */
function skipPlain(text: string, plain: string): string | null {
  let rest = text;
  for (const character of plain) {
    if (character === ' ') {
      if (rest !== '' && !rest.startsWith(' ')) return null;
      rest = rest.replace(/^ +/, '');
    } else if (rest.startsWith(character)) rest = rest.slice(character.length);
    else return null;
  }
  return rest;
}

function fractionNs(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

function readPart(part: string, rest: string, fields: Fields): string | null {
  const numeric = numericParts[part];
  if (numeric !== undefined) {
    const match = numeric[1].exec(rest);
    if (match === null) return null;
    const [name] = numeric;
    Object.assign(fields, { [name]: Number(match[0]) });
    return rest.slice(match[0].length);
  }
  if (part === '06') {
    const match = /^\d{2}/.exec(rest);
    if (match === null) return null;
    const year = Number(match[0]);
    fields.year = year >= 69 ? 1900 + year : 2000 + year;
    return rest.slice(2);
  }
  if (part === 'January' || part === 'Jan' || part === 'Monday' || part === 'Mon') return readName(part, rest, fields);
  if (part === 'PM' || part === 'pm') {
    const half = rest.slice(0, 2);
    if (half !== (part === 'PM' ? 'PM' : 'pm') && half !== (part === 'PM' ? 'AM' : 'am')) return null;
    fields.afternoon = half.toUpperCase() === 'PM';
    return rest.slice(2);
  }
  if (part === 'MST') {
    const match = /^(?:ChST|MeST|GMT[+-]\d{1,2}|(?:[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3})(?![A-Z])|[+-]\d{2,4})/.exec(rest);
    if (match === null) return null;
    fields.zoneName = match[0];
    return rest.slice(match[0].length);
  }
  if (part.startsWith('.') || part.startsWith(',')) return readFraction(part, rest, fields);
  return readOffset(part, rest, fields);
}

function readName(part: string, rest: string, fields: Fields): string | null {
  const isMonth = part.startsWith('Jan');
  for (let i = 0; i < (isMonth ? 12 : 7); i++) {
    const full = isMonth ? monthName(i + 1) : weekdayName(i);
    const name = part.length === 3 ? full.slice(0, 3) : full;
    if (rest.slice(0, name.length).toLowerCase() !== name.toLowerCase()) continue;
    if (isMonth) fields.month = i + 1;
    return rest.slice(name.length);
  }
  return null;
}

function readFraction(part: string, rest: string, fields: Fields): string | null {
  const match = /^[.,](\d+)/.exec(rest);
  if (part[1] === '9') {
    if (match === null) return rest;
    fields.nanosecond = fractionNs(match[1] ?? '');
    return rest.slice(match[0].length);
  }
  const digits = match?.[1]?.slice(0, part.length - 1) ?? '';
  if (digits.length !== part.length - 1) return null;
  fields.nanosecond = fractionNs(digits);
  return rest.slice(part.length);
}

function readOffset(part: string, rest: string, fields: Fields): string | null {
  if (part.startsWith('Z') && rest.startsWith('Z')) {
    fields.offsetSeconds = 0;
    fields.isUtc = true;
    return rest.slice(1);
  }
  const colon = part.includes(':') ? ':' : '';
  const groups = part.replace(/[^0-9]/g, '').length / 2;
  const match = new RegExp(`^([+-])(\\d{2})${groups > 1 ? `${colon}(\\d{2})` : '()'}${groups > 2 ? `${colon}(\\d{2})` : '()'}`).exec(rest);
  if (match === null) return null;
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  fields.offsetSeconds = match[1] === '-' ? -seconds : seconds;
  return rest.slice(match[0].length);
}

/** The offset that an abbreviation stands for in a zone: that in effect at the time if it is its own, else any that has it in the course of a year. */
function offsetOfName(zone: Zone, name: string, wall: bigint): number | null {
  if (zone.kind === 'fixed') return zone.name === name ? zone.offsetSeconds : null;
  let other: number | null = null;
  for (let month = 0n; month < 12n; month += 3n) {
    const found = zoneOffsetAt(zone.name, wall + month * 2_629_800n);
    if (found.name !== name) continue;
    if (zoneOffsetAt(zone.name, wall - BigInt(found.offsetSeconds)).name === name) return found.offsetSeconds;
    other ??= found.offsetSeconds;
  }
  return other;
}

function build(fields: Fields, zone: Zone): GoTime | null {
  let { month, day, hour } = fields;
  const { year, minute, second, nanosecond, afternoon } = fields;
  if (afternoon === true && hour < 12) hour += 12;
  else if (afternoon === false && hour === 12) hour = 0;
  if (fields.yearDay > 0) {
    const date = new Date(daysFromCivil(year, 1, fields.yearDay) * 86_400_000);
    month = date.getUTCMonth() + 1;
    day = date.getUTCDate();
  }
  const days = daysFromCivil(year, month, day);
  const longest = daysFromCivil(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - daysFromCivil(year, month, 1);
  if (month < 1 || month > 12 || day < 1 || day > longest || hour > 23 || minute > 59 || second > 59) return null;
  const wall = BigInt(days) * 86_400n + BigInt(hour * 3600 + minute * 60 + second);
  const { zoneName } = fields;
  if (fields.offsetSeconds !== null) {
    const offset = fields.offsetSeconds;
    const seconds = wall - BigInt(offset);
    // The given zone where it has that offset then.
    const there = zone.kind === 'fixed' ? zone : zoneOffsetAt(zone.name, seconds);
    if (fields.isUtc) return new GoTime(seconds, nanosecond, utc);
    if (there.offsetSeconds === offset && (zoneName === null || there.name === zoneName)) return new GoTime(seconds, nanosecond, zone);
    return new GoTime(seconds, nanosecond, { kind: 'fixed', name: zoneName ?? '', offsetSeconds: offset });
  }
  if (zoneName !== null && zoneName !== 'UTC') {
    const named = offsetOfName(zone, zoneName, wall);
    if (named !== null) return new GoTime(wall - BigInt(named), nanosecond, zone);
    const offset = zoneName.length > 3 && zoneName.startsWith('GMT') ? Number(zoneName.slice(3)) * 3600 : 0;
    return new GoTime(wall, nanosecond, { kind: 'fixed', name: zoneName, offsetSeconds: offset });
  }
  if (zone.kind === 'fixed') return new GoTime(wall - BigInt(zone.offsetSeconds), nanosecond, zone);
  const guess = zoneOffsetAt(zone.name, wall).offsetSeconds;
  const better = zoneOffsetAt(zone.name, wall - BigInt(guess)).offsetSeconds;
  return new GoTime(wall - BigInt(better), nanosecond, zone);
}
