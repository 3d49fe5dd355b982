export { buildApp } from './app.ts';
export { IngestCounters } from './ingest-counters.ts';
export { GrpcServer, type GrpcSettings } from './grpc/server.ts';
export { Metrics } from './metrics.ts';
export type { HttpParts } from './parts.ts';
export { PushIntake, type PushWork } from './push-intake.ts';
export type { QueryQueues } from './query-turn.ts';
export { soleTenant } from './tenant.ts';
