export { buildApp } from './app.ts';
export { Metrics } from './metrics.ts';
export type { HttpParts } from './parts.ts';
export { soleTenant } from './tenant.ts';
