import { keepShape } from '../../model/mod.ts';
import { writeDigits } from './numbers.ts';

/** Ways in which programs write a point in time. Numbers stand in files and are never reused. */
export const timeForms = {
  /** 2026-11-20T03:04:05, then a fraction and a zone. */
  isoT: 1,
  /** 2026-11-20 03:04:05, the same. */
  isoSpace: 2,
  /** 2026/11/20 03:04:05 (Go, nginx's error log). */
  slashes: 3,
  /** 20/Nov/2026:03:04:05 (Apache, nginx). */
  common: 4,
  /** 03:04:05, with a fraction. */
  clock: 5,
  /** 2026-11-20. */
  date: 6,
  /** 2026/11/20. */
  dateSlashes: 7,
  /** Seconds since 1970 (10 digits), then `fraction` more digits, with a point before them where there is a mark. */
  unix: 8,
} as const;

/** One format: all values of a column have the same. */
export interface TimeFormat {
  readonly form: number;
  /** Digits of the second's fraction; where `trimmed`, at most. */
  readonly fraction: number;
  /** Zeros at the end of the fraction are left out, and the mark with the last of them. */
  readonly trimmed: boolean;
  /** Byte before the fraction: point or comma; 0 where there is none. */
  readonly mark: number;
  /** Zone as it stands behind: nothing, Z, +hh:mm or +hhmm. It does not change how the clock is read. */
  readonly zone: Uint8Array;
}

export const dayNs = 86_400_000_000_000;
/** Digits of seconds since 1970, from 2001 to 2286. */
const unixDigits = 10;
const zero = 0x30;
/** Bytes before the fraction. */
const headBytes: readonly number[] = [0, 19, 19, 19, 20, 8, 10, 10, unixDigits];
const zonesMax = 6;
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Days further from the row's than this are no times: nanoseconds stay exact. */
const dayDistanceMax = 100;

/** Nanoseconds to which a format tells the time. */
export function resolutionOf(format: TimeFormat): number {
  return format.form === timeForms.date || format.form === timeForms.dateSlashes ? dayNs : 10 ** (9 - format.fraction);
}

/** Whether it tells the hour but not the day. */
export function isClock(format: TimeFormat): boolean {
  return format.form === timeForms.clock;
}

/** Most bytes of a text. */
export function timeBytesMax(format: TimeFormat): number {
  return headBytes[format.form]! + (format.mark === 0 ? 0 : 1) + format.fraction + format.zone.length;
}

/** What is wrong with a format that was read; undefined where nothing is. */
export function checkFormat(format: TimeFormat): string | undefined {
  const { form, fraction, trimmed, mark, zone } = format;
  if (headBytes[form] === undefined || form === 0) return `form ${form} of times is unknown`;
  const [dated, unix] = [form === timeForms.date || form === timeForms.dateSlashes, form === timeForms.unix];
  if (fraction > 9 || zone.length > zonesMax) return 'fraction or zone of times is too long';
  if (mark !== 0 && mark !== 0x2e && mark !== 0x2c) return `mark ${mark} before a fraction`;
  if (dated && (fraction > 0 || zone.length > 0)) return 'a date has a fraction or a zone';
  if (unix ? zone.length > 0 || trimmed : (fraction > 0) !== (mark !== 0)) return 'fraction of times';
  return trimmed && (fraction !== 9 || mark === 0) ? 'trimmed fraction of times' : undefined;
}

function writeTwo(target: Buffer, at: number, value: number): void {
  const high = (value / 10) | 0;
  target[at] = zero + high;
  target[at + 1] = zero + value - high * 10;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39;
}

/** The format that a text may have, told by its punctuation; null where it is none of a time. */
export function guessFormat(bytes: Buffer, at: number, length: number): TimeFormat | null {
  const text = bytes.subarray(at, at + length);
  const none = { trimmed: false, mark: 0, zone: new Uint8Array(0) };
  if (text.every(isDigit)) {
    const fraction = length - unixDigits;
    return [0, 3, 6, 9].includes(fraction) ? { form: timeForms.unix, fraction, ...none } : null;
  }
  const [dash, slash, colon] = [0x2d, 0x2f, 0x3a];
  if (length === 10 && text[4] === dash && text[7] === dash) return { form: timeForms.date, fraction: 0, ...none };
  if (length === 10 && text[4] === slash && text[7] === slash) return { form: timeForms.dateSlashes, fraction: 0, ...none };
  if (text[unixDigits] === 0x2e && length <= unixDigits + 7 && length > unixDigits + 1) return { form: timeForms.unix, fraction: length - unixDigits - 1, ...none, mark: 0x2e };
  let form: number = timeForms.clock;
  if (text[13] === colon && text[16] === colon) form = text[10] === 0x54 ? timeForms.isoT : text[4] === slash ? timeForms.slashes : timeForms.isoSpace;
  else if (text[2] === slash && text[6] === slash && text[11] === colon) form = timeForms.common;
  else if (text[2] !== colon || text[5] !== colon) return null;
  let from = headBytes[form]!;
  if (length < from) return null;
  const mark = text[from] === 0x2e || text[from] === 0x2c ? text[from]! : 0;
  let fraction = 0;
  if (mark !== 0) {
    while (isDigit(text[from + 1 + fraction])) fraction++;
    if (fraction === 0 || fraction > 9) return null;
    from += 1 + fraction;
  }
  return isZone(text, from) ? { form, fraction, trimmed: false, mark, zone: Uint8Array.from(text.subarray(from)) } : null;
}

function isZone(text: Buffer, from: number): boolean {
  return /^(?:Z|[+-]\d\d:?\d\d)?$/.test(text.toString('latin1', from));
}

/** Two digits; 100 or more where they are none. */
function two(bytes: Buffer, at: number): number {
  const high = bytes[at]! - zero;
  const low = bytes[at + 1]! - zero;
  return high >>> 0 > 9 || low >>> 0 > 9 ? 10_000 : high * 10 + low;
}

const powers = Array.from({ length: 10 }, (_, i) => 10 ** i);

/** Days since 1970-01-01 of a day of the proleptic Gregorian calendar; NaN where there is no such day. */
function daysOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > monthDays[month - 1]!) return NaN;
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) return NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** Reads times of one format. Keeps the last date, because neighbours mostly share it. */
export class TimeParser {
  readonly #form: number;
  readonly #fractionDigits: number;
  readonly #trimmed: boolean;
  readonly #mark: number;
  readonly #zone: Uint8Array;
  readonly #day: number;
  readonly #head: number;
  readonly #dateBytes: number;
  /** Where the last date stands, and its days from the row's. */
  #lastAt = -1;
  #lastDays = NaN;

  constructor(format: TimeFormat, day: number) {
    this.#form = format.form;
    this.#fractionDigits = format.fraction;
    this.#trimmed = format.trimmed;
    this.#mark = format.mark;
    this.#zone = format.zone;
    this.#day = day;
    this.#head = headBytes[format.form]!;
    this.#dateBytes = this.#head > 10 ? this.#head - 8 : this.#head;
  }

  /** Nanoseconds since the start of the day (of no particular one, for a clock); NaN where the text is not one that TimeWriter gives. All texts are of one buffer. */
  parse(bytes: Buffer, at: number, length: number): number {
    const form = this.#form;
    const zone = this.#zone;
    const end = at + length - zone.length;
    const head = at + this.#head;
    if (end < head) return NaN;
    for (let i = 0; i < zone.length; i++) if (bytes[end + i] !== zone[i]) return NaN;
    const fraction = this.#fraction(bytes, head, end);
    if (form === timeForms.unix) return this.#unix(bytes, at, fraction);
    const days = form === timeForms.clock ? 0 : this.#date(bytes, at);
    if (form === timeForms.date || form === timeForms.dateSlashes) return end === head ? days * dayNs : NaN;
    const hour = two(bytes, head - 8);
    const minute = two(bytes, head - 5);
    const second = two(bytes, head - 2);
    if (hour > 23 || minute > 59 || second > 59 || bytes[head - 6] !== 0x3a || bytes[head - 3] !== 0x3a) return NaN;
    return days * dayNs + (hour * 3600 + minute * 60 + second) * 1e9 + fraction;
  }

  /** Nanoseconds of the fraction between the places; NaN where it is not of the format. */
  #fraction(bytes: Buffer, at: number, end: number): number {
    const wanted = this.#fractionDigits;
    const mark = this.#mark;
    if (end === at) return this.#trimmed || (wanted === 0 && mark === 0) ? 0 : NaN;
    const digits = mark === 0 ? end - at : end - at - 1;
    if (this.#trimmed ? digits < 1 || digits > wanted || bytes[end - 1] === zero : digits !== wanted || digits === 0) return NaN;
    if (mark !== 0 && bytes[at] !== mark) return NaN;
    let value = 0;
    for (let i = end - digits; i < end; i++) {
      const digit = bytes[i]! - zero;
      if (digit >>> 0 > 9) return NaN;
      value = value * 10 + digit;
    }
    return value * powers[9 - digits]!;
  }

  #unix(bytes: Buffer, at: number, fraction: number): number {
    if (bytes[at] === zero) return NaN;
    let seconds = 0;
    for (let i = at; i < at + unixDigits; i++) {
      const digit = bytes[i]! - zero;
      if (digit >>> 0 > 9) return NaN;
      seconds = seconds * 10 + digit;
    }
    seconds -= this.#day * 86_400;
    return Math.abs(seconds) > dayDistanceMax * 86_400 ? NaN : seconds * 1e9 + fraction;
  }

  /** Days from the row's day. */
  #date(bytes: Buffer, at: number): number {
    if (this.#lastAt >= 0) {
      const last = this.#lastAt;
      let same = 0;
      while (same < this.#dateBytes && bytes[at + same] === bytes[last + same]) same++;
      if (same === this.#dateBytes) return this.#lastDays;
    }
    this.#lastAt = at;
    this.#lastDays = this.#readDate(bytes, at);
    return this.#lastDays;
  }

  #readDate(bytes: Buffer, at: number): number {
    let [year, month, day] = [0, 0, 0];
    if (this.#form === timeForms.common) {
      if (bytes[at + 2] !== 0x2f || bytes[at + 6] !== 0x2f || bytes[at + 11] !== 0x3a) return NaN;
      month = 1 + monthNames.indexOf(bytes.toString('latin1', at + 3, at + 6));
      [day, year] = [two(bytes, at), two(bytes, at + 7) * 100 + two(bytes, at + 9)];
    } else {
      const between = this.#form === timeForms.slashes || this.#form === timeForms.dateSlashes ? 0x2f : 0x2d;
      if (bytes[at + 4] !== between || bytes[at + 7] !== between) return NaN;
      [year, month, day] = [two(bytes, at) * 100 + two(bytes, at + 2), two(bytes, at + 5), two(bytes, at + 8)];
      if (this.#head > 10 && bytes[at + 10] !== (this.#form === timeForms.isoT ? 0x54 : 0x20)) return NaN;
    }
    const days = year > 9999 ? NaN : daysOf(year, month, day) - this.#day;
    return Math.abs(days) <= dayDistanceMax ? days : NaN;
  }
}

/** Writes times of one format. */
export class TimeWriter {
  readonly #form: number;
  readonly #fractionDigits: number;
  readonly #trimmed: boolean;
  readonly #mark: number;
  readonly #zone: Uint8Array;
  readonly #day: number;
  readonly #head: number;
  readonly #dateBytes: number;
  /** Nanoseconds of the last digit. */
  readonly #unit: number;
  #lastDays = NaN;
  /** The text of the last date, and what stands between it and the clock. */
  readonly #date = Buffer.alloc(20);

  constructor(format: TimeFormat, day: number) {
    this.#form = format.form;
    this.#fractionDigits = format.fraction;
    this.#trimmed = format.trimmed;
    this.#mark = format.mark;
    this.#zone = format.zone;
    this.#day = day;
    this.#head = headBytes[format.form]!;
    this.#dateBytes = this.#head > 10 ? this.#head - 8 : this.#head;
    this.#unit = 10 ** (9 - format.fraction);
  }

  /** Writes the text of a time in nanoseconds since the start of the day; gives the place behind it, or -1 where the format cannot say that time. */
  write(target: Buffer, at: number, time: number): number {
    const form = this.#form;
    const days = Math.floor(time / dayNs);
    const ns = time - days * dayNs;
    const second = (ns / 1e9) | 0;
    let end = at + this.#head;
    if (form === timeForms.unix) {
      const seconds = (this.#day + days) * 86_400 + second;
      if (!(seconds >= 1e9 && seconds < 1e10)) return -1;
      writeDigits(target, at, seconds, unixDigits);
    } else {
      if (form !== timeForms.clock) {
        if (days !== this.#lastDays && !this.#setDate(days)) return -1;
        const date = this.#date;
        for (let i = 0; i < this.#dateBytes; i++) target[at + i] = date[i]!;
        if (form === timeForms.date || form === timeForms.dateSlashes) return end;
      }
      const minutes = (second / 60) | 0;
      const hour = (minutes / 60) | 0;
      writeTwo(target, end - 8, hour);
      target[end - 6] = 0x3a;
      writeTwo(target, end - 5, minutes - hour * 60);
      target[end - 3] = 0x3a;
      writeTwo(target, end - 2, second - minutes * 60);
    }
    const fraction = this.#fractionDigits;
    const mark = this.#mark;
    if (fraction > 0) {
      if (mark !== 0) target[end++] = mark;
      writeDigits(target, end, ((ns - second * 1e9) / this.#unit) | 0, fraction);
      end += fraction;
      if (this.#trimmed) {
        while (target[end - 1] === zero) end--;
        if (target[end - 1] === mark) end--;
      }
    }
    const zone = this.#zone;
    for (let i = 0; i < zone.length; i++) target[end++] = zone[i]!;
    return end;
  }

  #setDate(days: number): boolean {
    const date = new Date((this.#day + days) * 86_400_000);
    const year = date.getUTCFullYear();
    if (!(year >= 0 && year <= 9999)) return false;
    const [yearText, month, dayText] = [String(year).padStart(4, '0'), date.getUTCMonth(), String(date.getUTCDate()).padStart(2, '0')];
    const form = this.#form;
    const monthText = String(month + 1).padStart(2, '0');
    let text = `${yearText}-${monthText}-${dayText}${form === timeForms.isoT ? 'T' : ' '}`;
    if (form === timeForms.common) text = `${dayText}/${monthNames[month]}/${yearText}:`;
    else if (form === timeForms.slashes || form === timeForms.dateSlashes) text = text.replaceAll('-', '/');
    this.#date.write(text, 0, 'latin1');
    this.#lastDays = days;
    return true;
  }
}

keepShape(new TimeParser({ form: timeForms.unix, fraction: 0, trimmed: false, mark: 0, zone: new Uint8Array(0) }, 0));
keepShape(new TimeWriter({ form: timeForms.unix, fraction: 0, trimmed: false, mark: 0, zone: new Uint8Array(0) }, 0));
