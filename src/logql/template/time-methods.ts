import { daysFromCivil, formatTime, GoTime, monthName, utc, weekdayName } from './time.ts';
import { int64, NamedInteger, type GoValue } from './values.ts';
import { define, type TemplateFunction } from './functions/spec.ts';

/** Methods of time.Time that take plain values; the first argument is the time. */
export const timeMethods: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['Year', define([], (time: GoTime) => BigInt(time.wall().year))],
  ['Month', define([], (time: GoTime) => new NamedInteger('time.Month', BigInt(time.wall().month), monthName(time.wall().month)))],
  ['Day', define([], (time: GoTime) => BigInt(time.wall().day))],
  ['Weekday', define([], (time: GoTime) => new NamedInteger('time.Weekday', BigInt(time.wall().weekday), weekdayName(time.wall().weekday)))],
  ['YearDay', define([], (time: GoTime) => BigInt(time.wall().yearDay))],
  ['Hour', define([], (time: GoTime) => BigInt(time.wall().hour))],
  ['Minute', define([], (time: GoTime) => BigInt(time.wall().minute))],
  ['Second', define([], (time: GoTime) => BigInt(time.wall().second))],
  ['Nanosecond', define([], (time: GoTime) => BigInt(time.nanosecond))],
  ['Unix', define([], (time: GoTime) => int64(time.seconds))],
  ['UnixMilli', define([], (time: GoTime) => int64(time.seconds * 1000n + BigInt(Math.floor(time.nanosecond / 1e6))))],
  ['UnixMicro', define([], (time: GoTime) => int64(time.seconds * 1_000_000n + BigInt(Math.floor(time.nanosecond / 1e3))))],
  ['UnixNano', define([], (time: GoTime) => int64(time.unixNano()))],
  ['UTC', define([], (time: GoTime) => time.in(utc))],
  ['Local', define([], (time: GoTime) => time.in(utc))],
  ['String', define([], (time: GoTime) => time.toString())],
  ['IsZero', define([], (time: GoTime) => time.isZero)],
  ['Format', define(['string'], (time: GoTime, layout: string) => formatTime(time, layout))],
  ['AddDate', define(['int', 'int', 'int'], addDate)],
  ['Before', define(['time'], (time: GoTime, other: GoTime) => order(time, other) < 0)],
  ['After', define(['time'], (time: GoTime, other: GoTime) => order(time, other) > 0)],
  ['Equal', define(['time'], (time: GoTime, other: GoTime) => order(time, other) === 0)],
]);

function order(a: GoTime, b: GoTime): number {
  return a.seconds === b.seconds ? a.nanosecond - b.nanosecond : a.seconds < b.seconds ? -1 : 1;
}

function addDate(time: GoTime, years: bigint, months: bigint, days: bigint): GoValue {
  const wall = time.wall();
  const month = wall.month - 1 + Number(months);
  const year = wall.year + Number(years) + Math.floor(month / 12);
  const from = daysFromCivil(wall.year, wall.month, wall.day);
  const to = daysFromCivil(year, (((month % 12) + 12) % 12) + 1, 1) + wall.day - 1 + Number(days);
  if (!Number.isSafeInteger(to)) return time;
  return new GoTime(time.seconds + BigInt(to - from) * 86_400n, time.nanosecond, time.zone);
}
