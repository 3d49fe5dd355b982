import { zoneOffsetAt } from './zones.ts';

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** A time zone as Go's time.Location: UTC, a fixed offset, or a name of the IANA database. */
export type Zone = { readonly kind: 'named'; readonly name: string } | { readonly kind: 'fixed'; readonly name: string; readonly offsetSeconds: number };

export const utc: Zone = { kind: 'fixed', name: 'UTC', offsetSeconds: 0 };

/** Seconds from 0001-01-01, Go's zero time, to 1970. */
const zeroSeconds = -62_135_596_800n;

/** What a clock on the wall shows. */
export interface WallClock {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly weekday: number;
  readonly yearDay: number;
  readonly offsetSeconds: number;
  readonly zone: string;
}

/** Go's time.Time without its monotonic part. */
export class GoTime {
  /** Seconds since 1970, rounded down. */
  readonly seconds: bigint;
  readonly nanosecond: number;
  readonly zone: Zone;

  constructor(seconds: bigint, nanosecond: number, zone: Zone = utc) {
    this.seconds = seconds;
    this.nanosecond = nanosecond;
    this.zone = zone;
  }

  static ofNs(ns: bigint, zone: Zone = utc): GoTime {
    const nanosecond = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    return new GoTime((ns - nanosecond) / 1_000_000_000n, Number(nanosecond), zone);
  }

  static zero(): GoTime {
    return new GoTime(zeroSeconds, 0);
  }

  get isZero(): boolean {
    return this.seconds === zeroSeconds && this.nanosecond === 0;
  }

  /** Nanoseconds since 1970, wrapped to 64 bits as in Go. */
  unixNano(): bigint {
    return BigInt.asIntN(64, this.seconds * 1_000_000_000n + BigInt(this.nanosecond));
  }

  in(zone: Zone): GoTime {
    return new GoTime(this.seconds, this.nanosecond, zone);
  }

  wall(): WallClock {
    const { offsetSeconds, name } = this.zone.kind === 'fixed' ? this.zone : zoneOffsetAt(this.zone.name, this.seconds);
    const local = this.seconds + BigInt(offsetSeconds);
    const days = local >= 0n ? local / 86_400n : -((-local + 86_399n) / 86_400n);
    const rest = Number(local - days * 86_400n);
    const { year, month, day } = civil(Number(days));
    return {
      year,
      month,
      day,
      hour: Math.floor(rest / 3600),
      minute: Math.floor(rest / 60) % 60,
      second: rest % 60,
      nanosecond: this.nanosecond,
      weekday: (((Number(days) + 4) % 7) + 7) % 7,
      yearDay: Number(days) - daysFromCivil(year, 1, 1) + 1,
      offsetSeconds,
      zone: name,
    };
  }

  /** `2006-01-02 15:04:05.999999999 -0700 MST`. */
  toString(): string {
    return formatTime(this, '2006-01-02 15:04:05.999999999 -0700 MST');
  }
}

/** Days since 1970 of a date in the proleptic Gregorian calendar; months and days may run over. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

function civil(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

export function monthName(month: number): string {
  return months[month - 1] ?? `%!Month(${month})`;
}

export function weekdayName(weekday: number): string {
  return weekdays[weekday] ?? `%!Weekday(${weekday})`;
}

/** The pieces of a Go time layout, longest first where one begins another. */
const layoutPattern =
  /January|Jan|Monday|Mon|MST|2006|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,](?:0+|9+)(?!\d)|002|01|02|03|04|05|06|15|__2|_2(?!006)|PM|pm|1|2|3|4|5/g;

/** A layout cut into pieces that stand for a part of the time, and plain text. */
export function layoutPieces(layout: string): readonly { readonly text: string; readonly part: boolean }[] {
  const pieces: { text: string; part: boolean }[] = [];
  let last = 0;
  for (const match of layout.matchAll(layoutPattern)) {
    if (match[0] === 'Jan' && /^[a-z]/.test(layout.slice(match.index + 3)) && !layout.startsWith('January', match.index)) continue;
    if (match[0] === 'Mon' && /^[a-z]/.test(layout.slice(match.index + 3)) && !layout.startsWith('Monday', match.index)) continue;
    if (match.index > last) pieces.push({ text: layout.slice(last, match.index), part: false });
    pieces.push({ text: match[0], part: true });
    last = match.index + match[0].length;
  }
  if (last < layout.length) pieces.push({ text: layout.slice(last), part: false });
  return pieces;
}

/** time.Time.Format. */
export function formatTime(time: GoTime, layout: string): string {
  const wall = time.wall();
  return layoutPieces(layout).map((piece) => (piece.part ? formatPart(piece.text, wall) : piece.text)).join('');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function formatPart(part: string, wall: WallClock): string {
  const first = part[0] ?? '';
  if (first === '.' || first === ',') {
    const digits = String(wall.nanosecond).padStart(9, '0').slice(0, part.length - 1).padEnd(part.length - 1, '0');
    if (part[1] === '0') return first + digits;
    const trimmed = digits.replace(/0+$/, '');
    return trimmed === '' ? '' : first + trimmed;
  }
  if (part !== 'MST' && (part.includes('07') || part.includes('-07'))) return formatOffset(part, wall.offsetSeconds);
  const hour12 = wall.hour % 12 === 0 ? 12 : wall.hour % 12;
  const parts: Readonly<Record<string, string>> = {
    January: monthName(wall.month),
    Jan: monthName(wall.month).slice(0, 3),
    Monday: weekdayName(wall.weekday),
    Mon: weekdayName(wall.weekday).slice(0, 3),
    MST: wall.zone,
    '2006': wall.year < 0 ? `-${String(-wall.year).padStart(4, '0')}` : String(wall.year).padStart(4, '0'),
    '06': two(((wall.year % 100) + 100) % 100),
    '01': two(wall.month),
    '1': String(wall.month),
    '02': two(wall.day),
    _2: String(wall.day).padStart(2, ' '),
    '2': String(wall.day),
    '002': String(wall.yearDay).padStart(3, '0'),
    __2: String(wall.yearDay).padStart(3, ' '),
    '15': two(wall.hour),
    '03': two(hour12),
    '3': String(hour12),
    '04': two(wall.minute),
    '4': String(wall.minute),
    '05': two(wall.second),
    '5': String(wall.second),
    PM: wall.hour >= 12 ? 'PM' : 'AM',
    pm: wall.hour >= 12 ? 'pm' : 'am',
  };
  return parts[part] ?? part;
}

function formatOffset(part: string, offsetSeconds: number): string {
  if (part.startsWith('Z') && offsetSeconds === 0) return 'Z';
  const abs = Math.abs(offsetSeconds);
  const colon = part.includes(':') ? ':' : '';
  const digits = part.replace(/[^0-9]/g, '').length;
  let text = (offsetSeconds < 0 ? '-' : '+') + two(Math.floor(abs / 3600));
  if (digits > 2) text += colon + two(Math.floor(abs / 60) % 60);
  if (digits > 4) text += colon + two(abs % 60);
  return text;
}
