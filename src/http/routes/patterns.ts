import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { encodePatterns, type PatternsParams } from '../../logql/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import { defaultStepNs, durationParameter, parameter, rangeParameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { header, requestParameters } from '../request.ts';
import { streamAnswer } from '../stream-answer.ts';
import { queryTenantOf } from '../tenant.ts';

/** Points that a range may have, as in Loki. */
const pointsMax = 11_000n;

/** GET and POST /loki/api/v1/patterns: what lines have in common, found when it is asked for, in any stored range. */
export function patternRoutes(app: FastifyInstance, parts: HttpParts): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const tenant = queryTenantOf(header(request, 'x-scope-orgid'), parts);
    const limits = parts.limits.forTenant(tenant);
    const parameters = requestParameters(request);
    const nowNs = parts.clock.nowNs();
    const { startNs, endNs } = rangeParameters(parameters, nowNs);
    const stepNs = durationParameter(parameters, 'step') ?? defaultStepNs(startNs, endNs);
    if (stepNs <= 0n) throw new SpoorError('bad_step');
    if ((endNs - startNs) / stepNs > pointsMax) throw new SpoorError('max_resolution');
    const oldestNs = nowNs - limits.max_query_lookback;
    const fromNs = limits.max_query_lookback > 0n && startNs < oldestNs ? oldestNs : startNs;
    const turn = await queryTurn(reply, parts, tenant, 'query');
    try {
      const query = parameter(parameters, 'query');
      const bytesOf: PatternsParams['bytesOf'] = async (matchers) => (await parts.labels.stats({ tenant, matchers, startNs: fromNs, endNs }, turn.signal)).bytes;
      const result = await parts.engine.patterns({ tenant, query, startNs: fromNs, endNs, stepNs, limits, bytesOf }, turn.signal);
      return await streamAnswer(request, reply, encodePatterns(result), { type: 'application/json; charset=UTF-8', stallMs: Number(limits.query_timeout / 1_000_000n) });
    } finally {
      turn.done();
    }
  };
  app.route({ method: ['GET', 'POST'], url: '/loki/api/v1/patterns', handler });
}
