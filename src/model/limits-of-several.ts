import { limitSpecs, type LimitName, type Limits, type LimitSpec } from './limits.ts';

/**
 * The limits of a query for several tenants, as Loki puts them together: of each the strictest, where 0 means none those above it; lists in the order of the tenants.
 * A switch of an endpoint (volume_enabled) is the general one: Loki looks it up by the joined name.
 */
export function strictestLimits(general: Limits, all: readonly Limits[]): Limits {
  const joined = Object.entries(limitSpecs).map(([name, spec]: [string, LimitSpec]) => [name, strictest(spec, general[name as LimitName], all.map((limits) => limits[name as LimitName]))]);
  const limits = Object.fromEntries(joined) as unknown as Limits;
  return { ...limits, split_queries_by_interval: longestOrNone(all.map((one) => one.split_queries_by_interval)) };
}

type Value = Limits[LimitName];

function strictest(spec: LimitSpec, general: Value, values: readonly Value[]): Value {
  switch (spec.kind) {
    case 'count':
    case 'float':
    case 'size':
    case 'duration': {
      const limiting = values.filter((value) => !spec.zeroMeansNone || (value as number | bigint) > 0);
      return limiting.reduce<Value>((a, b) => (b < a ? b : a), limiting[0] ?? (spec.kind === 'duration' ? 0n : 0));
    }
    case 'texts':
      return [...new Set(values.flatMap((value) => value as readonly string[]))];
    case 'blocked':
      return values.flatMap((value) => value as Limits['blocked_queries']);
    case 'flag':
    case 'text':
    case 'time':
    case 'lists':
    case 'times':
    case 'policies':
    case 'otlp':
      return general;
  }
}

/** How queries are split decides about the alignment of their steps: not at all where one tenant's are not. */
function longestOrNone(intervals: readonly bigint[]): bigint {
  return intervals.some((interval) => interval === 0n) ? 0n : intervals.reduce((a, b) => (b > a ? b : a), 0n);
}
