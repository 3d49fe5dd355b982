import type { FastifyInstance } from 'fastify';
import { parseSelector } from '../../logql/mod.ts';
import { labelsObject, SpoorError, type Matcher } from '../../model/mod.ts';
import { bucketsOf, type Volume, type VolumeQuery } from '../../querier/mod.ts';
import { checkLength, labelRoute, limitRange, rangeQueryParameters, type LabelRequest, type TimeRange } from '../label-request.ts';
import { directionParameter, limitParameter, parameter, rangeParameters, timeParameter, type Parameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';

const defaultLimit = 100;

/** GET and POST /loki/api/v1/index/volume and /loki/api/v1/index/volume_range: bytes of streams, from the index and the heads alone. */
export function volumeRoutes(app: FastifyInstance, parts: HttpParts): void {
  labelRoute(app, parts, '/loki/api/v1/index/volume', async (request) => {
    const parameters = withoutZeroLimit(request.parameters);
    const limit = limitParameter(parameters, defaultLimit);
    timeParameter(parameters, 'time', request.nowNs);
    directionParameter(parameters);
    const aggregateBy = aggregation(parameters);
    const { startNs, endNs } = rangeParameters(parameters, request.nowNs);
    if (endNs < startNs) throw new SpoorError('bad_time_range');
    return answer(parts, request, { startNs, endNs, stepNs: 0n, limit, aggregateBy });
  });
  labelRoute(app, parts, '/loki/api/v1/index/volume_range', async (request) => {
    const { startNs, endNs, stepNs, limit } = rangeQueryParameters(withoutZeroLimit(request.parameters), request.nowNs, defaultLimit);
    return answer(parts, request, { startNs, endNs, stepNs, limit, aggregateBy: aggregation(request.parameters) });
  });
}

async function answer(parts: HttpParts, request: LabelRequest, asked: TimeRange & Pick<VolumeQuery, 'stepNs' | 'limit' | 'aggregateBy'>): Promise<object> {
  const { tenant, limits, parameters, signal } = request;
  if (!limits.volume_enabled) throw new SpoorError('volume_disabled');
  checkBuckets(request, asked);
  const range = limitRange({ ...request, limits: { ...limits, max_query_length: 0n } }, asked);
  const matchers = volumeSelector(parameter(parameters, 'query'));
  if (range === undefined) return volumeAnswer([]);
  const targetLabels = parameter(parameters, 'targetLabels');
  const query = { ...asked, ...range, tenant, matchers, targetLabels: targetLabels === '' ? [] : targetLabels.split(','), seriesMax: limits.volume_max_series };
  return volumeAnswer(await parts.labels.volumes(query, signal));
}

/** Loki asks for each bucket by itself, in whole seconds, and max_query_length is for these questions. */
function checkBuckets({ limits }: LabelRequest, { startNs, endNs, stepNs }: TimeRange & { readonly stepNs: bigint }): void {
  for (const { from, time } of bucketsOf(startNs, endNs, stepNs)) checkLength(limits, BigInt(Math.floor(time / 1000) - Math.floor(from / 1000)) * 1_000_000_000n);
}

/** Unlike elsewhere `{}` is everything here, if it is written just so. */
function volumeSelector(query: string): readonly Matcher[] {
  return query === '{}' ? [] : parseSelector(query);
}

/** Here a limit of 0 is the default. One that is no number, or below 0, is refused before everything else. */
function withoutZeroLimit(parameters: Parameters): Parameters {
  const text = parameter(parameters, 'limit');
  if (!/^[+-]?0+$/.test(text)) {
    if (!/^\+?\d{1,18}$/.test(text)) limitParameter(parameters, defaultLimit);
    return parameters;
  }
  return new Map([...parameters].filter(([name]) => name !== 'limit'));
}

function aggregation(parameters: Parameters): 'series' | 'labels' {
  const text = parameter(parameters, 'aggregateBy');
  if (text === '' || text === 'series') return 'series';
  if (text === 'labels') return 'labels';
  throw new SpoorError('bad_request', { reason: 'invalid aggregation option' });
}

/** A matrix where any volume has several points, else a vector. */
function volumeAnswer(volumes: readonly Volume[]): object {
  const isMatrix = volumes.some(({ points }) => points.length > 1);
  const result = volumes.map(({ labels, points }) => {
    const values = points.map(({ timeMs, bytes }) => [timeMs / 1000, String(bytes)] as const);
    return { metric: labelsObject(labels), ...(isMatrix ? { values } : { value: values[0] }) };
  });
  const summary = { totalBytesProcessed: 0, totalLinesProcessed: 0, totalEntriesReturned: volumes.length };
  return { status: 'success', data: { resultType: isMatrix ? 'matrix' : 'vector', result, stats: { summary } } };
}
