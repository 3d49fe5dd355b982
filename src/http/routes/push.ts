import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodedBytesExpected, decodeLokiPush } from '../../protocols/mod.ts';
import type { HttpParts } from '../parts.ts';
import { ingestScope } from '../push-intake.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/** POST /loki/api/v1/push, and /api/prom/push of Loki's first API: 204 without a body once everything that is good is durable and can be queried. */
export async function pushRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Before the body is read: who may not push sends nothing.
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const contentType = header(request, 'content-type');
    const contentEncoding = header(request, 'content-encoding');
    const expanded = (body: Buffer): number => decodedBytesExpected(body, contentType ?? '', contentEncoding ?? '', parts.bodyLimits);
    return parts.intake.receive('loki', request, expanded, async ({ body, decoded }) => {
      const raw = await decodeLokiPush({ body, contentType, contentEncoding, backfillShard: header(request, 'x-loki-backfill-shard'), limits: parts.bodyLimits });
      decoded(raw.bytes.length);
      const { status, refusal, retryAfterSeconds } = await parts.distributor.push(tenant, raw, { protocol: 'loki', policy: header(request, 'x-loki-ingestion-policy') ?? '' });
      if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds));
      if (refusal === null) return reply.code(status).send();
      return reply.code(status).header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(`${refusal.message}\n`);
    });
  };

  await ingestScope(app, parts, 'loki', (scope) => {
    scope.post('/loki/api/v1/push', handler);
    scope.post('/api/prom/push', handler);
  });
}
