export { RawBatchBuilder, timeUnset, type RawBatch, type RawStream } from './batch.ts';
export { defaultPushBodyLimits, type PushBodyLimits } from './limits.ts';
export { decodeLokiPush, type LokiPushRequest } from './loki/decode.ts';
export { PushEncoder } from './loki/encode.ts';
export { runInSlices } from './slices.ts';
