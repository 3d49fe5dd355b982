import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeLokiPush, type PushBodyLimits } from '../../protocols/mod.ts';
import type { HttpParts } from '../parts.ts';
import { ingestScope } from '../push-intake.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/** One byte of a deflate stream makes at most so many, and one of a snappy block. */
const deflateExpansionMax = 1032;
const snappyExpansionMax = 22;

/** POST /loki/api/v1/push: 204 without a body once everything that is good is durable and can be queried. */
export async function pushRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Before the body is read: who may not push sends nothing.
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const contentType = header(request, 'content-type');
    const contentEncoding = header(request, 'content-encoding');
    const expanded = (body: Buffer): number => expandedMax(body, contentType ?? '', contentEncoding ?? '', parts.bodyLimits);
    return parts.intake.receive('loki', request, expanded, async ({ body, decoded }) => {
      const raw = await decodeLokiPush({ body, contentType, contentEncoding, backfillShard: header(request, 'x-loki-backfill-shard'), limits: parts.bodyLimits });
      decoded(raw.bytes.length);
      const { status, refusal, retryAfterSeconds } = await parts.distributor.push(tenant, raw, { protocol: 'loki' });
      if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds));
      if (refusal === null) return reply.code(status).send();
      return reply.code(status).header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(`${refusal.message}\n`);
    });
  };

  await ingestScope(app, parts.metrics, 'loki', (scope) => {
    scope.post('/loki/api/v1/push', handler);
  });
}

/** The most bytes that the body can be once it is decompressed. */
function expandedMax(body: Buffer, contentType: string, contentEncoding: string, limits: PushBodyLimits): number {
  if (contentEncoding === 'gzip' || contentEncoding === 'deflate') return Math.min(limits.rawBytesMax, body.length * deflateExpansionMax);
  if (contentType.includes('json')) return body.length;
  return Math.min(limits.rawBytesMax, body.length * snappyExpansionMax, claimedBytes(body));
}

/** The length that a snappy block claims at its head: a varint. */
function claimedBytes(block: Buffer): number {
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i] ?? 0;
    bytes += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) break;
  }
  return bytes;
}
