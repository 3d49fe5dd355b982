import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkEnabled } from '../../logql/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import { detectLabels, type FieldQuery } from '../../querier/mod.ts';
import { labelRoute, limitRange, optionalSelector, type TimeRange } from '../label-request.ts';
import { defaultStepNs, durationParameter, limitParameter, parameter, rangeParameters, type Parameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { header, requestParameters } from '../request.ts';
import { queryTenantOf } from '../tenant.ts';

const fieldLimitDefault = 1000;
const lineLimitDefault = 100;
/** Points that a range may have, although nothing here has steps. */
const pointsMax = 11_000n;

/** GET and POST: detected_labels, detected_fields, detected_field/{name}/values. */
export function detectedRoutes(app: FastifyInstance, parts: HttpParts): void {
  labelRoute(app, parts, '/loki/api/v1/detected_labels', async (request) => {
    const range = limitRange(request, rangeOf(request.parameters, request.nowNs));
    const matchers = optionalSelector(request.parameters);
    checkEnabled(request.limits);
    const detectedLabels = range === undefined ? [] : await detectLabels(parts.labels, { tenant: request.tenant, matchers, ...range }, request.signal);
    return detectedLabels.length === 0 ? {} : { detectedLabels };
  });

  fieldRoute(app, parts, '/loki/api/v1/detected_fields', async ({ query, limit }, signal) => {
    const found = await parts.fields.detect({ kind: 'fields', limit }, query, signal);
    return found.kind !== 'fields' || found.fields.length === 0 ? {} : { fields: found.fields, limit };
  });
  fieldRoute(app, parts, '/loki/api/v1/detected_field/:name/values', async ({ query, limit, name }, signal) => {
    if (name === '') throw new SpoorError('not_found');
    const found = await parts.fields.detect({ kind: 'values', name, limit }, query, signal);
    return found.kind !== 'values' || found.values.length === 0 ? {} : { limit, values: found.values };
  });
}

interface FieldRequest {
  readonly query: FieldQuery;
  /** Fields or values that are wanted. */
  readonly limit: number;
  /** `{name}` of the path. */
  readonly name: string;
}

function fieldRoute(app: FastifyInstance, parts: HttpParts, url: string, work: (request: FieldRequest, signal: AbortSignal) => Promise<object>): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const tenant = queryTenantOf(header(request, 'x-scope-orgid'), parts);
    const { name = '' } = request.params as { name?: string };
    const asked = fieldParameters(requestParameters(request), parts.clock.nowNs());
    const turn = await queryTurn(reply, parts, tenant, 'query');
    try {
      const { limit, ...rest } = asked;
      const answer = await work({ query: { tenant, limits: turn.limits, ...rest }, limit, name }, turn.signal);
      return await reply.type('application/json; charset=UTF-8').send(JSON.stringify(answer));
    } finally {
      turn.done();
    }
  };
  app.route({ method: ['GET', 'POST'], url, handler });
}

/** Reads and checks the parameters in Loki's order; `step` is only checked. */
function fieldParameters(parameters: Parameters, nowNs: bigint): Pick<FieldQuery, 'query' | 'startNs' | 'endNs' | 'lineLimit'> & { readonly limit: number } {
  const { startNs, endNs } = rangeOf(parameters, nowNs);
  const lineLimit = limitParameter(parameters, lineLimitDefault, 'line_limit');
  // By its older name, too, it is called limit in errors.
  const limitOf = parameter(parameters, 'limit') === '' ? new Map([['limit', parameters.get('field_limit') ?? []]]) : parameters;
  const limit = limitParameter(limitOf, fieldLimitDefault);
  const stepNs = durationParameter(parameters, 'step') ?? defaultStepNs(startNs, endNs);
  if (stepNs < 1_000_000n) throw new SpoorError('bad_step');
  if ((endNs - startNs) / stepNs > pointsMax) throw new SpoorError('max_resolution');
  return { query: parameter(parameters, 'query'), startNs, endNs, lineLimit, limit };
}

function rangeOf(parameters: Parameters, nowNs: bigint): TimeRange {
  const range = rangeParameters(parameters, nowNs);
  if (range.endNs < range.startNs) throw new SpoorError('bad_time_range');
  return range;
}
