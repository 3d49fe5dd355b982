import websocket from '@fastify/websocket';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { SpoorError } from '../model/mod.ts';
import { sendError } from './answer.ts';
import type { HttpParts } from './parts.ts';
import { labelRoutes } from './routes/labels.ts';
import { operationRoutes } from './routes/operations.ts';
import { pageRoutes } from './routes/page.ts';
import { pushRoutes } from './routes/push.ts';
import { queryRoutes } from './routes/query.ts';
import { tailRoutes } from './routes/tail.ts';
import { traceRoutes } from './routes/traces.ts';

/** URLs and headers longer than this are refused by Node. */
const headerBytesMax = 128 * 1024;
/** Frames that a tailing client sends are read and dropped; larger ones close the connection. */
const frameBytesMax = 4096;

/** Builds the HTTP server: every route, one error handler, metrics. It does not listen yet. */
export async function buildApp(parts: HttpParts, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: parts.bodyLimits.bodyBytesMax,
    routerOptions: { maxParamLength: 4096 },
    http: { maxHeaderSize: headerBytesMax },
    forceCloseConnections: 'idle',
  });
  app.removeAllContentTypeParsers();
  // Bodies stay bytes: each route knows what it was sent.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) => sendError(new SpoorError('not_found'), request, reply));
  app.addHook('onResponse', async (request, reply) => {
    parts.metrics.request(request.method, request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime / 1000);
  });
  await app.register(websocket, { options: { maxPayload: frameBytesMax } });
  pushRoutes(app, parts);
  queryRoutes(app, parts);
  labelRoutes(app, parts);
  traceRoutes(app, parts);
  await tailRoutes(app, parts);
  operationRoutes(app, parts);
  await pageRoutes(app, parts);
  return app;
}
