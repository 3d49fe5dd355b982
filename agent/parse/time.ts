/** Where a time is parsed to: whole seconds since the epoch and nanoseconds in 0 … 999 999 999. */
export interface TimeParts {
  seconds: number;
  nanos: number;
}

let cachedDate = -1;
let cachedDateSeconds = 0;

/**
 * Reads an RFC 3339 time with zone from bytes[start … end) into `out`; false where it is none. The same language as parseRfc3339 of the model
 * (digits beyond nanoseconds are cut; a time before 1970 or beyond what 64 bits of nanoseconds hold is none), but over bytes and without an allocation: it runs once per log line. The date of the last call is remembered.
 */
export function parseTime(bytes: Uint8Array, start: number, end: number, out: TimeParts): boolean {
  if (end - start < 20 || bytes[start + 4] !== dash || bytes[start + 7] !== dash || bytes[start + 10] !== letterT) return false;
  if (bytes[start + 13] !== colon || bytes[start + 16] !== colon) return false;
  const year = two(bytes, start) * 100 + two(bytes, start + 2);
  const month = two(bytes, start + 5);
  const day = two(bytes, start + 8);
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  const second = two(bytes, start + 17);
  if (!(hour < 24 && minute < 60 && second < 60)) return false;
  const date = year * 10_000 + month * 100 + day;
  if (date !== cachedDate) {
    const dateSeconds = secondsOfDate(year, month, day);
    if (Number.isNaN(dateSeconds)) return false;
    cachedDateSeconds = dateSeconds;
    cachedDate = date;
  }
  let at = start + 19;
  let nanos = 0;
  if (bytes[at] === dot || bytes[at] === comma) {
    let digits = 0;
    for (at++; at < end; at++) {
      const digit = (bytes[at] as number) - zero;
      if (digit < 0 || digit > 9) break;
      if (digits < 9) nanos = nanos * 10 + digit;
      digits++;
    }
    if (digits === 0) return false;
    for (; digits < 9; digits++) nanos *= 10;
  }
  let offsetMinutes = 0;
  const zone = bytes[at];
  if (zone === letterZ) {
    if (at + 1 !== end) return false;
  } else if (zone === plus || zone === dash) {
    if (at + 6 !== end || bytes[at + 3] !== colon) return false;
    const hours = two(bytes, at + 1);
    const minutes = two(bytes, at + 4);
    if (!(hours < 24 && minutes < 60)) return false;
    offsetMinutes = (hours * 60 + minutes) * (zone === dash ? -1 : 1);
  } else {
    return false;
  }
  const seconds = cachedDateSeconds + hour * 3600 + minute * 60 + second - offsetMinutes * 60;
  if (seconds > secondsMax || seconds < 0) return false;
  out.seconds = seconds;
  out.nanos = nanos;
  return true;
}

/** A second short of what 64 signed bits of nanoseconds hold. */
const secondsMax = 9_223_372_035;

const zero = 0x30;
const dash = 0x2d;
const plus = 0x2b;
const colon = 0x3a;
const dot = 0x2e;
const comma = 0x2c;
const letterT = 0x54;
const letterZ = 0x5a;

/** Two decimal digits, or NaN. */
function two(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - zero;
  const ones = (bytes[at + 1] as number) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function secondsOfDate(year: number, month: number, day: number): number {
  if (Number.isNaN(year + month + day)) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 1000 : Number.NaN;
}
