import type { LabelSet, Limits } from '../../model/mod.ts';
import type { Matrix } from '../functions/matrix.ts';
import type { OutputLabels, ScanStats } from '../source.ts';
import type { Expr } from '../syntax/mod.ts';

/** A query and how it is asked. Times are nanoseconds since the epoch. */
export type QueryParams = {
  readonly tenant: string;
  /** Text, or a tree that parseQuery made. */
  readonly query: string | Expr;
  readonly direction: 'forward' | 'backward';
  /** Rows of a log answer; above max_entries_limit_per_query it is an error. 0 is all. */
  readonly limit: number;
  readonly limits: Limits;
  /** Cut off too many series with a warning instead of refusing them: Logs Drilldown. */
  readonly partialSeries?: boolean;
  /** X-Query-Tags; blocked_queries may ask for them. */
  readonly tags?: string;
} & (
  | { readonly kind: 'instant'; readonly timeNs: bigint }
  /** A log query reads [start, end); of its rows those are left out that lie less than `intervalNs` (0: none) behind the one before. */
  | { readonly kind: 'range'; readonly startNs: bigint; readonly endNs: bigint; readonly stepNs: bigint; readonly intervalNs: bigint }
);

/** A row of a log answer. */
export interface ResultRow {
  readonly timeNs: bigint;
  /** Index into the answer's `labels`. */
  readonly labels: number;
  readonly line: Uint8Array;
}

/** An answer; what it holds depends on `resultType`. encodeQueryResult writes it as JSON. */
export type QueryResult = (StreamsResult | MatrixResult | VectorResult | ScalarResult) & { readonly stats: QueryStats; readonly warnings: readonly string[] };

/** Rows in the order of the query, and the distinct label sets that they point into. */
export interface StreamsResult {
  readonly resultType: 'streams';
  readonly labels: readonly OutputLabels[];
  readonly rows: readonly ResultRow[];
}

/** Series at startNs + i × stepNs. */
export interface MatrixResult {
  readonly resultType: 'matrix';
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly matrix: Matrix;
}

/** One value per series. */
export interface VectorResult {
  readonly resultType: 'vector';
  readonly timeNs: bigint;
  readonly samples: readonly { readonly labels: LabelSet; readonly value: number }[];
}

export interface ScalarResult {
  readonly resultType: 'scalar';
  readonly timeNs: bigint;
  readonly value: number;
}

/** What an answer cost. */
export interface QueryStats extends ScanStats {
  readonly elapsedMs: number;
  /** Rows or points in the answer. */
  readonly returned: number;
}
