import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseSelector } from '../../logql/mod.ts';
import { labelsObject, SpoorError, type Matcher } from '../../model/mod.ts';
import type { LabelQuery } from '../../querier/mod.ts';
import { requestSignal } from '../answer.ts';
import { parameter, rangeParameters, type Parameters } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const selectorsMax = 1000;

/** GET and POST: labels, label/{name}/values, series, index/stats. */
export function labelRoutes(app: FastifyInstance, parts: HttpParts): void {
  const route = (url: string, work: (context: Context) => Promise<unknown>): void => {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
      const parameters = requestParameters(request);
      const range = rangeParameters(parameters, parts.clock.nowNs());
      const { signal, done } = requestSignal(reply, Number(parts.limits.forTenant(tenant).query_timeout / 1_000_000n));
      try {
        const name = (request.params as { name?: string }).name ?? '';
        return await work({ tenant, name, parameters, startNs: range.startNs, endNs: range.endNs, signal });
      } finally {
        done();
      }
    };
    app.route({ method: ['GET', 'POST'], url, handler });
  };
  const query = (context: Context, matchers: readonly Matcher[]): LabelQuery => ({ ...context, matchers });
  // Loki leaves `data` out where there is nothing.
  const list = (data: readonly string[]): object => (data.length === 0 ? { status: 'success' } : { status: 'success', data });

  const names = async (context: Context): Promise<object> => {
    checkRange(context);
    return list(await parts.labels.names(query(context, optionalSelector(context.parameters)), context.signal));
  };
  route('/loki/api/v1/labels', names);
  route('/loki/api/v1/label', names);
  route('/api/prom/label', names);
  route('/loki/api/v1/label/:name/values', async (context) => {
    checkRange(context);
    return list(await parts.labels.values(context.name, query(context, optionalSelector(context.parameters)), context.signal));
  });
  route('/loki/api/v1/series', async (context) => {
    const selectors = [...(context.parameters.get('match') ?? []), ...(context.parameters.get('match[]') ?? [])];
    if (selectors.length > selectorsMax) throw new SpoorError('bad_request', { reason: `more than ${selectorsMax} selectors` });
    const queries = selectors.length === 0 ? [[]] : selectors.map((selector) => (selector.replaceAll(/\s/g, '') === '{}' ? [] : parseSelector(selector)));
    const series = await parts.labels.series(queries.map((matchers) => query(context, matchers)), context.signal);
    return { status: 'success', data: series.map(labelsObject) };
  });
  route('/loki/api/v1/index/stats', async (context) => {
    const { streams, chunks, rows, bytes } = await parts.labels.stats(query(context, parseSelector(parameter(context.parameters, 'query'))), context.signal);
    return { streams, chunks, bytes, entries: rows };
  });
}

interface Context {
  readonly tenant: string;
  readonly name: string;
  readonly parameters: Parameters;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly signal: AbortSignal;
}

function optionalSelector(parameters: Parameters): readonly Matcher[] {
  const selector = parameter(parameters, 'query');
  return selector === '' ? [] : parseSelector(selector);
}

function checkRange({ startNs, endNs }: Context): void {
  if (endNs < startNs) throw new SpoorError('bad_request', { reason: 'this data is no longer available, it is past now - max_query_lookback (0s)' });
}
