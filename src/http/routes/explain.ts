import type { FastifyInstance } from 'fastify';
import { explainPlan, explainTask, formatExpr, noReads, parseQuery, spoorOf, type QueryParams } from '../../logql/mod.ts';
import { isJoined, SpoorError } from '../../model/mod.ts';
import { defaultStepNs, directionParameter, durationParameter, limitParameter, parameter, rangeParameters, timeParameter, type Parameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const defaultLimit = 100;

/**
 * GET and POST /spoor/api/v1/explain: the plan of a query and what it would read, without reading it; with analyze=true also what it read and how long that took.
 * Parameters are those of query_range, or with `time` those of query.
 */
export function explainRoutes(app: FastifyInstance, parts: HttpParts): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/spoor/api/v1/explain',
    handler: async (request, reply) => {
      const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
      if (isJoined(tenant)) throw new SpoorError('bad_request', { reason: 'explain is of one tenant' });
      const parameters = requestParameters(request);
      const limits = parts.limits.forTenant(tenant);
      const params: QueryParams = {
        tenant,
        limits,
        query: parameter(parameters, 'query'),
        limit: limitParameter(parameters, defaultLimit),
        direction: directionParameter(parameters),
        ...timing(parameters, parts.clock.nowNs()),
      };
      const analyze = flagParameter(parameters, 'analyze');
      const { signal, done } = await queryTurn(reply, parts, tenant, 'query');
      try {
        const { plan, tasks } = explainPlan(parts.engine.plan(params));
        const reads = [];
        for (const task of tasks) reads.push({ ...explainTask(task), ...(await parts.querier.explain(task, signal)) });
        const printed = formatExpr(parseQuery(parameter(parameters, 'query'), true));
        return { status: 'success', data: { query: printed, plan, reads, ...(analyze ? { analyzed: await analyzed(parts, params, signal) } : {}) } };
      } finally {
        done();
      }
    },
  });
}

/** Runs the query and tells what it cost; its answer is thrown away. */
async function analyzed(parts: HttpParts, params: QueryParams, signal: AbortSignal): Promise<object> {
  const { stats, warnings, resultType } = await parts.engine.query(params, signal);
  const { rows, bytes, rowsMatched, returned, elapsedMs, read = noReads } = stats;
  return { resultType, elapsedMs, rows, bytes, rowsMatched, returned, ...spoorOf(read), warnings };
}

function timing(parameters: Parameters, nowNs: bigint): { kind: 'instant'; timeNs: bigint } | { kind: 'range'; startNs: bigint; endNs: bigint; stepNs: bigint; intervalNs: bigint } {
  if (parameters.has('time')) return { kind: 'instant', timeNs: timeParameter(parameters, 'time', nowNs) };
  const { startNs, endNs } = rangeParameters(parameters, nowNs);
  if (endNs < startNs) throw new SpoorError('bad_time_range');
  const stepNs = durationParameter(parameters, 'step') ?? defaultStepNs(startNs, endNs);
  if (stepNs <= 0n) throw new SpoorError('bad_step');
  return { kind: 'range', startNs, endNs, stepNs, intervalNs: durationParameter(parameters, 'interval') ?? 0n };
}

function flagParameter(parameters: Parameters, name: string): boolean {
  const text = parameter(parameters, name);
  if (text === '' || text === 'false') return false;
  if (text === 'true' || text === '1') return true;
  throw new SpoorError('bad_request', { reason: `'${name}' is ${JSON.stringify(text.slice(0, 100))}; it must be true or false` });
}
