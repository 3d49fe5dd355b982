export { Distributor, type DistributorParts, type PushOutcome } from './distributor.ts';
export { noPushMetrics, type AppliedTracker, type PushGate, type PushMetrics, type StreamRegistry } from './ports.ts';
export { refusalReasons, type RefusalReason } from './reasons.ts';
