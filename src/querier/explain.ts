import type { IndexReader } from '../index/mod.ts';
import type { ReadSnapshot } from '../ingester/mod.ts';
import { compileMatcher, type ScanTask } from '../logql/mod.ts';
import { formatLabels, timeNsMax, timeNsMin } from '../model/mod.ts';
import { CountedPieces } from './counted-pieces.ts';
import { piecesOf, planUnits } from './pieces.ts';
import type { Unit } from './units.ts';

/** How many of something there are, how many of them were left out for which reason, and how many are left. Reasons may be added. */
export interface Pruned {
  readonly considered: number;
  readonly pruned: Readonly<Record<string, number>>;
  readonly read: number;
}

/** What a scan would read, and what it would not; docs/operate/explain.md. */
export interface ScanExplanation {
  readonly index: {
    readonly files: Pruned;
    /** A stream counts once for each index file that has it. */
    readonly streams: Pruned;
    readonly chunks: Pruned;
  };
  readonly segments: { readonly read: number };
  readonly rowGroups: { readonly read: number };
  readonly heads: { readonly generations: number; readonly blocks: number; readonly streams: Pruned; readonly rows: number; readonly bytes: number };
  readonly units: {
    readonly plain: number;
    /** Those in which rows of several flushes, whose times overlap, are merged. */
    readonly merge: number;
    /** Whether the newest (or oldest) units may be enough. */
    readonly mayEndEarly: boolean;
  };
  /** Of the chunks and stretches of heads that may be read, by the index. */
  readonly rows: number;
  readonly bytes: number;
}

/** Looks at index and heads, and at no row. */
export async function explainScan(index: IndexReader, task: ScanTask, snapshot: ReadSnapshot, signal: AbortSignal): Promise<ScanExplanation> {
  const { tenant, startNs, endNs } = task;
  const matchers = task.matchers.map(compileMatcher);
  const all = snapshot.catalogue.indexesFor(tenant, timeNsMin, timeNsMax);
  const files = startNs < endNs ? snapshot.catalogue.indexesFor(tenant, startNs, endNs) : [];
  const [totals, matching, selected] = [await index.totals(files, signal), { streams: 0, chunks: 0 }, { streams: 0, chunks: 0 }];
  await index.eachStream(files, { matchers, startNs: timeNsMin, endNs: timeNsMax }, signal, (_labels, chunks) => {
    matching.streams += 1;
    matching.chunks += chunks.length;
  });
  const stored = await index.select(files, { matchers, startNs, endNs }, signal);
  await index.eachStream(files, { matchers, startNs, endNs }, signal, (_labels, chunks) => {
    selected.streams += 1;
    selected.chunks += chunks.length;
  });
  const streams = piecesOf(task, stored, snapshot);
  const counted = new CountedPieces(task);
  const units = planUnits(task, streams, counted.count);
  const segmentSources = units.flatMap((unit) => unit.sources.flatMap(({ source }) => (source.kind === 'segment' ? [source] : [])));
  const merge = units.filter((unit) => unit.merge && unit.sources.length > 1).length;
  return {
    index: {
      files: { considered: all.length, pruned: { time: all.length - files.length }, read: files.length },
      streams: prunedBy(totals.streams, matching.streams, selected.streams),
      chunks: {
        considered: totals.chunks,
        pruned: { labels: totals.chunks - matching.chunks, time: matching.chunks - selected.chunks, counted: counted.chunks },
        read: selected.chunks - counted.chunks,
      },
    },
    segments: { read: new Set(segmentSources.map(({ segment }) => segment.key)).size },
    rowGroups: { read: new Set(segmentSources.map(({ id }) => id)).size },
    heads: explainHeads(task, snapshot, units),
    units: { plain: units.length - merge, merge, mayEndEarly: task.output.kind === 'log' && task.output.limit > 0 },
    rows: sum(streams.flatMap(({ pieces }) => pieces.filter((piece) => piece.minNs < endNs && piece.maxNs >= startNs).map((piece) => piece.rows))),
    bytes: sum(streams.flatMap(({ pieces }) => pieces.filter((piece) => piece.minNs < endNs && piece.maxNs >= startNs).map((piece) => piece.bytes))),
  };
}

function prunedBy(considered: number, matching: number, read: number): Pruned {
  return { considered, pruned: { labels: considered - matching, time: matching - read }, read };
}

function explainHeads(task: ScanTask, snapshot: ReadSnapshot, units: readonly Unit[]): ScanExplanation['heads'] {
  const known = new Set<string>();
  let blocks = 0;
  let generations = 0;
  for (const { generation, blockRows } of snapshot.heads) {
    const ids = generation.tenants.get(task.tenant);
    if (ids === undefined) continue;
    generations += 1;
    blocks += blockRows.length;
    for (const key of ids.keys()) known.add(key);
  }
  const sources = units.flatMap((unit) => unit.sources.flatMap(({ source, pieces }) => (source.kind === 'head' ? [{ unit, pieces }] : [])));
  const matching = new Set(piecesOf({ ...task, startNs: timeNsMin, endNs: timeNsMax }, [], snapshot).map(({ labels }) => formatLabels(labels)));
  const read = new Set(sources.flatMap(({ unit, pieces }) => pieces.map(({ slot }) => formatLabels(unit.streams[slot]!))));
  const heads = piecesOf(task, [], snapshot).filter(({ labels }) => read.has(formatLabels(labels)));
  const inRange = heads.flatMap(({ pieces }) => pieces.filter((piece) => piece.minNs < task.endNs && piece.maxNs >= task.startNs));
  return {
    generations,
    blocks,
    streams: { considered: known.size, pruned: { labels: known.size - matching.size, time: matching.size - read.size }, read: read.size },
    rows: sum(inRange.map(({ rows }) => rows)),
    bytes: sum(inRange.map(({ bytes }) => bytes)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
