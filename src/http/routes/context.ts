import type { FastifyInstance } from 'fastify';
import { encodeEntry, parseEntryId, parseQuery } from '../../logql/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import { findContext, type ContextEntry } from '../../querier/mod.ts';
import { parameter, timeParameter, type Parameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const defaultEntries = 10;

/** GET and POST /spoor/api/v1/context: the entries before and after one, in its stream. */
export function contextRoutes(app: FastifyInstance, parts: HttpParts): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/spoor/api/v1/context',
    handler: async (request, reply) => {
      const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
      const limits = parts.limits.forTenant(tenant);
      const parameters = requestParameters(request);
      const query = parseQuery(parameter(parameters, 'query'), true);
      if (query.kind !== 'log_query') throw new SpoorError('bad_request', { reason: 'context needs a log query, not a metric query' });
      if (parameter(parameters, 'ts') === '') throw new SpoorError('bad_request', { reason: "the parameter 'ts', the entry's time, is missing" });
      const id = parameter(parameters, 'id');
      const max = limits.max_entries_limit_per_query;
      const { signal, done } = await queryTurn(reply, parts, tenant, 'log');
      try {
        const { entry, before, after } = await findContext(
          parts.querier,
          {
            tenant,
            matchers: query.matchers,
            timeNs: timeParameter(parameters, 'ts', 0n),
            ...(id === '' ? {} : { id: parseEntryId(id) }),
            ...(parameters.has('line') ? { line: parameter(parameters, 'line') } : {}),
            before: countParameter(parameters, 'before', max),
            after: countParameter(parameters, 'after', max),
          },
          signal,
        );
        const body = `{"status":"success","data":{"entry":${encoded(entry)},"before":[${before.map(encoded).join(',')}],"after":[${after.map(encoded).join(',')}]}}`;
        return await reply.type('application/json; charset=UTF-8').send(body);
      } finally {
        done();
      }
    },
  });
}

function encoded({ row, labels }: ContextEntry): string {
  return encodeEntry(row, labels);
}

function countParameter(parameters: Parameters, name: string, max: number): number {
  const text = parameter(parameters, name);
  if (text === '') return defaultEntries;
  if (!/^\d{1,9}$/.test(text)) throw new SpoorError('bad_request', { reason: `'${name}' is ${JSON.stringify(text.slice(0, 100))}; it must be a whole number` });
  if (max > 0 && Number(text) > max) throw new SpoorError('max_entries_limit', { limit: Number(text), max });
  return Number(text);
}
