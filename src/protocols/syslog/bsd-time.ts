import { daysIn, daysSince1970 } from '../time-text.ts';
import type { Zone } from './zone.ts';

const months = new Map(['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [name, i + 1]));
const dayMs = 86_400_000;
/** Seconds whose entries are counted. */
const secondsKept = 64;
/** How far ahead of ours a clock may be, or its zone. */
const daysAheadMax = 1;

/**
 * Times as RFC 3164 has them, `Nov  2 14:05:12`: without a year, a zone and parts of a second. The year is the latest that does not put the day later than
 * tomorrow, so that messages of New Year's Eve, old ones, and those of clocks that are a little ahead come right; the zone is a setting. `Nov 2 2026 14:05:12` and fractions of a second, which some devices add, are read too.
 */
export class BsdTime {
  seconds = 0;
  nanos = 0;
  readonly #zone: Zone;
  /** How many entries came for a second without fraction: each gets a nanosecond of its own, so that they keep their order and equal ones stay several. */
  readonly #inSecond = new Map<number, number>();
  // The day before, worked out: most come again.
  #lastDay = '';
  #lastYear = 0;
  #lastNowDay = 0;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  /** Reads a time at `start`; the position behind it, or -1 where there is none. */
  read(bytes: Buffer, start: number, end: number, nowMs: number): number {
    if (end - start < 14) return -1;
    const month = months.get(bytes.toString('latin1', start, start + 3).toLowerCase());
    if (month === undefined || bytes[start + 3] !== 0x20) return -1;
    let at = start + 4;
    if (bytes[at] === 0x20) at++;
    const dayEnd = digitsEnd(bytes, at, Math.min(end, at + 2));
    if (dayEnd === at || bytes[dayEnd] !== 0x20) return -1;
    const day = number(bytes, at, dayEnd);
    at = dayEnd + 1;
    let year = 0;
    if (digitsEnd(bytes, at, Math.min(end, at + 5)) === at + 4 && bytes[at + 4] === 0x20) {
      year = number(bytes, at, at + 4);
      at += 5;
    }
    if (end - at < 8 || bytes[at + 2] !== 0x3a || bytes[at + 5] !== 0x3a) return -1;
    for (const part of [at, at + 3, at + 6]) if (digitsEnd(bytes, part, part + 2) !== part + 2) return -1;
    const [hour, minute, second] = [number(bytes, at, at + 2), number(bytes, at + 3, at + 5), number(bytes, at + 6, at + 8)];
    if (hour > 23 || minute > 59 || second > 60 || day < 1 || day > daysIn(2000, month)) return -1;
    at += 8;
    let fraction = -1;
    if (at < end && bytes[at] === 0x2e) {
      const fractionEnd = digitsEnd(bytes, at + 1, Math.min(end, at + 10));
      if (fractionEnd > at + 1) {
        fraction = number(bytes, at + 1, fractionEnd) * 10 ** (9 - (fractionEnd - at - 1));
        at = fractionEnd;
      }
    }
    const inDayMs = (hour * 3600 + minute * 60 + second) * 1000;
    this.seconds = Math.floor(this.#zone.toUtcMs(this.#dayStartMs(year, month, day, nowMs) + inDayMs) / 1000);
    this.nanos = fraction >= 0 ? fraction : this.#nextNano(this.seconds);
    return at;
  }

  /** When the day begins, as the zone's clocks show it. */
  #dayStartMs(year: number, month: number, day: number, nowMs: number): number {
    if (year > 0) return daysSince1970(year, month, Math.min(day, daysIn(year, month))) * dayMs;
    const key = `${month}-${day}`;
    const nowDay = Math.floor(nowMs / dayMs);
    if (key !== this.#lastDay || nowDay !== this.#lastNowDay) {
      let candidate = new Date(nowMs).getUTCFullYear() + 1;
      while (day > daysIn(candidate, month) || daysSince1970(candidate, month, day) > nowDay + daysAheadMax) candidate--;
      this.#lastYear = candidate;
      this.#lastDay = key;
      this.#lastNowDay = nowDay;
    }
    return daysSince1970(this.#lastYear, month, day) * dayMs;
  }

  #nextNano(seconds: number): number {
    const count = this.#inSecond.get(seconds) ?? 0;
    if (count === 0 && this.#inSecond.size >= secondsKept) this.#inSecond.delete(this.#inSecond.keys().next().value!);
    this.#inSecond.set(seconds, count + 1);
    return count % 1e9;
  }
}

function digitsEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  return at;
}

function number(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + bytes[at]! - 0x30;
  return value;
}
