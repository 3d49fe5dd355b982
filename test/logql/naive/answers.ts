import type { Expr } from '../../../src/logql/syntax/ast.ts';
import { keyOf, naiveLogs, unique, type AnsweredRow } from './logs.ts';
import { NaiveError, naiveVector } from './metrics.ts';
import type { NaiveRow } from './stages.ts';

/** How a query is asked. */
export type Asked =
  | { readonly kind: 'log'; readonly startNs: bigint; readonly endNs: bigint; readonly direction: 'forward' | 'backward'; readonly limit: number }
  | { readonly kind: 'instant'; readonly timeNs: bigint }
  | { readonly kind: 'range'; readonly startNs: bigint; readonly endNs: bigint; readonly stepNs: bigint };

/** Values of a series by time. */
export interface NaiveSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [timeNs: bigint, value: number])[];
}

/** What a query has to answer. */
export type NaiveAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly AnsweredRow[] }
  | { readonly kind: 'series'; readonly series: readonly NaiveSeries[] }
  /** Codes of errors, any of which it may be. */
  | { readonly kind: 'error'; readonly codes: readonly string[] };

/** Evaluates a query over plain rows, from the definitions: nothing is shared, remembered, pushed down or merged. */
export function naiveAnswer(expr: Expr, all: readonly NaiveRow[], asked: Asked): NaiveAnswer {
  const rows = unique(all);
  if (asked.kind === 'log') {
    if (expr.kind !== 'log_query') throw new TypeError('no log query');
    return { kind: 'rows', rows: naiveLogs(expr, rows, asked) };
  }
  if (expr.kind === 'log_query') throw new TypeError('no metric query');
  const series = new Map<string, { labels: Readonly<Record<string, string>>; values: (readonly [bigint, number])[] }>();
  const codes = new Set<string>();
  for (const timeNs of times(asked)) {
    try {
      for (const { labels, value } of naiveVector(expr, rows, timeNs)) {
        const key = keyOf(labels);
        const known = series.get(key) ?? { labels, values: [] };
        series.set(key, known);
        known.values.push([timeNs, value]);
      }
    } catch (error) {
      if (!(error instanceof NaiveError)) throw error;
      codes.add(error.message);
    }
  }
  return codes.size > 0 ? { kind: 'error', codes: [...codes] } : { kind: 'series', series: [...series.values()] };
}

/** The times at which a query is evaluated: of a range on multiples of its step since 1970, from the one at or before its start to the one at or after its end. */
function times(asked: Exclude<Asked, { kind: 'log' }>): bigint[] {
  if (asked.kind === 'instant') return [asked.timeNs];
  const found: bigint[] = [];
  const first = asked.startNs - (asked.startNs % asked.stepNs);
  for (let time = first; time < asked.endNs + asked.stepNs; time += asked.stepNs) found.push(time);
  return found;
}
