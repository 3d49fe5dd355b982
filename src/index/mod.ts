export type { CacheStats } from './cache.ts';
export { openCatalogue, type Catalogue, type CatalogueOptions, type CatalogueSnapshot } from './catalogue.ts';
export type { IndexSegment } from './directory.ts';
export { inspectIndex, type IndexSpace, type InspectedIndex } from './inspect.ts';
export { decodeManifest, encodeManifest, manifestKey, type IndexRef, type Manifest, type SegmentRef } from './manifest.ts';
export { IndexReader, type IndexQuery, type IndexReaderOptions, type IndexStats, type SelectedStream } from './reader.ts';
export type { ChunkRef, SelectedChunk, StoredStream } from './streams.ts';
export { buildIndex, writeIndex, type BuiltIndex, type ChunkEntry, type IndexContent } from './writer.ts';
