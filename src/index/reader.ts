import { dayLengthNs, dayLengthNsNumber, timeNsMax, timeNsMin, type CompiledMatcher, type LabelSet } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import type { CacheStats } from './cache.ts';
import type { IndexDirectory } from './directory.ts';
import { IndexFiles, type OpenIndex } from './file.ts';
import type { IndexRef } from './manifest.ts';
import { readNames } from './pairs.ts';
import { visitStreams, visitValues } from './select.ts';
import type { ChunkRef, SelectedChunk, StoredStream } from './streams.ts';

/** What is looked for. Times are nanoseconds since the epoch. */
export interface IndexQuery {
  /** All must accept; none is every stream. */
  readonly matchers: readonly CompiledMatcher[];
  /** First nanosecond. */
  readonly startNs: bigint;
  /** The nanosecond after the last one. */
  readonly endNs: bigint;
}

/** A stream and its chunks that overlap the time range, by time. */
export interface SelectedStream {
  readonly labels: LabelSet;
  /** formatLabels(labels). */
  readonly key: string;
  readonly chunks: readonly SelectedChunk[];
}

/** What `index/stats` answers. */
export interface IndexStats {
  readonly streams: number;
  readonly chunks: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What an IndexReader is told. */
export interface IndexReaderOptions {
  readonly store: ObjectStore;
  /** Bytes of index files kept in memory (64 MiB). */
  readonly cacheBytesMax?: number;
  /** Index files looked into at the same time by one query (8). */
  readonly concurrency?: number;
}

/** Part of an index file's day, nanoseconds since its start, both included. */
interface DayRange {
  readonly startOffset: number;
  readonly endOffset: number;
  /** No entry of the file lies outside. */
  readonly covers: boolean;
}

/**
 * Answers questions from index files, without opening a segment. Keep one per process: its cache is shared by all queries. Every method takes the
 * index files to look into (of one tenant; from a catalogue's snapshot) and merges their answers. Throws `corruption`, `object_store`,
 * `object_not_found`, or the reason of the signal.
 */
export class IndexReader {
  readonly #files: IndexFiles;
  readonly #concurrency: number;

  constructor(options: IndexReaderOptions) {
    this.#files = new IndexFiles(options.store, options.cacheBytesMax ?? 64 * 2 ** 20);
    this.#concurrency = options.concurrency ?? 8;
  }

  /** How the cache is doing, for /metrics. */
  cacheStats(): { readonly directories: CacheStats; readonly blocks: CacheStats } {
    return this.#files.cacheStats();
  }

  /** The streams that match and their chunks with entries in the range; streams without such a chunk are left out. No order among streams. */
  async select(indexes: readonly IndexRef[], query: IndexQuery, signal: AbortSignal): Promise<SelectedStream[]> {
    const found = new Map<string, { readonly labels: LabelSet; readonly key: string; readonly chunks: SelectedChunk[] }>();
    await this.#visit(indexes, query, signal, (stored, _index, { startOffset, endOffset }) => {
      const { key, labels } = stored;
      let stream = found.get(key);
      if (stream === undefined) found.set(key, (stream = { labels, key, chunks: [] }));
      stored.select(startOffset, endOffset, stream.chunks);
    });
    for (const { chunks } of found.values()) if (!isByTime(chunks)) chunks.sort((a, b) => (a.minNs === b.minNs ? 0 : a.minNs < b.minNs ? -1 : 1));
    return [...found.values()];
  }

  /** The label sets of the streams that match and have entries in the range. No order. */
  async series(indexes: readonly IndexRef[], query: IndexQuery, signal: AbortSignal): Promise<LabelSet[]> {
    const found = new Map<string, LabelSet>();
    await this.#visit(indexes, query, signal, ({ key, labels }) => void found.set(key, labels));
    return [...found.values()];
  }

  /**
   * The label names of the streams that match, sorted. Without matchers a name is listed if the range meets the time from the first to the last
   * entry with it in an index file.
   */
  async labelNames(indexes: readonly IndexRef[], query: IndexQuery, signal: AbortSignal): Promise<string[]> {
    const names = new Set<string>();
    if (query.matchers.length > 0) {
      await this.#visit(indexes, query, signal, ({ labels }) => {
        for (const label of labels) names.add(label.name);
      });
      return [...names].sort();
    }
    await this.#eachIndex(indexes, query, signal, async (index, range) => {
      for (const block of await this.#files.blocks(index, index.directory.nameBlocks, signal)) {
        for (const entry of readNames(block(), `${index.where}, names`)) if (overlaps(entry, range)) names.add(entry.name);
      }
    });
    return [...names].sort();
  }

  /** The values of label `name` in the streams that match, sorted. Without matchers as {@link labelNames}. */
  async labelValues(indexes: readonly IndexRef[], name: string, query: IndexQuery, signal: AbortSignal): Promise<string[]> {
    const values = new Set<string>();
    if (query.matchers.length > 0) {
      await this.#visit(indexes, query, signal, ({ labels }) => {
        for (const label of labels) if (label.name === name) values.add(label.value);
      });
      return [...values].sort();
    }
    await this.#eachIndex(indexes, query, signal, async (index, range) => {
      await visitValues(this.#files, index, name, signal, (pair) => {
        if (pair.value !== '' && overlaps(pair, range)) values.add(pair.value);
      });
    });
    return [...values].sort();
  }

  /**
   * Calls `visit` for each stream that matches, once for each index file that has it, with its chunks that overlap the range. Their times count from
   * `dayStartNs`. For sums over very many streams, which need no list of them.
   */
  async eachStream(indexes: readonly IndexRef[], query: IndexQuery, signal: AbortSignal, visit: (stream: StoredStream, chunks: readonly ChunkRef[], dayStartNs: bigint) => void): Promise<void> {
    await this.#visit(indexes, query, signal, (stream, { directory }, { startOffset, endOffset }) => visit(stream, stream.within(startOffset, endOffset), directory.dayStartNs));
  }

  /** What the index files hold in all; their directories say it. */
  async totals(indexes: readonly IndexRef[], signal: AbortSignal): Promise<IndexStats> {
    const sums = { streams: 0, chunks: 0, rows: 0, bytes: 0 };
    await this.#eachIndex(indexes, { matchers: [], startNs: timeNsMin, endNs: timeNsMax }, signal, async ({ directory }) => {
      for (const name of ['streams', 'chunks', 'rows', 'bytes'] as const) sums[name] += directory[name];
    });
    return sums;
  }

  async #visit(indexes: readonly IndexRef[], query: IndexQuery, signal: AbortSignal, visit: (stream: StoredStream, index: OpenIndex, range: DayRange) => void): Promise<void> {
    await this.#eachIndex(indexes, query, signal, async (index, range) => {
      await visitStreams(this.#files, index, query.matchers, range.startOffset, range.endOffset, signal, (stream) => visit(stream, index, range));
    });
  }

  /** Opens the index files that the range meets, several at a time. The first failure ends all. */
  async #eachIndex(indexes: readonly IndexRef[], query: IndexQuery, signal: AbortSignal, use: (index: OpenIndex, range: DayRange) => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const wanted = indexes.filter((ref) => ref.minNs < query.endNs && ref.maxNs >= query.startNs);
    let next = 0;
    const worker = async (): Promise<void> => {
      try {
        for (let ref = wanted[next++]; ref !== undefined; ref = wanted[next++]) {
          const index = await this.#files.open(ref, signal);
          const range = dayRange(index.directory, query);
          if (range !== undefined) await use(index, range);
          signal.throwIfAborted();
        }
      } catch (error) {
        // The others need not go on.
        next = wanted.length;
        throw error;
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, wanted.length) }, worker));
  }
}

function dayRange(directory: IndexDirectory, query: IndexQuery): DayRange | undefined {
  const start = query.startNs - directory.dayStartNs;
  const end = query.endNs - 1n - directory.dayStartNs;
  if (end < 0n || start >= dayLengthNs || start > end) return undefined;
  const startOffset = start < 0n ? 0 : Number(start);
  const endOffset = end >= dayLengthNs ? dayLengthNsNumber - 1 : Number(end);
  return { startOffset, endOffset, covers: startOffset <= directory.minOffset && endOffset >= directory.maxOffset };
}

function overlaps(span: { readonly minOffset: number; readonly maxOffset: number }, range: DayRange): boolean {
  return range.covers || (span.minOffset <= range.endOffset && span.maxOffset >= range.startOffset);
}

function isByTime(chunks: readonly SelectedChunk[]): boolean {
  for (let i = 1; i < chunks.length; i++) if ((chunks[i - 1] as SelectedChunk).minNs > (chunks[i] as SelectedChunk).minNs) return false;
  return true;
}
