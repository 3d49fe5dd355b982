import { parseTime } from '../parse-time.ts';
import { formatTime, GoTime, utc } from '../time.ts';
import { NamedInteger, TemplateError, type GoValue } from '../values.ts';
import { loadZone } from '../zones.ts';
import { define, type TemplateFunction } from './spec.ts';

/** Nanoseconds in a unit, by the number of digits of an epoch. */
const epochUnits: ReadonlyMap<number, bigint> = new Map([
  [5, 86_400_000_000_000n],
  [10, 1_000_000_000n],
  [13, 1_000_000n],
  [16, 1000n],
  [19, 1n],
]);

function unixToTime(text: string): GoTime {
  if (!/^[+-]?\d+$/.test(text)) throw new TemplateError(`unable to parse time '${text}': strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value >= 2n ** 63n || value < -(2n ** 63n)) throw new TemplateError(`unable to parse time '${text}': strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  const unit = epochUnits.get(text.length);
  if (unit === undefined) throw new TemplateError(`unable to parse time '${text}': %!w(<nil>)`);
  return GoTime.ofNs(value * unit);
}

function toDateInZone(layout: string, zone: string, text: string): GoTime {
  return parseTime(layout, text, loadZone(zone) ?? utc) ?? GoTime.zero();
}

/** Functions over times; `now` is the clock's. */
export function dateFunctions(nowNs: () => bigint): Readonly<Record<string, TemplateFunction>> {
  const date = (layout: string, value: GoValue): string => {
    const time = value instanceof GoTime ? value.in(utc) : typeof value === 'bigint' ? new GoTime(value, 0) : value instanceof NamedInteger && value.type === 'int64' ? new GoTime(value.value, 0) : GoTime.ofNs(nowNs());
    return formatTime(time, layout);
  };
  return {
    date: define(['string', 'any'], date),
    now: define([], () => GoTime.ofNs(nowNs())),
    toDate: define(['string', 'string'], (layout: string, text: string) => toDateInZone(layout, 'UTC', text)),
    toDateInZone: define(['string', 'string', 'string'], toDateInZone),
    unixEpoch: define(['time'], (time: GoTime) => String(time.seconds)),
    unixEpochMillis: define(['time'], (time: GoTime) => String(time.seconds * 1000n + BigInt(Math.floor(time.nanosecond / 1e6)))),
    unixEpochNanos: define(['time'], (time: GoTime) => String(time.unixNano())),
    unixToTime: define(['string'], unixToTime),
  };
}
