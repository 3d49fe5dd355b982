import { noReads, type Batch, type Partial, type ReadStats, type ScanStats } from '../logql/mod.ts';
import { addReadCounts, type ReadCounts } from '../objects/mod.ts';
import type { UnitDone } from './scan-session.ts';
import type { Unit } from './units.ts';

/** What it took to find the units of a scan. */
export interface IndexCost {
  readonly ms: number;
  readonly reads: ReadCounts;
}

/** Reads by their names in statistics. */
export function storeReads({ requests, bytes, cacheHits, cacheBytes }: Readonly<ReadCounts>): Pick<ReadStats, 'storeRequests' | 'storeBytes' | 'cacheHits' | 'cacheBytes'> {
  return { storeRequests: requests, storeBytes: bytes, cacheHits, cacheBytes };
}

/** Counts what a scan read, unit by unit. */
export class ReadTally {
  readonly #found: Pick<ReadStats, 'chunksFound' | 'headChunksFound' | 'indexMs'>;
  #reads: ReadCounts;
  readonly #segments = new Set<string>();
  #chunks = 0;
  #rowGroups = 0;
  #storedBytes = 0;
  #headChunks = 0;
  #headRows = 0;
  #headBytes = 0;
  #units = 0;
  #mergeUnits = 0;
  #workMs = 0;
  /** Rows of the chunks and what they hold, by the index. */
  #rows = 0;
  #bytes = 0;

  /** `units` are all that the scan may read; `index` is what it took to find them. */
  constructor(units: readonly Unit[], index: IndexCost) {
    let [chunksFound, headChunksFound] = [0, 0];
    for (const { sources } of units) {
      for (const { source, pieces } of sources) {
        if (source.kind === 'head') headChunksFound += pieces.length;
        else chunksFound += pieces.length;
      }
    }
    this.#found = { chunksFound, headChunksFound, indexMs: index.ms };
    this.#reads = index.reads;
  }

  /** A worker is through with a unit. */
  add(unit: Unit, { workMs = 0, storedBytes = 0, reads }: UnitDone): void {
    this.#units += 1;
    if (unit.merge) this.#mergeUnits += 1;
    this.#workMs += workMs;
    this.#storedBytes += storedBytes;
    if (reads !== undefined) this.#reads = addReadCounts(this.#reads, reads);
    this.#bytes += unit.bytes;
    for (const { source, pieces } of unit.sources) {
      const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
      this.#rows += rows;
      if (source.kind === 'head') {
        this.#headChunks += pieces.length;
        this.#headRows += rows;
        if (unit.sources.every((one) => one.source.kind === 'head')) this.#headBytes += unit.bytes / unit.sources.length;
      } else {
        this.#segments.add(source.segment.key);
        this.#rowGroups += 1;
        this.#chunks += pieces.length;
      }
    }
  }

  /** The results of the scan with what it read; one of them has it for all. */
  tell<Result extends Batch | Partial>(results: readonly Result[]): Result[] {
    const [first, ...rest] = results;
    if (first === undefined) return [];
    const bytes = results.reduce((sum, { stats }) => sum + stats.bytes, 0);
    const rows = results.reduce((sum, { stats }) => sum + stats.rows, 0);
    // Where no line was opened, as in counting, the index still says how long they are.
    const counted = bytes > 0 || this.#rows === 0 ? first.stats.bytes : Math.round(this.#bytes * Math.min(1, rows / this.#rows));
    const stats: ScanStats = { ...first.stats, bytes: counted, read: this.#stats() };
    return [{ ...first, stats }, ...rest];
  }

  #stats(): ReadStats {
    return {
      ...noReads,
      ...this.#found,
      ...storeReads(this.#reads),
      segments: this.#segments.size,
      rowGroups: this.#rowGroups,
      chunks: this.#chunks,
      storedBytes: this.#storedBytes,
      headChunks: this.#headChunks,
      headRows: this.#headRows,
      headBytes: Math.round(this.#headBytes),
      units: this.#units,
      mergeUnits: this.#mergeUnits,
      workMs: this.#workMs,
    };
  }
}
