/** Units of numbers that stand without one, in milliseconds. */
export const durationUnits: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const part = /(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|µs|μs|ms|s|m|h|d)/y;

/**
 * The duration that a field's value says, in milliseconds: a number in `unitMs`, or as Go, Java and people write it: `1.5s`, `350ms`, `1m3.2s`, `PT1.5S`, `12 ms`, `00:00:01.234`.
 * NaN where it is none.
 */
export function parseDurationMs(text: string, unitMs: number): number {
  if (text.length === 0 || text.length > 64) return Number.NaN;
  const whole = wholeNumber(text);
  if (whole >= 0) return whole * unitMs;
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  if ((last >= 0x30 && last <= 0x39) || last === 0x2e) {
    if (first !== 0x50 && !text.includes(':')) return /^[+-]?[\d.]+(?:e[+-]?\d+)?$/i.test(text) ? Number(text) * unitMs : Number.NaN;
    const clock = /^(?:(\d+)[.:])?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text);
    return clock === null ? Number.NaN : (((Number(clock[1] ?? 0) * 24 + Number(clock[2])) * 60 + Number(clock[3])) * 60 + Number(clock[4])) * 1000;
  }
  const source = first === 0x50 ? text.slice(1).replace('T', '').toLowerCase() : first === 0x2d || first === 0x2b ? text.slice(1) : text.trim();
  let total = 0;
  let at = 0;
  while (at < source.length) {
    part.lastIndex = at;
    const match = part.exec(source);
    if (match === null) return Number.NaN;
    total += Number(match[1]) * (durationUnits[match[2] ?? ''] ?? Number.NaN);
    at = part.lastIndex;
    while (source.charCodeAt(at) === 0x20) at++;
  }
  return first === 0x2d ? -total : total;
}

/** What a text of at most 15 digits says, the usual case; -1 for any other. */
function wholeNumber(text: string): number {
  if (text.length > 15) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The unit that a field's name ends in (`latency_ms`, `durationSeconds`, `elapsed_us`), in milliseconds; undefined where it says none. */
export function unitOfName(name: string): number | undefined {
  const match = /(?:[_.-](ns|nanos(?:econds)?|us|micros(?:econds)?|ms|millis(?:econds)?|msec|s|sec|secs|seconds)|(Ns|Nanos(?:econds)?|Us|Micros(?:econds)?|Ms|Millis(?:econds)?|Sec|Secs|Seconds|_NS|_US|_MS|_S))$/.exec(name);
  const word = (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace('_', '');
  if (word === '') return undefined;
  if (word.startsWith('n')) return durationUnits['ns'];
  if (word.startsWith('u') || word.startsWith('mic')) return durationUnits['us'];
  return word.startsWith('s') ? durationUnits['s'] : durationUnits['ms'];
}
