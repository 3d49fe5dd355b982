import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { encodeQueryResult, type QueryParams } from '../../logql/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import { requestSignal } from '../answer.ts';
import {
  defaultStepNs, directionParameter, durationParameter, limitParameter, parameter, rangeParameters, timeParameter, type Parameters,
} from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

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
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const limits = parts.limits.forTenant(tenant);
    const parameters = requestParameters(request);
    const query: QueryParams = {
      tenant,
      limits,
      query: parameter(parameters, 'query'),
      limit: limitParameter(parameters, defaultLimit),
      direction: directionParameter(parameters),
      partialSeries: drilldownTag.test(header(request, 'x-query-tags') ?? ''),
      ...timing(parameters),
    };
    const { signal, done } = requestSignal(reply, Number(limits.query_timeout / 1_000_000n));
    try {
      const result = await parts.engine.query(query, signal);
      const encodingFlags = (header(request, 'x-loki-response-encoding-flags') ?? '').split(',').map((flag) => flag.trim()).filter((flag) => flag !== '');
      const options = { encodingFlags, categorizeLabels: encodingFlags.includes('categorize-labels') };
      return await reply.type('application/json; charset=UTF-8').send(Readable.from(encodeQueryResult(result, options), { objectMode: false }));
    } finally {
      done();
    }
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
