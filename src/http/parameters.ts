import { parseGoDuration, parsePrometheusDuration, parseRfc3339, SpoorError, timeNsMax, timeNsMin } from '../model/mod.ts';

/** Parameters of a request: those of the URL and, for a form body, those of the body. A name may come several times. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/** Parameters of one request may hold so many pairs. */
const pairsMax = 1000;
const limitMax = 2n ** 32n - 1n;

/** Joins the query string and a form body. */
export function readParameters(url: string, form: string): Parameters {
  const at = url.indexOf('?');
  const texts = [at < 0 ? '' : url.slice(at + 1), form];
  // Counted before anything is made of them: a body of ampersands would otherwise become millions of objects.
  if (texts.reduce((pairs, text) => pairs + countPairs(text), 0) > pairsMax) throw new SpoorError('bad_request', { reason: `more than ${pairsMax} parameters` });
  const found = new Map<string, string[]>();
  for (const text of texts) {
    for (const [name, value] of new URLSearchParams(text)) {
      const values = found.get(name);
      if (values === undefined) found.set(name, [value]);
      else values.push(value);
    }
  }
  return found;
}

/** How many pairs a text may hold; stops at the first one too many. */
function countPairs(text: string): number {
  if (text === '') return 0;
  let pairs = 1;
  for (let at = text.indexOf('&'); at >= 0 && pairs <= pairsMax; at = text.indexOf('&', at + 1)) pairs += 1;
  return pairs;
}

/** The first value of a parameter; '' if there is none. */
export function parameter(parameters: Parameters, name: string): string {
  return parameters.get(name)?.[0] ?? '';
}

/**
 * Reads a time as Loki does: up to ten digits are seconds, more are nanoseconds, a dot makes it float seconds, else RFC 3339.
 * Throws `bad_request` that names the parameter.
 */
export function timeParameter(parameters: Parameters, name: string, fallback: bigint): bigint {
  const text = parameter(parameters, name);
  if (text === '') return fallback;
  const time = parseTime(text);
  // Loki says it without the name where there is one time only.
  const prefix = name === 'time' ? '' : `could not parse '${name}' parameter: `;
  if (time === undefined) throw new SpoorError('bad_request', { reason: `${prefix}strconv.ParseInt: parsing ${JSON.stringify(text)}: ${numberFault(text)}` });
  return time;
}

/** What Go says of a text that is no 64-bit integer. */
function numberFault(text: string): string {
  return /^[+-]?\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
}

/** Reads one time; see timeParameter. Undefined where it is none. */
export function parseTime(text: string): bigint | undefined {
  if (/^[+-]?\d+$/.test(text)) {
    const value = BigInt(text.replace(/^\+/, ''));
    const ns = text.length <= 10 ? value * 1_000_000_000n : value;
    return ns >= timeNsMin && ns <= timeNsMax ? ns : undefined;
  }
  if (/^[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    const seconds = Number(text);
    if (!Number.isFinite(seconds)) return undefined;
    const whole = Math.trunc(seconds);
    // Rounded to milliseconds, as Loki does: a double has no more digits than that for times of today.
    const ns = BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1000)) * 1_000_000n;
    return ns >= timeNsMin && ns <= timeNsMax ? ns : undefined;
  }
  return parseRfc3339(text);
}

/** `start` and `end`, with `since` (default 1 h before the end or now, whichever is earlier). */
export function rangeParameters(parameters: Parameters, nowNs: bigint): { readonly startNs: bigint; readonly endNs: bigint } {
  const sinceText = parameter(parameters, 'since');
  const since = sinceText === '' ? 3_600_000_000_000n : parsePrometheusDuration(sinceText);
  if (since === undefined) {
    throw new SpoorError('bad_request', { reason: `could not parse 'since' parameter: not a valid duration string: ${JSON.stringify(sinceText)}` });
  }
  const endNs = timeParameter(parameters, 'end', nowNs);
  const last = endNs < nowNs ? endNs : nowNs;
  return { startNs: timeParameter(parameters, 'start', last - since), endNs };
}

/** A whole number above zero. */
export function limitParameter(parameters: Parameters, fallback: number, name = 'limit'): number {
  const text = parameter(parameters, name);
  if (text === '') return fallback;
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
  if (value === undefined || value < timeNsMin || value > timeNsMax) {
    throw new SpoorError('bad_request', { reason: `strconv.Atoi: parsing ${JSON.stringify(text)}: ${numberFault(text)}` });
  }
  if (value <= 0n) throw new SpoorError('bad_request', { reason: 'limit must be a positive value' });
  if (value > limitMax) throw new SpoorError('bad_request', { reason: `${name} value ${value} is out of range [0, ${limitMax}]` });
  return Number(value);
}

/** Seconds with a fraction, or a duration; in nanoseconds. */
export function durationParameter(parameters: Parameters, name: string): bigint | undefined {
  const text = parameter(parameters, name);
  if (text === '') return undefined;
  const seconds = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
  if (seconds !== undefined && Math.abs(seconds) < 9.2e9) return BigInt(Math.round(seconds * 1e9));
  const duration = parsePrometheusDuration(text) ?? parseGoDuration(text);
  if (seconds !== undefined) throw new SpoorError('bad_request', { reason: `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64` });
  if (duration === undefined) throw new SpoorError('bad_request', { reason: `cannot parse ${JSON.stringify(text)} to a valid duration` });
  return duration;
}

/** `direction`, in any case; backward if absent. */
export function directionParameter(parameters: Parameters): 'forward' | 'backward' {
  const text = parameter(parameters, 'direction');
  const direction = text.toLowerCase();
  if (direction === '' || direction === 'backward') return 'backward';
  if (direction === 'forward') return 'forward';
  throw new SpoorError('bad_request', { reason: `invalid direction '${text}'` });
}

/** Default `step` of a range query: a 250th of the range, at least a second. */
export function defaultStepNs(startNs: bigint, endNs: bigint): bigint {
  const seconds = (endNs - startNs) / 250_000_000_000n;
  return (seconds > 1n ? seconds : 1n) * 1_000_000_000n;
}
