import type { RawBatch, RawStream } from './batch.ts';

/** The part of a batch that has the given rows (rising). Its columns are new, the bytes are the same, and nothing needs to be released. */
export function selectRows(raw: RawBatch, rows: readonly number[]): RawBatch {
  const timeNs = new BigInt64Array(rows.length);
  const lineStart = new Uint32Array(rows.length);
  const lineLength = new Uint32Array(rows.length);
  const pairStart = new Uint32Array(rows.length + 1);
  let pairCount = 0;
  for (const row of rows) pairCount += raw.pairStart[row + 1]! - raw.pairStart[row]!;
  const pairs = new Uint32Array(pairCount * 4);
  const streams: RawStream[] = [];
  let stream = 0;
  let pair = 0;
  let firstRow = 0;
  for (const [to, row] of rows.entries()) {
    timeNs[to] = raw.timeNs[row]!;
    lineStart[to] = raw.lineStart[row]!;
    lineLength[to] = raw.lineLength[row]!;
    for (let at = raw.pairStart[row]! * 4; at < raw.pairStart[row + 1]! * 4; at++) pairs[pair++] = raw.pairs[at]!;
    pairStart[to + 1] = pair / 4;
    // Close the streams that end before this row.
    for (let of = raw.streams[stream]!; row >= of.firstRow + of.rows; of = raw.streams[++stream]!) {
      if (to > firstRow) streams.push({ labels: of.labels, firstRow, rows: to - firstRow });
      firstRow = to;
    }
  }
  const last = raw.streams[stream];
  if (last !== undefined && rows.length > firstRow) streams.push({ labels: last.labels, firstRow, rows: rows.length - firstRow });
  return { streams, rows: rows.length, bytes: raw.bytes, timeNs, lineStart, lineLength, pairStart, pairs, backfillShard: raw.backfillShard, release: () => undefined };
}
