import type { IndexQuery, IndexReader, IndexRef } from '../../src/index/mod.ts';

/** How many streams, chunks, rows and bytes eachStream visits; chunks that the range covers in part count in full. */
export async function sumsOf(index: IndexReader, refs: readonly IndexRef[], query: IndexQuery): Promise<{ streams: number; chunks: number; rows: number; bytes: number }> {
  const streams = new Set<string>();
  const sums = { chunks: 0, rows: 0, bytes: 0 };
  await index.eachStream(refs, query, new AbortController().signal, ({ key }, chunks) => {
    streams.add(key);
    for (const { rows, bytes } of chunks) {
      sums.chunks += 1;
      sums.rows += rows;
      sums.bytes += bytes;
    }
  });
  return { streams: streams.size, ...sums };
}
