import type { FastifyInstance } from 'fastify';
import { parseQuery, prettyExpr } from '../../logql/mod.ts';
import { isSpoorError } from '../../model/mod.ts';
import { parameter } from '../parameters.ts';
import { requestParameters } from '../request.ts';

/** GET and POST /loki/api/v1/format_query: the query as Loki prints it. What cannot be parsed is answered as JSON, as there. */
export function formatQueryRoutes(app: FastifyInstance): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/loki/api/v1/format_query',
    handler: async (request, reply) => {
      try {
        return { status: 'success', data: prettyExpr(parseQuery(parameter(requestParameters(request), 'query'))) };
      } catch (error) {
        if (!isSpoorError(error) || error.status !== 400) throw error;
        return reply.code(400).send({ status: 'invalid-query', error: error.message });
      }
    },
  });
}
