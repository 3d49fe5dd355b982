export { Distributor, type DistributorParts, type PushOutcome } from './distributor.ts';
export {
  ingestProtocols, noPushMetrics, type AppliedTracker, type IngestProtocol, type PushGate, type PushMetrics, type PushOptions, type RefusedRows, type StreamRegistry,
} from './ports.ts';
export { Rates } from './rates.ts';
export { refusalReasons, type RefusalReason } from './reasons.ts';
