import type { RawBatch } from '../batch.ts';
import type { PushBodyLimits } from '../limits.ts';
import { runInSlices } from '../slices.ts';
import { decodeProtobufPush } from './protobuf.ts';

/** Decodes a logproto.PushRequest that came without snappy, as gRPC has it. The batch points into it. Throws `push_*`, all of which refuse the whole push. */
export async function decodeLokiMessage(message: Buffer, limits: PushBodyLimits, signal?: AbortSignal): Promise<RawBatch> {
  return runInSlices(decodeProtobufPush(message, limits, ''), signal);
}
