export { Detections, FieldQuerier, type DetectionPool, type FieldQuery } from './detected-fields.ts';
export { detectLabels, type DetectedLabel } from './detected-labels.ts';
export { LabelQuerier, type LabelQuery } from './labels.ts';
export type { ScanPool, SnapshotSource } from './ports.ts';
export { Querier, type QuerierParts } from './querier.ts';
export { ScanSessions, type FetchedRowGroup, type LoadedUnit, type UnitDone } from './scan-session.ts';
export { serviceOf, tailRows } from './tail.ts';
export { findTrace, type Trace, type TraceEntry, type TraceQuery } from './traces.ts';
