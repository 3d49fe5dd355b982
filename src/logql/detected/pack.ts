import { formatLabels, type LabelSet } from '../../model/mod.ts';
import type { ResultRow, StreamsResult } from '../engine/types.ts';
import type { OutputLabels } from '../source.ts';
import type { DetectionRows } from './task.ts';

/** Rows, and bytes of lines, that are packed, sent and worked on in one go; at least one row. */
const packRowsMax = 512;
const packBytesMax = 2 ** 20;

/**
 * Rows of a log answer in the order in which Loki looks at them, stream by stream in the order of their printed labels, each in the order of the answer; in
 * packs that take about a millisecond to make.
 */
export function* packRows(result: Pick<StreamsResult, 'labels' | 'rows'>): Generator<DetectionRows> {
  const rows = byStream(result);
  for (let from = 0; from < rows.length; ) {
    let to = from;
    let bytes = 0;
    do bytes += rows[to++]!.line.length;
    while (to < rows.length && to - from < packRowsMax && bytes + rows[to]!.line.length <= packBytesMax);
    yield pack(result.labels, rows.slice(from, to), bytes);
    from = to;
  }
}

function byStream({ labels, rows }: Pick<StreamsResult, 'labels' | 'rows'>): readonly ResultRow[] {
  const keys = new Map<string, ResultRow[]>();
  // Label sets that differ in metadata mostly share the stream's labels, which are then printed once.
  const known = new Map<LabelSet, ResultRow[]>();
  const streamOf = labels.map(({ stream }) => {
    let own = known.get(stream);
    if (own !== undefined) return own;
    const key = formatLabels(stream);
    own = keys.get(key) ?? [];
    keys.set(key, own);
    known.set(stream, own);
    return own;
  });
  for (const row of rows) streamOf[row.labels]!.push(row);
  // Go compares bytes.
  const sorted = [...keys].map(([key, own]) => ({ key: Buffer.from(key), own })).sort((a, b) => Buffer.compare(a.key, b.key));
  return sorted.flatMap(({ own }) => own);
}

function pack(all: readonly OutputLabels[], rows: readonly ResultRow[], bytes: number): DetectionRows {
  const labels: OutputLabels[] = [];
  const places = new Map<number, number>();
  const labelsOf = new Uint32Array(rows.length);
  const lines = new Uint8Array(new ArrayBuffer(bytes));
  const lineStart = new Uint32Array(rows.length + 1);
  let at = 0;
  for (const [i, row] of rows.entries()) {
    let place = places.get(row.labels);
    if (place === undefined) {
      place = labels.push(all[row.labels]!) - 1;
      places.set(row.labels, place);
    }
    labelsOf[i] = place;
    lines.set(row.line, at);
    at += row.line.length;
    lineStart[i + 1] = at;
  }
  return { labels, labelsOf, lines, lineStart };
}
