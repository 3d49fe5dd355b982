import { SpoorError } from '../../model/mod.ts';
import type { RawBatch } from '../batch.ts';
import { defaultPushBodyLimits, type PushBodyLimits } from '../limits.ts';
import { runInSlices } from '../slices.ts';
import { decodeContent, decodeSnappy } from './content.ts';
import { decodeJsonPush } from './json.ts';
import { mediaTypeOf } from './media-type.ts';
import { decodeProtobufPush } from './protobuf.ts';

/** A request to /loki/api/v1/push or /api/prom/push. */
export interface LokiPushRequest {
  /** As it arrived. Not changed; the batch may point into it. */
  readonly body: Uint8Array;
  /** Header Content-Type. */
  readonly contentType: string | undefined;
  /** Header Content-Encoding. */
  readonly contentEncoding?: string | undefined;
  /** Header X-Loki-Backfill-Shard. */
  readonly backfillShard?: string | undefined;
  readonly limits?: PushBodyLimits;
  /** Aborts between two slices of work. */
  readonly signal?: AbortSignal;
}

const backfillShardBytesMax = 128;

/**
 * Decodes a Loki push, of the paths /loki/api/v1/push and /api/prom/push alike: JSON (plain, gzip, deflate or zstd) where the media type is application/json, a protobuf PushRequest in a raw snappy block with any
 * other type. Big bodies are decoded in slices, so that the event loop is never held for long. Decides nothing that depends on the tenant.
 * Throws `push_*` and `body_too_large`, all of which refuse the whole push.
 */
export async function decodeLokiPush(request: LokiPushRequest): Promise<RawBatch> {
  const limits = request.limits ?? defaultPushBodyLimits;
  const shard = checkBackfillShard(request.backfillShard ?? '');
  const content = await decodeContent(request.body, request.contentEncoding ?? '', limits);
  if (mediaTypeOf(request.contentType) === 'application/json') return runInSlices(decodeJsonPush(content, limits, shard), request.signal);
  return runInSlices(decodeProtobufPush(await decodeSnappy(content, limits), limits, shard), request.signal);
}

function checkBackfillShard(shard: string): string {
  const length = Buffer.byteLength(shard);
  if (length > backfillShardBytesMax) {
    throw new SpoorError('push_backfill', { reason: `invalid X-Loki-Backfill-Shard header: value length ${length} exceeds limit of ${backfillShardBytesMax}` });
  }
  return shard;
}
