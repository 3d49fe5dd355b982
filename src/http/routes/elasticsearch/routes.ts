import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../../parts.ts';
import { ingestScope } from '../../push-intake.ts';
import { isElastic } from './client.ts';
import { elasticIngestRoutes } from './ingest.ts';
import { sendElasticError, unsupported } from './reply.ts';
import { elasticSetupRoutes, sendRoot } from './setup.ts';

/** Where the routes are: at the root, for clients that take nothing but a host and a port, and below a path of their own. GET / itself is the page's (page.ts). */
const prefixes = ['', '/elasticsearch'] as const;

/**
 * Elasticsearch's API as far as shippers need it: `_bulk` and single documents, and what their clients ask at the start (docs/operate/elasticsearch.md). Every answer has
 * `X-Elastic-Product: Elasticsearch`, without which clients from 7.14 on go no further.
 */
export async function elasticsearchRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    if (isElastic(request)) reply.header('x-elastic-product', 'Elasticsearch');
  });
  await ingestScope(app, parts, 'elasticsearch', (scope) => {
    scope.setErrorHandler(sendElasticError);
    for (const prefix of prefixes) elasticIngestRoutes({ scope, parts, prefix });
  });
  await app.register(async (scope) => {
    scope.setErrorHandler(sendElasticError);
    for (const prefix of prefixes) elasticSetupRoutes(scope, parts, prefix);
    for (const url of ['/elasticsearch', '/elasticsearch/']) scope.get(url, async (request, reply) => sendRoot(request, reply, parts));
    scope.route({
      method: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      url: '/elasticsearch/*',
      exposeHeadRoute: false,
      handler: async (request) => {
        throw unsupported(request);
      },
    });
  });
}
