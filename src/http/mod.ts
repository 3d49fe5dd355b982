export { buildApp } from './app.ts';
export { Metrics } from './metrics.ts';
export type { HttpParts } from './parts.ts';
export type { QueryQueues } from './query-turn.ts';
export { soleTenant } from './tenant.ts';
