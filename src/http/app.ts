import websocket from '@fastify/websocket';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { SpoorError } from '../model/mod.ts';
import { sendError } from './answer.ts';
import type { HttpParts } from './parts.ts';
import { detectedRoutes } from './routes/detected.ts';
import { contextRoutes } from './routes/context.ts';
import { elasticsearchRoutes } from './routes/elasticsearch/routes.ts';
import { sendErrorTo } from './routes/elasticsearch/reply.ts';
import { sendNotFound } from './routes/elasticsearch/setup.ts';
import { explainRoutes } from './routes/explain.ts';
import { deleteRoutes } from './routes/delete.ts';
import { drilldownRoutes } from './routes/drilldown.ts';
import { formatQueryRoutes } from './routes/format-query.ts';
import { labelRoutes } from './routes/labels.ts';
import { operationRoutes } from './routes/operations.ts';
import { otlpRoutes } from './routes/otlp.ts';
import { pageRoutes } from './routes/page.ts';
import { patternRoutes } from './routes/patterns.ts';
import { pushRoutes } from './routes/push.ts';
import { queryRoutes } from './routes/query.ts';
import { shardRoutes } from './routes/shards.ts';
import { tailRoutes } from './routes/tail.ts';
import { traceRoutes } from './routes/traces.ts';
import { volumeRoutes } from './routes/volume.ts';

/** Body of a request that is no push: Go's servers take no longer form either. */
const formBytesMax = 10 * 2 ** 20;
/** URLs and headers longer than this are refused by Node. */
const headerBytesMax = 128 * 1024;
/** Frames that a tailing client sends are read and dropped; larger ones close the connection. */
const frameBytesMax = 4096;

/** What is noted of a request whose client did not wait for the answer. */
const goneStatus = 499;

/** Builds the HTTP server: every route, one error handler, metrics. It does not listen yet. */
export async function buildApp(parts: HttpParts, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: formBytesMax,
    requestTimeout: parts.readTimeoutMs,
    routerOptions: { maxParamLength: 4096 },
    // Node takes the longer of the two for bodies, and headersTimeout is 60 s unless it is set.
    http: { maxHeaderSize: headerBytesMax, headersTimeout: parts.readTimeoutMs, requestTimeout: parts.readTimeoutMs, connectionsCheckingInterval: Math.max(100, Math.min(10_000, parts.readTimeoutMs / 2)) },
    forceCloseConnections: 'idle',
    // URLs that cannot be decoded.
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  });
  app.removeAllContentTypeParsers();
  // Bodies stay bytes: each route knows what it was sent.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(sendNotFound);
  app.addHook('onRequest', async (request, reply) => {
    // Not onResponse, which is left out where the client went away.
    reply.raw.once('close', () => {
      const statusCode = reply.raw.writableFinished ? reply.statusCode : goneStatus;
      parts.metrics.request(request.method, request.routeOptions.url ?? 'unknown', statusCode, reply.elapsedTime / 1000);
    });
  });
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set<string>();
    methodsOf.set(url, methods);
    for (const one of Array.isArray(method) ? method : [method]) methods.add(one);
  });
  await app.register(websocket, {
    options: { maxPayload: frameBytesMax },
    // Broken off (1006), not closed: Grafana and others then come back, as they should after a restart.
    preClose(done) {
      for (const client of this.websocketServer.clients) client.terminate();
      this.websocketServer.close(() => done());
    },
  });
  await pushRoutes(app, parts);
  await otlpRoutes(app, parts);
  await elasticsearchRoutes(app, parts);
  queryRoutes(app, parts);
  contextRoutes(app, parts);
  explainRoutes(app, parts);
  formatQueryRoutes(app);
  labelRoutes(app, parts);
  volumeRoutes(app, parts);
  shardRoutes(app, parts);
  drilldownRoutes(app, parts);
  deleteRoutes(app, parts);
  detectedRoutes(app, parts);
  patternRoutes(app, parts);
  traceRoutes(app, parts);
  await tailRoutes(app, parts);
  operationRoutes(app, parts);
  await pageRoutes(app, parts);
  for (const [url, methods] of methodsOf) refuseOtherMethods(app, url, [...methods]);
  return app;
}

/** A path that exists answers other methods with 405, not 404. */
function refuseOtherMethods(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const others = (['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const).filter((method) => !allowed.includes(method));
  app.route({
    method: others,
    url,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      reply.header('allow', allowed.join(', '));
      return sendErrorTo(new SpoorError('method_not_allowed'), request, reply);
    },
  });
}
