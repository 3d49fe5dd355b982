export { decodeFooter, footerBytesOf } from './footer.ts';
export { segmentTrailerBytes, segmentVersion } from './format.ts';
export {
  inspectSegment, type InspectedColumn, type InspectedPage, type InspectedRowGroup, type InspectedSegment, type InspectedTemplate, type InspectedTenant, type SegmentDamage, type Space,
} from './inspect.ts';
export { decodeLabels } from './labels.ts';
export { segmentLimits } from './limits.ts';
export type { ByteRange, ChunkSelection, PageMeta, RowGroupMeta, RowRange, SegmentChunk, SegmentFooter, TenantMeta } from './meta.ts';
export { coalesce, frontPages, rowGroupRanges } from './ranges.ts';
export { decodeRowGroup } from './row-group-reader.ts';
export { decodeShapes, type Shape } from './shapes.ts';
export { HexPoolReader } from './columns/pool.ts';
export { openPage } from './page.ts';
export { PageSource, type ReadNow } from './page-source.ts';
export type { GramFilter } from './grams.ts';
export type { Runs } from './integers.ts';
export { decodeRuns, selectRuns } from './runs.ts';
export { ShreddedGroup } from './shredded-group.ts';
export { DecodeScratch, freshArrays, type ArraySource } from './scratch.ts';
export { openSegment, SegmentReader, type OpenedRowGroup, type RangeReader, type ReadRowGroup } from './segment-reader.ts';
export { SegmentWriter, type Segment } from './writer.ts';
