import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseSelector } from '../logql/mod.ts';
import { formatGoDuration, formatPrometheusDuration, SpoorError, type Limits, type Matcher } from '../model/mod.ts';
import { defaultStepNs, directionParameter, durationParameter, limitParameter, parameter, rangeParameters, type Parameters } from './parameters.ts';
import type { HttpParts } from './parts.ts';
import { queryTurn } from './query-turn.ts';
import { header, requestParameters } from './request.ts';
import { queryTenantOf } from './tenant.ts';

/** A request for labels, series or statistics. */
export interface LabelRequest {
  /** One or several (joinTenants). */
  readonly tenant: string;
  readonly limits: Limits;
  /** `{name}` of the path. */
  readonly name: string;
  readonly parameters: Parameters;
  readonly nowNs: bigint;
  readonly signal: AbortSignal;
}

/** A stretch of time; the end is not included. */
export interface TimeRange {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Answers GET and POST of `url` with the JSON of what `work` gives. */
export function labelRoute(app: FastifyInstance, parts: HttpParts, url: string, work: (request: LabelRequest) => Promise<object | string>): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const tenant = queryTenantOf(header(request, 'x-scope-orgid'), parts);
    const limits = parts.limits.forTenant(tenant);
    const parameters = requestParameters(request);
    const name = (request.params as { name?: string }).name ?? '';
    const turn = await queryTurn(reply, parts, tenant, 'lookup');
    try {
      const answer = await work({ tenant, limits, name, parameters, nowNs: parts.clock.nowNs(), signal: turn.signal });
      return await reply.type('application/json; charset=UTF-8').send(typeof answer === 'string' ? answer : JSON.stringify(answer));
    } finally {
      turn.done();
    }
  };
  app.route({ method: ['GET', 'POST'], url, handler });
}

const pointsMax = 11_000n;

/**
 * The parameters of a range query, as Loki takes them for statistics too: they are checked, although statistics need only the range, and volumes limit and step. Throws
 * `bad_request`, `bad_time_range`, `bad_step` and `max_resolution`.
 */
export function rangeQueryParameters(parameters: Parameters, nowNs: bigint, defaultLimit: number): TimeRange & { readonly limit: number; readonly stepNs: bigint } {
  const { startNs, endNs } = rangeParameters(parameters, nowNs);
  if (endNs < startNs) throw new SpoorError('bad_time_range');
  const limit = limitParameter(parameters, defaultLimit);
  directionParameter(parameters);
  const stepNs = durationParameter(parameters, 'step') ?? defaultStepNs(startNs, endNs);
  if (stepNs <= 0n) throw new SpoorError('bad_step');
  if ((endNs - startNs) / stepNs > pointsMax) throw new SpoorError('max_resolution');
  if ((durationParameter(parameters, 'interval') ?? 0n) < 0n) throw new SpoorError('bad_request', { reason: 'interval must be >= 0' });
  return { startNs, endNs, limit, stepNs };
}

/**
 * What the tenant's limits leave of a range: max_query_lookback cuts off its beginning, and all of it (undefined) where it lies wholly before. Throws `max_query_length`, and `bad_request` for a range that ends
 * before it begins.
 */
export function limitRange({ limits, nowNs }: LabelRequest, { startNs, endNs }: TimeRange): TimeRange | undefined {
  const lookback = limits.max_query_lookback;
  const oldest = nowNs - lookback;
  if (lookback > 0n && endNs < oldest) return undefined;
  const from = lookback > 0n && startNs < oldest ? oldest : startNs;
  checkLength(limits, endNs - from);
  if (endNs < from) throw new SpoorError('bad_request', { reason: `this data is no longer available, it is past now - max_query_lookback (${formatPrometheusDuration(lookback)})` });
  return { startNs: from, endNs };
}

/** Throws `max_query_length` where a range is longer than that; below a millisecond does not count. */
export function checkLength(limits: Limits, lengthNs: bigint): void {
  const max = limits.max_query_length;
  const length = lengthNs - (lengthNs % 1_000_000n);
  if (max > 0n && length > max) throw new SpoorError('max_query_length', { length: formatGoDuration(length), limit: formatPrometheusDuration(max) });
}

/** The selector of `query`; none where there is no such parameter. Throws `parse_error` and `matchers_only`. */
export function optionalSelector(parameters: Parameters): readonly Matcher[] {
  const selector = parameter(parameters, 'query');
  return selector === '' ? [] : parseSelector(selector);
}
