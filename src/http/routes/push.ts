import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ByteBudget, isSpoorError, reasonOf, SpoorError } from '../../model/mod.ts';
import { decodeLokiPush, type PushBodyLimits } from '../../protocols/mod.ts';
import type { HttpParts } from '../parts.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/** One byte of a deflate stream makes at most so many, and one of a snappy block. */
const deflateExpansionMax = 1032;
const snappyExpansionMax = 22;
/** Decoded, a push stands in columns beside its bytes. */
const workFactor = 2;

/**
 * POST /loki/api/v1/push: 204 without a body once everything that is good is durable and can be queried. Bodies that arrive share one budget of memory, over which
 * pushes are refused; what is made of them shares another, in which they wait for their turn.
 */
export async function pushRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const bodies = new ByteBudget(Math.max(parts.pushBytesMax, parts.bodyLimits.bodyBytesMax));
  const work = new ByteBudget(parts.pushBytesMax);
  parts.metrics.gauge('spoor_push_body_bytes', 'Bytes of pushes that arrive or are worked on', () => bodies.used);

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Before the body is read: who may not push sends nothing.
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const body = await readBody(request, parts.bodyLimits.bodyBytesMax, bodies);
    const contentType = header(request, 'content-type');
    const contentEncoding = header(request, 'content-encoding');
    try {
      const share = await work.share(workFactor * expandedMax(body, contentType ?? '', contentEncoding ?? '', parts.bodyLimits));
      try {
        const raw = await decodeLokiPush({ body, contentType, contentEncoding, backfillShard: header(request, 'x-loki-backfill-shard'), limits: parts.bodyLimits });
        share.shrinkTo(workFactor * raw.bytes.length);
        const { status, refusal, retryAfterSeconds } = await parts.distributor.push(tenant, raw);
        if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds));
        if (refusal === null) return reply.code(status).send();
        return reply.code(status).header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(`${refusal.message}\n`);
      } finally {
        share.release();
      }
    } finally {
      bodies.give(body.length);
    }
  };

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post('/loki/api/v1/push', handler);
  });
}

/** Reads a body whose bytes are counted against the budget as they come, not as they are announced. The caller gives them back. */
async function readBody(request: FastifyRequest, bytesMax: number, budget: ByteBudget): Promise<Buffer> {
  const payload = request.body as Readable | undefined | null;
  if (payload === undefined || payload === null) return Buffer.alloc(0);
  const tooLarge = (): SpoorError => new SpoorError('body_too_large', { limit: bytesMax, name: 'server.body_bytes_max' });
  if (Number(header(request, 'content-length') ?? 0) > bytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // What is left of a refused body is read and dropped, or the client would not see the answer for the reset.
    for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (length + chunk.length > bytesMax) throw tooLarge();
      if (!budget.tryTake(chunk.length)) throw new SpoorError('pushes_under_way', { bytes: budget.used, limit: budget.limit });
      length += chunk.length;
      chunks.push(chunk);
    }
  } catch (error) {
    budget.give(length);
    throw isSpoorError(error) ? error : new SpoorError('bad_request', { reason: `the body broke off: ${reasonOf(error)}` }, { cause: error });
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
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
