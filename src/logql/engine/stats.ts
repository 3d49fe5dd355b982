import type { JsonWriter } from './json.ts';
import type { QueryStats } from './types.ts';

/** Writes what an answer cost in the form that Grafana's inspector and logcli's `--stats` read. */
export function writeStats(json: JsonWriter, stats: QueryStats): void {
  const seconds = stats.elapsedMs / 1000;
  const perSecond = (count: number): number => (seconds > 0 ? Math.round(count / seconds) : 0);
  const store = {
    totalChunksRef: 0, totalChunksDownloaded: 0, chunksDownloadTime: 0, queryReferencedStructuredMetadata: false,
    chunk: { headChunkBytes: 0, headChunkLines: 0, decompressedBytes: 0, decompressedLines: 0, compressedBytes: 0, totalDuplicates: 0 },
    chunkRefsFetchTime: 0, congestionControlLatency: 0, pipelineWrapperFilteredLines: 0,
  };
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
      querier: { store: { ...store, chunk: { ...store.chunk, decompressedBytes: stats.bytes, decompressedLines: stats.rows, postFilterLines: stats.rowsMatched } } },
      ingester: { totalReached: 0, totalChunksMatched: 0, totalBatches: 0, totalLinesSent: 0, store },
    }),
  );
}
