import type { FastifyInstance } from 'fastify';
import { SpoorError } from '../../model/mod.ts';
import type { HttpParts } from '../parts.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/**
 * GET, POST, PUT and DELETE /loki/api/v1/delete, and the paths beside it that Loki has: 501 until there is retention. Loki without retention answers 404, which
 * logcli shows as if the server had no such path.
 */
export function deleteRoutes(app: FastifyInstance, parts: HttpParts): void {
  const urls = { '/loki/api/v1/delete': ['GET', 'POST', 'PUT', 'DELETE'], '/loki/api/v1/cache/generation_numbers': ['GET'], '/loki/api/v1/cache/generation_numbers/increase': ['POST'] };
  for (const [url, method] of Object.entries(urls)) {
    app.route({
      method,
      url,
      handler: async (request) => {
        tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
        throw new SpoorError('deletes_not_implemented');
      },
    });
  }
}
