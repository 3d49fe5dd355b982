import type { IndexQuery, IndexReader, IndexRef, IndexStats } from '../index/mod.ts';
import type { HeadSnapshot } from '../ingester/mod.ts';
import { compileMatcher } from '../logql/mod.ts';
import { formatLabels, labelValue, type LabelSet, type Matcher } from '../model/mod.ts';
import { matchesAll } from './matching.ts';
import { extentRange } from './pieces.ts';
import type { SnapshotSource } from './ports.ts';
import { HeadDuplicates } from './volume-duplicates.ts';
import { ceilMs, floorMs, shareOf } from './volume-extents.ts';
import { readShards, type StreamShard } from './volume-shards.ts';
import { visitExtents, type ExtentParts } from './volume-visit.ts';
import { readVolumes, type Volume, type VolumeQuery } from './volume.ts';

/** What labels, series and statistics are asked for. Times are nanoseconds; the end is not included. */
export interface LabelQuery {
  readonly tenant: string;
  /** None: all streams. */
  readonly matchers: readonly Matcher[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Answers from the index and the heads, without reading rows. */
export class LabelQuerier {
  readonly #snapshots: SnapshotSource;
  readonly #index: IndexReader;
  readonly #extents: ExtentParts;

  constructor(snapshots: SnapshotSource, index: IndexReader) {
    this.#snapshots = snapshots;
    this.#index = index;
    this.#extents = { snapshots, index, duplicates: new HeadDuplicates() };
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

  /**
   * Streams, chunks, entries and bytes that match. What a chunk holds counts in proportion to the part of its time that the range covers; a stream of which that leaves no entry does not count.
   * A stream that is in the heads and in segments counts once.
   */
  async stats(query: LabelQuery, signal: AbortSignal): Promise<IndexStats> {
    const [from, to] = [floorMs(query.startNs), ceilMs(query.endNs)];
    const streams = new Set<string>();
    const sums = { chunks: 0, rows: 0, bytes: 0 };
    await visitExtents(this.#extents, query, signal, (_labels, extents, key) => {
      let rows = 0;
      let bytes = 0;
      for (const extent of extents) {
        const share = shareOf(extent, from, to);
        rows += Math.floor(extent.rows * share);
        bytes += Math.floor(extent.bytes * share);
      }
      if (rows === 0) return;
      streams.add(key());
      sums.chunks += extents.length;
      sums.rows += rows;
      sums.bytes += bytes;
    });
    return { streams: streams.size, ...sums };
  }

  /** Volumes of streams; see readVolumes. */
  async volumes(query: VolumeQuery, signal: AbortSignal): Promise<Volume[]> {
    return readVolumes(this.#extents, query, signal);
  }

  /** Streams cut into shards of about so many bytes; see readShards. */
  async shards(query: LabelQuery, targetBytes: number, signal: AbortSignal): Promise<StreamShard[]> {
    return readShards(this.#extents, query, targetBytes, signal);
  }
}

function indexQuery({ matchers, startNs, endNs }: LabelQuery): IndexQuery {
  return { matchers: matchers.map(compileMatcher), startNs, endNs };
}

/** The streams of the heads that match and may have entries in the range. */
function headMatches(heads: readonly HeadSnapshot[], query: LabelQuery): { readonly labels: LabelSet; readonly key: string }[] {
  const matchers = query.matchers.map(compileMatcher);
  const found = new Map<string, { readonly labels: LabelSet; readonly key: string }>();
  for (const { generation } of heads) {
    for (const [key, id] of generation.tenants.get(query.tenant) ?? []) {
      const labels = generation.streams[id]?.labels ?? [];
      if (found.has(key) || !matchesAll(matchers, labels)) continue;
      const touches = generation.blocks.some((block) => {
        const extent = block.extents.get(id);
        if (extent === undefined) return false;
        const { minNs, maxNs } = extentRange(extent);
        return minNs < query.endNs && maxNs >= query.startNs;
      });
      if (touches) found.set(key, { labels, key });
    }
  }
  return [...found.values()];
}
