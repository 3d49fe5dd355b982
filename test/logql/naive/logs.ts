import { xxhash64 } from '../../../src/bytes/mod.ts';
import type { LogQuery } from '../../../src/logql/syntax/ast.ts';
import type { Categories } from './labels.ts';
import { hintsOf, process, selects, type NaiveRow } from './stages.ts';

/** A row of a log answer. */
export interface AnsweredRow {
  readonly timeNs: bigint;
  readonly line: string;
  readonly labels: Categories;
}

/** Labels as a text that is the same for the same labels only. */
export function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Equal entries of a stream are one: the first to arrive. */
export function unique(rows: readonly NaiveRow[]): NaiveRow[] {
  const seen = new Map<string, NaiveRow>();
  for (const row of [...rows].sort((a, b) => a.arrival - b.arrival)) {
    const key = JSON.stringify([keyOf(row.stream), String(row.timeNs), row.line, keyOf(row.metadata)]);
    if (!seen.has(key)) seen.set(key, row);
  }
  return [...seen.values()];
}

function streamHash(stream: Readonly<Record<string, string>>): bigint {
  const parts = Object.keys(stream).sort().flatMap((name) => [Buffer.from(name), Buffer.of(0xff), Buffer.from(stream[name] ?? ''), Buffer.of(0xff)]);
  return xxhash64(Buffer.concat(parts));
}

/** By time, then by the hash of the stream whatever the direction, then by arrival. */
export function byTime(direction: 'forward' | 'backward'): (a: NaiveRow, b: NaiveRow) => number {
  const sign = direction === 'forward' ? 1 : -1;
  return (a, b) => {
    if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -sign : sign;
    if (keyOf(a.stream) === keyOf(b.stream)) return sign * (a.arrival - b.arrival);
    return streamHash(a.stream) < streamHash(b.stream) ? -1 : 1;
  };
}

/** The answer of a log query: start included, end not. `rows` are unique. */
export function naiveLogs(
  query: LogQuery,
  rows: readonly NaiveRow[],
  { startNs, endNs, direction, limit }: { readonly startNs: bigint; readonly endNs: bigint; readonly direction: 'forward' | 'backward'; readonly limit: number },
): AnsweredRow[] {
  const inRange = rows.filter(({ stream, timeNs }) => selects(query.matchers, stream) && timeNs >= startNs && timeNs < endNs);
  const answered: AnsweredRow[] = [];
  // Rows of one stream that the stages made equal count once.
  const seen = new Set<string>();
  for (const row of inRange.sort(byTime(direction))) {
    const left = process(row, query.stages, hintsOf(query.stages, null));
    if (left === null) continue;
    const labels = left.labels.categories();
    const key = JSON.stringify([keyOf(row.stream), String(row.timeNs), left.line, keyOf(labels.stream), keyOf(labels.structuredMetadata), keyOf(labels.parsed)]);
    if (seen.has(key)) continue;
    seen.add(key);
    answered.push({ timeNs: row.timeNs, line: left.line, labels });
    if (answered.length === limit) break;
  }
  return answered;
}
