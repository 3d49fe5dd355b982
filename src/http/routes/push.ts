import type { FastifyInstance } from 'fastify';
import { decodeLokiPush } from '../../protocols/mod.ts';
import type { HttpParts } from '../parts.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/** POST /loki/api/v1/push: 204 without a body once everything that is good is durable and can be queried. */
export function pushRoutes(app: FastifyInstance, parts: HttpParts): void {
  app.post('/loki/api/v1/push', { bodyLimit: parts.bodyLimits.bodyBytesMax }, async (request, reply) => {
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const raw = await decodeLokiPush({
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      contentType: header(request, 'content-type'),
      contentEncoding: header(request, 'content-encoding'),
      backfillShard: header(request, 'x-loki-backfill-shard'),
      limits: parts.bodyLimits,
    });
    const { status, refusal, retryAfterSeconds } = await parts.distributor.push(tenant, raw);
    if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds));
    if (refusal === null) return reply.code(status).send();
    return reply.code(status).header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(`${refusal.message}\n`);
  });
}
