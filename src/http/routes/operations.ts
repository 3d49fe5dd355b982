import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../parts.ts';

/** What operators and probes ask for. */
export function operationRoutes(app: FastifyInstance, parts: HttpParts): void {
  app.get('/ready', async (_request, reply) => {
    const reason = await parts.ready();
    return reply.code(reason === null ? 200 : 503).type('text/plain; charset=utf-8').send(`${reason ?? 'ready'}\n`);
  });
  app.get('/metrics', async (_request, reply) => reply.type(parts.metrics.registry.contentType).send(await parts.metrics.registry.metrics()));
  app.get('/config', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(parts.configuration));
  app.get('/loki/api/v1/status/buildinfo', async () => ({
    version: parts.version.version,
    revision: parts.version.revision,
    branch: '',
    buildUser: '',
    buildDate: '',
    goVersion: '',
  }));
  app.post('/flush', async (_request, reply) => {
    await parts.flush();
    return reply.code(204).send();
  });
}
