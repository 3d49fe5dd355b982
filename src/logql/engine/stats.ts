import { noReads, type ReadStats } from '../read-stats.ts';
import type { JsonWriter } from './json.ts';
import type { QueryStats } from './types.ts';

/** Loki counts times in nanoseconds here. */
const nsPerMs = 1e6;

/**
 * Writes what an answer cost in the form that Grafana's inspector and logcli's `--stats` read (docs/operate/explain.md): what lay in segments as `querier`, what lay in heads
 * as `ingester`, and as `spoor` what Loki has no names for.
 */
export function writeStats(json: JsonWriter, stats: QueryStats): void {
  const seconds = stats.elapsedMs / 1000;
  const perSecond = (count: number): number => (seconds > 0 ? Math.round(count / seconds) : 0);
  const read = stats.read ?? noReads;
  const inHeads = { lines: Math.min(read.headRows, stats.rows), bytes: Math.min(read.headBytes, stats.bytes) };
  json.raw(
    JSON.stringify({
      summary: {
        bytesProcessedPerSecond: perSecond(stats.bytes),
        linesProcessedPerSecond: perSecond(stats.rows),
        totalBytesProcessed: stats.bytes,
        totalLinesProcessed: stats.rows,
        execTime: seconds,
        queueTime: 0,
        subqueries: 0,
        totalEntriesReturned: stats.returned,
        splits: 0,
        shards: 0,
        totalPostFilterLines: stats.rowsMatched,
        totalStructuredMetadataBytesProcessed: 0,
      },
      querier: {
        store: {
          ...storeOf(read.chunksFound, read.chunks, Math.round(read.indexMs * nsPerMs)),
          chunk: { ...noChunk, decompressedBytes: stats.bytes - inHeads.bytes, decompressedLines: stats.rows - inHeads.lines, compressedBytes: read.storedBytes, postFilterLines: stats.rowsMatched },
        },
      },
      ingester: {
        totalReached: read.headChunksFound > 0 ? 1 : 0,
        totalChunksMatched: read.headChunksFound,
        totalBatches: 0,
        totalLinesSent: 0,
        store: { ...storeOf(0, 0, 0), chunk: { ...noChunk, headChunkBytes: inHeads.bytes, headChunkLines: inHeads.lines } },
      },
      spoor: spoorOf(read),
    }),
  );
}

const noChunk = { headChunkBytes: 0, headChunkLines: 0, decompressedBytes: 0, decompressedLines: 0, compressedBytes: 0, totalDuplicates: 0 };

function storeOf(totalChunksRef: number, totalChunksDownloaded: number, chunkRefsFetchTime: number): object {
  return {
    totalChunksRef, totalChunksDownloaded, chunksDownloadTime: 0, queryReferencedStructuredMetadata: false, chunk: noChunk, chunkRefsFetchTime, congestionControlLatency: 0,
    pipelineWrapperFilteredLines: 0,
  };
}

/** What was read in spoor's own words. */
export function spoorOf(read: ReadStats): object {
  return {
    segments: read.segments, rowGroups: read.rowGroups, chunks: read.chunks, chunksCounted: read.chunksCounted, storedBytes: read.storedBytes,
    storeRequests: read.storeRequests, storeBytes: read.storeBytes, cacheHits: read.cacheHits, cacheBytes: read.cacheBytes, headChunks: read.headChunks, headRows: read.headRows, headBytes: read.headBytes,
    units: read.units, mergeUnits: read.mergeUnits, indexMs: rounded(read.indexMs), workMs: rounded(read.workMs),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
