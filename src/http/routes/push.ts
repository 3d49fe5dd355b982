import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BufferPool } from '../../bytes/mod.ts';
import { ByteBudget, reasonOf, SpoorError } from '../../model/mod.ts';
import { decodeLokiPush, type PushBodyLimits } from '../../protocols/mod.ts';
import type { HttpParts } from '../parts.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/** One byte of a deflate stream makes at most so many, and one of a snappy block. */
const deflateExpansionMax = 1032;
const snappyExpansionMax = 22;
/** Decoded, a push stands in columns beside its bytes. */
const workFactor = 2;
/** Memory of bodies that is kept to be used again. */
const bodyPoolBytes = 8 * 2 ** 20;
/** A body's first memory, whatever length it announces. */
const bodyBytesFirst = 512 * 1024;

/**
 * POST /loki/api/v1/push: 204 without a body once everything that is good is durable and can be queried. Bodies that arrive share one budget of memory, over which
 * pushes are refused; what is made of them shares another, in which they wait for their turn.
 */
export async function pushRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const bodies = new ByteBudget(Math.max(parts.pushBytesMax, parts.bodyLimits.bodyBytesMax));
  const work = new ByteBudget(parts.pushBytesMax);
  const pool = new BufferPool(bodyPoolBytes);
  parts.metrics.gauge('spoor_push_body_bytes', 'Bytes of pushes that arrive or are worked on', () => bodies.used);

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Before the body is read: who may not push sends nothing.
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const { memory, length } = await readBody(request, parts.bodyLimits.bodyBytesMax, bodies, pool);
    const body = memory.subarray(0, length);
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
      bodies.give(length);
      pool.give(memory);
    }
  };

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post('/loki/api/v1/push', handler);
  });
}

interface Body {
  /** From the pool; the body is its first bytes. */
  readonly memory: Buffer;
  readonly length: number;
}

/** Reads a body whose bytes are counted against the budget as they come, not as they are announced. The caller gives back both them and the memory. */
function readBody(request: FastifyRequest, bytesMax: number, budget: ByteBudget, pool: BufferPool): Promise<Body> {
  const payload = request.body as Readable | undefined | null;
  if (payload === undefined || payload === null) return Promise.resolve({ memory: Buffer.alloc(0), length: 0 });
  const tooLarge = (): SpoorError => new SpoorError('body_too_large', { limit: bytesMax, name: 'server.body_bytes_max' });
  const announced = Number(header(request, 'content-length') ?? 0);
  if (announced > bytesMax) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    let memory = pool.take(Math.min(announced, bodyBytesFirst));
    let length = 0;
    let settled = false;
    const fail = (error: SpoorError): void => {
      if (settled) return;
      settled = true;
      budget.give(length);
      pool.give(memory);
      reject(error);
    };
    const brokeOff = (cause?: unknown): void => fail(new SpoorError('bad_request', { reason: `the body broke off: ${cause === undefined ? 'aborted' : reasonOf(cause)}` }, { cause }));
    payload.on('data', (chunk: Buffer) => {
      // What is left of a refused body is read and dropped, or the client would not see the answer for the reset.
      if (settled) return;
      if (length + chunk.length > bytesMax) return fail(tooLarge());
      if (!budget.tryTake(chunk.length)) return fail(new SpoorError('pushes_under_way', { bytes: budget.used, limit: budget.limit }));
      if (length + chunk.length > memory.length) {
        const larger = pool.take(Math.min(bytesMax, 2 * (length + chunk.length)));
        memory.copy(larger, 0, 0, length);
        pool.give(memory);
        memory = larger;
      }
      chunk.copy(memory, length);
      length += chunk.length;
    });
    payload.on('error', brokeOff);
    payload.on('close', brokeOff);
    payload.on('end', () => {
      if (settled) return;
      settled = true;
      resolve({ memory, length });
    });
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
