import type { IndexQuery, IndexReader, IndexRef, IndexStats } from '../index/mod.ts';
import type { HeadSnapshot } from '../ingester/mod.ts';
import { compileMatcher } from '../logql/mod.ts';
import { formatLabels, labelValue, type LabelSet, type Matcher } from '../model/mod.ts';
import { matchesAll } from './matching.ts';
import type { SnapshotSource } from './ports.ts';
import { extentRange } from './pieces.ts';

/** What labels, series and statistics are asked for. Times are nanoseconds; the end is not included. */
export interface LabelQuery {
  readonly tenant: string;
  /** None: all streams. */
  readonly matchers: readonly Matcher[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** A stream of a head with the part of it that lies in the queried range. */
interface HeadMatch {
  readonly labels: LabelSet;
  readonly key: string;
  readonly chunks: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Answers from the index and the heads, without reading rows. */
export class LabelQuerier {
  readonly #snapshots: SnapshotSource;
  readonly #index: IndexReader;

  constructor(snapshots: SnapshotSource, index: IndexReader) {
    this.#snapshots = snapshots;
    this.#index = index;
  }

  async names(query: LabelQuery, signal: AbortSignal): Promise<string[]> {
    return this.#join(query, (indexes, indexQuery) => this.#index.labelNames(indexes, indexQuery, signal), (labels) => labels.map((label) => label.name));
  }

  async values(name: string, query: LabelQuery, signal: AbortSignal): Promise<string[]> {
    return this.#join(query, (indexes, indexQuery) => this.#index.labelValues(indexes, name, indexQuery, signal), (labels) => {
      const value = labelValue(labels, name);
      return value === undefined ? [] : [value];
    });
  }

  async #join(
    query: LabelQuery,
    stored: (indexes: readonly IndexRef[], indexQuery: IndexQuery) => Promise<string[]>,
    of: (labels: LabelSet) => readonly string[],
  ): Promise<string[]> {
    const snapshot = this.#snapshots.snapshot();
    try {
      const found = new Set<string>();
      for (const { labels } of headMatches(snapshot.heads, query)) for (const text of of(labels)) found.add(text);
      for (const text of await stored(snapshot.catalogue.indexesFor(query.tenant, query.startNs, query.endNs), indexQuery(query))) found.add(text);
      return [...found].sort();
    } finally {
      snapshot.release();
    }
  }

  /** Label sets of the streams that match any of the selectors. */
  async series(queries: readonly LabelQuery[], signal: AbortSignal): Promise<LabelSet[]> {
    const snapshot = this.#snapshots.snapshot();
    try {
      const found = new Map<string, LabelSet>();
      for (const query of queries) {
        for (const { key, labels } of headMatches(snapshot.heads, query)) found.set(key, labels);
        const indexes = snapshot.catalogue.indexesFor(query.tenant, query.startNs, query.endNs);
        for (const labels of await this.#index.series(indexes, indexQuery(query), signal)) found.set(formatLabels(labels), labels);
      }
      return [...found.values()];
    } finally {
      snapshot.release();
    }
  }

  /** Streams, chunks, entries and bytes that match. A stream that is in the heads and in segments counts once. */
  async stats(query: LabelQuery, signal: AbortSignal): Promise<IndexStats> {
    const snapshot = this.#snapshots.snapshot();
    try {
      const indexes = snapshot.catalogue.indexesFor(query.tenant, query.startNs, query.endNs);
      const heads = headMatches(snapshot.heads, query);
      const stored = await this.#index.stats(indexes, indexQuery(query), signal);
      const known = heads.length === 0 ? [] : await this.#index.series(indexes, indexQuery(query), signal);
      const streams = new Set([...heads.map(({ key }) => key), ...known.map(formatLabels)]).size;
      const sum = (pick: (match: HeadMatch) => number): number => heads.reduce((total, match) => total + pick(match), 0);
      return {
        streams: heads.length === 0 ? stored.streams : streams,
        chunks: stored.chunks + sum((match) => match.chunks),
        rows: stored.rows + sum((match) => match.rows),
        bytes: stored.bytes + sum((match) => match.bytes),
      };
    } finally {
      snapshot.release();
    }
  }
}

function indexQuery({ matchers, startNs, endNs }: LabelQuery): IndexQuery {
  return { matchers: matchers.map(compileMatcher), startNs, endNs };
}

/** A stretch that the range covers in part counts in proportion, as in Loki. */
function headMatches(heads: readonly HeadSnapshot[], query: LabelQuery): HeadMatch[] {
  const matchers = query.matchers.map(compileMatcher);
  const found = new Map<string, { labels: LabelSet; key: string; chunks: number; rows: number; bytes: number }>();
  for (const { generation } of heads) {
    for (const id of generation.tenants.get(query.tenant)?.values() ?? []) {
      const stream = generation.streams[id];
      if (stream === undefined || !matchesAll(matchers, stream.labels)) continue;
      for (const block of generation.blocks) {
        const extent = block.extents.get(id);
        if (extent === undefined) continue;
        const { minNs, maxNs } = extentRange(extent);
        if (minNs >= query.endNs || maxNs < query.startNs) continue;
        const from = minNs > query.startNs ? minNs : query.startNs;
        const to = maxNs < query.endNs - 1n ? maxNs : query.endNs - 1n;
        const part = Number(to - from + 1n) / Number(maxNs - minNs + 1n);
        const match = found.get(stream.key) ?? { labels: stream.labels, key: stream.key, chunks: 0, rows: 0, bytes: 0 };
        match.chunks += 1;
        match.rows += Math.trunc(extent.rows * part);
        match.bytes += Math.trunc(extent.bytes * part);
        found.set(stream.key, match);
      }
    }
  }
  return [...found.values()];
}
