import type { FastifyInstance } from 'fastify';
import { checkEnabled, parseSelector } from '../../logql/mod.ts';
import { labelsObject, SpoorError } from '../../model/mod.ts';
import { labelRoute, limitRange, optionalSelector, rangeQueryParameters, type LabelRequest, type TimeRange } from '../label-request.ts';
import { parameter, rangeParameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';

const selectorsMax = 1000;
/** Rows that a range query would answer; index/stats checks the parameter, and does not use it. */
const defaultLimit = 100;

/** GET and POST: labels, label/{name}/values, series, index/stats. */
export function labelRoutes(app: FastifyInstance, parts: HttpParts): void {
  // Loki leaves `data` out where there is nothing.
  const list = (data: readonly string[]): object => (data.length === 0 ? { status: 'success' } : { status: 'success', data });

  const names = async (request: LabelRequest): Promise<object> => {
    const range = requestRange(request);
    const matchers = optionalSelector(request.parameters);
    return list(range === undefined ? [] : await parts.labels.names({ tenant: request.tenant, matchers, ...range }, request.signal));
  };
  const values = async (request: LabelRequest): Promise<object> => {
    const range = requestRange(request);
    const matchers = optionalSelector(request.parameters);
    return list(range === undefined ? [] : await parts.labels.values(request.name, { tenant: request.tenant, matchers, ...range }, request.signal));
  };
  for (const url of ['/loki/api/v1/labels', '/loki/api/v1/label', '/api/prom/label']) labelRoute(app, parts, url, names);
  for (const url of ['/loki/api/v1/label/:name/values', '/api/prom/label/:name/values']) labelRoute(app, parts, url, values);
  const series = async (request: LabelRequest): Promise<object> => {
    const { startNs, endNs } = rangeParameters(request.parameters, request.nowNs);
    const selectors = selectorsOf(request);
    const range = limitRange(request, { startNs, endNs });
    // Only now, as in Loki: a range that is too long is told before a selector of everything.
    const groups = selectors.length === 0 ? [[]] : selectors.map((selector) => parseSelector(selector));
    checkEnabled(request.limits);
    const found = range === undefined ? [] : await parts.labels.series(groups.map((matchers) => ({ tenant: request.tenant, matchers, ...range })), request.signal);
    return { status: 'success', data: found.map(labelsObject) };
  };
  for (const url of ['/loki/api/v1/series', '/api/prom/series']) labelRoute(app, parts, url, series);
  labelRoute(app, parts, '/loki/api/v1/index/stats', async (request) => {
    const range = limitRange(request, rangeQueryParameters(request.parameters, request.nowNs, defaultLimit));
    const matchers = parseSelector(parameter(request.parameters, 'query'));
    if (range === undefined) return { streams: 0, chunks: 0, bytes: 0, entries: 0 };
    const { streams, chunks, rows, bytes } = await parts.labels.stats({ tenant: request.tenant, matchers, ...range }, request.signal);
    return { streams, chunks, bytes, entries: rows };
  });
}

function requestRange(request: LabelRequest): TimeRange | undefined {
  return limitRange(request, rangeParameters(request.parameters, request.nowNs));
}

/** `match` and `match[]`, sorted; none, which is everything, also for `{}` alone. Throws for one that is no selector, or has no matchers. */
function selectorsOf({ parameters }: LabelRequest): readonly string[] {
  const selectors = [...new Set([...(parameters.get('match') ?? []), ...(parameters.get('match[]') ?? [])])].sort();
  if (selectors.length > selectorsMax) throw new SpoorError('bad_request', { reason: `more than ${selectorsMax} selectors` });
  const [only] = selectors;
  if (only === undefined || (selectors.length === 1 && only.replaceAll(' ', '') === '{}')) return [];
  for (const selector of selectors) if (parseSelector(selector, true).length === 0) throw new SpoorError('bad_request', { reason: `0 matchers in group: ${selector}` });
  return selectors;
}
