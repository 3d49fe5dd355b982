const day = 86_400;
/** Times from here on do not fit 64 bits of nanoseconds; as far before 1970 they do not either. */
const secondsMax = 9_223_372_036;

/**
 * Reads times that stand as text in bytes: `2026-01-02T15:04:05.123456789+01:00` and its shorter forms, and counts since 1970. No object per time: what was read
 * stands in `seconds` and `nanos`.
 */
export class TimeText {
  /** Whole seconds since 1970, below 0 before it. */
  seconds = 0;
  /** Nanoseconds of the second, below 10^9. */
  nanos = 0;
  #at = 0;

  /**
   * Reads bytes[start … end) as RFC 3339 or a shorter form of ISO 8601: the date alone; `T`, `t` or a blank before the time; seconds, fraction and zone may be missing (UTC). Digits
   * beyond nanoseconds are cut. False where it is none, or cannot be told in 64 bits of nanoseconds.
   */
  readIso(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < 10 || bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return false;
    const year = digits(bytes, start, 4);
    const month = digits(bytes, start + 5, 2);
    const dayOfMonth = digits(bytes, start + 8, 2);
    if (year < 0 || month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysIn(year, month)) return false;
    let seconds = daysSince1970(year, month, dayOfMonth) * day;
    this.nanos = 0;
    let at = start + 10;
    if (at < end) {
      const separator = bytes[at]!;
      if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return false;
      const within = this.#timeOfDay(bytes, at + 1, end);
      if (within < 0) return false;
      seconds += within;
      at = this.#at;
      if (at < end) {
        const offset = zoneOffset(bytes, at, end);
        if (Number.isNaN(offset)) return false;
        seconds -= offset;
      }
    }
    this.seconds = seconds;
    return seconds > -secondsMax && seconds < secondsMax;
  }

  /** Seconds of the day from `HH:MM`, `HH:MM:SS` and a fraction; -1 where it is none. Leaves the place behind them in #at. */
  #timeOfDay(bytes: Buffer, start: number, end: number): number {
    if (end - start < 5 || bytes[start + 2] !== 0x3a) return -1;
    const hour = digits(bytes, start, 2);
    const minute = digits(bytes, start + 3, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return -1;
    let at = start + 5;
    let second = 0;
    if (bytes[at] === 0x3a && at < end) {
      if (end - at < 3) return -1;
      second = digits(bytes, at + 1, 2);
      // A leap second counts as the first one of the next minute.
      if (second < 0 || second > 60) return -1;
      at += 3;
      if (at < end && (bytes[at] === 0x2e || bytes[at] === 0x2c)) {
        at = this.#fraction(bytes, at + 1, end);
        if (at < 0) return -1;
      }
    }
    this.#at = at;
    return hour * 3600 + minute * 60 + second;
  }

  /** Reads digits behind the point; the place behind them, or -1 where there is none. */
  #fraction(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let nanos = 0;
    let factor = 100_000_000;
    for (; at < end; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      nanos += digit * factor;
      factor = factor === 1 ? 0 : factor / 10;
    }
    this.nanos = nanos;
    return at === start ? -1 : at;
  }

  /**
   * Reads bytes[start … end) as a decimal number since 1970: of seconds, milliseconds, microseconds or nanoseconds, by its size (as seconds they would end in the year 5138). A
   * fraction is kept to nanoseconds. False where it is none.
   */
  readEpoch(bytes: Buffer, start: number, end: number): boolean {
    let at = start;
    const negative = bytes[at] === 0x2d && at < end;
    if (negative) at++;
    const wholeStart = at;
    while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
    const wholeDigits = at - wholeStart;
    if (wholeDigits === 0 || wholeDigits > 19) return this.#readFloat(bytes, start, end);
    const unitDigits = wholeDigits <= 11 ? 0 : wholeDigits <= 14 ? 3 : wholeDigits <= 17 ? 6 : 9;
    const split = wholeDigits - unitDigits;
    let seconds = digits(bytes, wholeStart, split);
    let nanos = (unitDigits === 0 ? 0 : digits(bytes, wholeStart + split, unitDigits)) * 10 ** (9 - unitDigits);
    if (at < end) {
      if (bytes[at] !== 0x2e) return this.#readFloat(bytes, start, end);
      if (this.#fraction(bytes, at + 1, end) !== end) return this.#readFloat(bytes, start, end);
      nanos += Math.trunc(this.nanos / 10 ** unitDigits);
    }
    if (negative) {
      seconds = nanos === 0 ? -seconds : -seconds - 1;
      nanos = nanos === 0 ? 0 : 1e9 - nanos;
    }
    this.seconds = seconds;
    this.nanos = nanos;
    return seconds > -secondsMax && seconds < secondsMax;
  }

  /** Numbers such as 1.7e12, at the precision of a double. */
  #readFloat(bytes: Buffer, start: number, end: number): boolean {
    if (end - start > 40) return false;
    const text = bytes.toString('latin1', start, end);
    if (!/^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(text)) return false;
    const value = Number(text);
    const size = Math.abs(value);
    const seconds = value / (size < 1e11 ? 1 : size < 1e14 ? 1e3 : size < 1e17 ? 1e6 : 1e9);
    const whole = Math.floor(seconds);
    this.seconds = whole;
    this.nanos = Math.min(999_999_999, Math.round((seconds - whole) * 1e9));
    return Math.abs(whole) < secondsMax;
  }
}

/** `count` (up to 15) decimal digits as a number, or -1 where one is none. */
function digits(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = bytes[at]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Seconds east of UTC from `Z`, `+01:00`, `+0100` or `+01`; NaN where it is none of them. */
function zoneOffset(bytes: Buffer, start: number, end: number): number {
  const sign = bytes[start];
  const length = end - start;
  if (sign === 0x5a || sign === 0x7a) return length === 1 ? 0 : Number.NaN;
  if ((sign !== 0x2b && sign !== 0x2d) || length < 3) return Number.NaN;
  const minutesAt = bytes[start + 3] === 0x3a ? start + 4 : start + 3;
  const hours = digits(bytes, start + 1, 2);
  const minutes = length === 3 ? 0 : end - minutesAt === 2 ? digits(bytes, minutesAt, 2) : -1;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  return (sign === 0x2d ? -1 : 1) * (hours * 3600 + minutes * 60);
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Days of a month, counted from 1. */
export function daysIn(year: number, month: number): number {
  return month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : monthLengths[month - 1]!;
}

/** Days from 1970-01-01 to a date of the Gregorian calendar, by counting years from March, so that the leap day is the last of its year. */
export function daysSince1970(year: number, month: number, dayOfMonth: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  return marchYear * 365 + Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400) + dayOfYear - 719_468;
}
