/** What scans read, apart from rows: docs/operate/explain.md says what each number means. */
export interface ReadStats {
  /** Chunks of segments, and of head blocks, that may hold rows by the index. */
  readonly chunksFound: number;
  readonly headChunksFound: number;
  /** Of these chunks of segments: those whose rows the index counted, so that they were not opened. */
  readonly chunksCounted: number;
  /** Chunks of segments that were opened, the row groups and segments that they lie in, and bytes that were read of these, as they are stored, wherever they came from. */
  readonly chunks: number;
  readonly rowGroups: number;
  readonly segments: number;
  readonly storedBytes: number;
  /** Requests to the object store, index and read-ahead included, and bytes that they brought. */
  readonly storeRequests: number;
  readonly storeBytes: number;
  /** Blocks that the cache on disk had, and bytes of these that were wanted. */
  readonly cacheHits: number;
  readonly cacheBytes: number;
  /** The same of heads: stretches of one stream in a block, rows and bytes of lines and metadata. */
  readonly headChunks: number;
  readonly headRows: number;
  readonly headBytes: number;
  /** Pieces of work, and those of them in which rows of several flushes were merged. */
  readonly units: number;
  readonly mergeUnits: number;
  /** Time that the index took, and time of worker threads, all together. */
  readonly indexMs: number;
  readonly workMs: number;
}

/** Nothing read. */
export const noReads: ReadStats = {
  chunksFound: 0, headChunksFound: 0, chunksCounted: 0, chunks: 0, rowGroups: 0, segments: 0, storedBytes: 0,
  storeRequests: 0, storeBytes: 0, cacheHits: 0, cacheBytes: 0, headChunks: 0, headRows: 0, headBytes: 0, units: 0, mergeUnits: 0, indexMs: 0, workMs: 0,
};

const names = Object.keys(noReads) as (keyof ReadStats)[];

/** The sum of what two scans read; nothing where neither says. */
export function addReads(a: ReadStats | undefined, b: ReadStats | undefined): { readonly read?: ReadStats } {
  if (a === undefined || b === undefined) {
    const read = a ?? b;
    return read === undefined ? {} : { read };
  }
  return { read: Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as ReadStats };
}
