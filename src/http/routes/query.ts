import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { encodeQueryResult, type QueryParams } from '../../logql/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import {
  defaultStepNs, directionParameter, durationParameter, limitParameter, parameter, rangeParameters, timeParameter, type Parameters,
} from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { header, requestParameters } from '../request.ts';
import { streamAnswer } from '../stream-answer.ts';
import { queryTenantOf } from '../tenant.ts';
import { acceptsNdjson, exportAnswer, ndjsonType } from './export.ts';

const defaultLimit = 100;

/** The part of QueryParams that tells the two endpoints apart. */
type Timing =
  | { readonly kind: 'instant'; readonly timeNs: bigint }
  | { readonly kind: 'range'; readonly startNs: bigint; readonly endNs: bigint; readonly stepNs: bigint; readonly intervalNs: bigint };

/** Logs Drilldown would rather have the first series than an error. */
const drilldownTag = /(?:^|,)\s*Source=grafana-lokiexplore-app/i;

/** GET and POST /loki/api/v1/query and query_range. */
export function queryRoutes(app: FastifyInstance, parts: HttpParts): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, timing: (parameters: Parameters) => Timing): Promise<FastifyReply> => {
    const tenant = queryTenantOf(header(request, 'x-scope-orgid'), parts);
    const limits = parts.limits.forTenant(tenant);
    const parameters = requestParameters(request);
    // JSON lines are written as they are found: any number of them.
    const isExport = acceptsNdjson(header(request, 'accept') ?? '');
    const query: QueryParams = {
      tenant,
      limits,
      query: parameter(parameters, 'query'),
      limit: isExport && parameter(parameters, 'limit') === '0' ? 0 : limitParameter(parameters, defaultLimit),
      direction: directionParameter(parameters),
      tags: header(request, 'x-query-tags') ?? '',
      partialSeries: drilldownTag.test(header(request, 'x-query-tags') ?? ''),
      ...timing(parameters),
    };
    if (isExport) {
      const plan = parts.engine.plan({ ...query, limits: { ...limits, max_entries_limit_per_query: 0 } });
      if (plan.kind !== 'log') throw new SpoorError('bad_request', { reason: `${ndjsonType} is for log queries; this is a metric query` });
      return exportAnswer(request, reply, parts, plan, limits);
    }
    const timeoutMs = Number(limits.query_timeout / 1_000_000n);
    const { signal, done } = await queryTurn(reply, parts, tenant, /^\s*\{/.test(parameter(parameters, 'query')) ? 'log' : 'query');
    // While the client takes the answer nothing is held but the answer.
    const result = await parts.engine.query(query, signal).finally(done);
    const encodingFlags = (header(request, 'x-loki-response-encoding-flags') ?? '').split(',').map((flag) => flag.trim()).filter((flag) => flag !== '');
    const options = { encodingFlags, categorizeLabels: encodingFlags.includes('categorize-labels') };
    return streamAnswer(request, reply, encodeQueryResult(result, options), { type: 'application/json; charset=UTF-8', stallMs: timeoutMs });
  };
  const instant = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    answer(request, reply, (parameters) => ({ kind: 'instant', timeNs: timeParameter(parameters, 'time', parts.clock.nowNs()) }));
  const range = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    answer(request, reply, (parameters) => {
      const { startNs, endNs } = rangeParameters(parameters, parts.clock.nowNs());
      if (endNs < startNs) throw new SpoorError('bad_time_range');
      const stepNs = durationParameter(parameters, 'step') ?? defaultStepNs(startNs, endNs);
      if (stepNs <= 0n) throw new SpoorError('bad_step');
      return { kind: 'range', startNs, endNs, stepNs, intervalNs: durationParameter(parameters, 'interval') ?? 0n };
    });
  for (const method of ['GET', 'POST'] as const) {
    app.route({ method, url: '/loki/api/v1/query', handler: instant });
    app.route({ method, url: '/loki/api/v1/query_range', handler: range });
  }
}
