/** Nanoseconds in a UTC day; fits a double exactly, as does every offset inside a day. */
export const dayLengthNs = 86_400_000_000_000n;
/** {@link dayLengthNs} as a number. */
export const dayLengthNsNumber = 86_400_000_000_000;

/** The number of the UTC day that holds `timeNs`; 0 is 1970-01-01, days before are negative. */
export function dayOf(timeNs: bigint): number {
  return Number(timeNs >= 0n ? timeNs / dayLengthNs : -((-timeNs + dayLengthNs - 1n) / dayLengthNs));
}

/** The first nanosecond of UTC day `day`. */
export function dayStartNs(day: number): bigint {
  return BigInt(day) * dayLengthNs;
}

/** Smallest and largest time that a signed 64-bit count of nanoseconds holds. */
export const timeNsMin = -(2n ** 63n);
export const timeNsMax = 2n ** 63n - 1n;

/** RFC 3339 with as many digits of the second's fraction as are needed (Go's RFC3339Nano), in UTC. */
export function formatRfc3339(timeNs: bigint): string {
  const fraction = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = new Date(Number((timeNs - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  const digits = fraction.toString().padStart(9, '0').replace(/0+$/, '');
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`;
}

const rfc3339Pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Reads an RFC 3339 time with zone; undefined if it is not one. Digits beyond nanoseconds are cut. */
export function parseRfc3339(text: string): bigint | undefined {
  const match = rfc3339Pattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const parts = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)] as const;
  const ms = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]);
  const back = new Date(ms);
  if (parts[0] < 100) back.setUTCFullYear(parts[0]);
  const exact =
    back.getUTCMonth() === parts[1] - 1 && back.getUTCDate() === parts[2] && parts[3] < 24 && parts[4] < 60 && parts[5] < 60;
  if (!exact) return undefined;
  let offsetMinutes = 0;
  if (zone !== 'Z') {
    const hours = Number(zone.slice(1, 3));
    const minutes = Number(zone.slice(4, 6));
    if (hours > 23 || minutes > 59) return undefined;
    offsetMinutes = (hours * 60 + minutes) * (zone.startsWith('-') ? -1 : 1);
  }
  return BigInt(back.getTime() - offsetMinutes * 60_000) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
