import type { FastifyInstance } from 'fastify';
import { labelsObject, labelSet, SpoorError } from '../../model/mod.ts';
import { findTrace, serviceOf } from '../../querier/mod.ts';
import { limitParameter, timeParameter } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const idBytesMax = 256;
const entriesDefault = 5000;
const entriesMax = 50_000;

/** GET /spoor/api/v1/traces/{id}: every entry that carries the ID, across streams, in time order. */
export function traceRoutes(app: FastifyInstance, parts: HttpParts): void {
  app.get('/spoor/api/v1/traces/:id', async (request, reply) => {
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const { id } = request.params as { id: string };
    if (id === '' || Buffer.byteLength(id) > idBytesMax) throw new SpoorError('bad_request', { reason: `a trace ID has 1 to ${idBytesMax} bytes` });
    const parameters = requestParameters(request);
    const limit = limitParameter(parameters, entriesDefault);
    if (limit > entriesMax) throw new SpoorError('bad_request', { reason: `limit is ${limit}; a trace is answered with at most ${entriesMax} entries` });
    const startNs = timeParameter(parameters, 'start', 0n);
    const endNs = timeParameter(parameters, 'end', parts.clock.nowNs() + 3_600_000_000_000n);
    const { signal, done } = await queryTurn(reply, parts, tenant, 'query');
    try {
      const { entries, truncated } = await findTrace(parts.querier, { tenant, id, startNs, endNs, limit }, signal);
      let before = entries[0]?.timeNs ?? 0n;
      const services: string[] = [];
      const listed = entries.map(({ timeNs, line, labels }) => {
        const gapNs = timeNs - before;
        before = timeNs;
        const service = serviceOf(labels.stream);
        if (services.at(-1) !== service && !services.includes(service)) services.push(service);
        const metadata = labelsObject(labels.structuredMetadata);
        return {
          timestamp: String(timeNs),
          gapNs: String(gapNs),
          line: Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8'),
          labels: labelsObject(labelSet(labels.stream.map((label) => [label.name, label.value]))),
          structuredMetadata: metadata,
          service,
        };
      });
      const first = entries[0]?.timeNs;
      const last = entries.at(-1)?.timeNs;
      return {
        status: 'success',
        data: { traceId: id, entries: listed, services, startNs: first === undefined ? null : String(first), endNs: last === undefined ? null : String(last), truncated },
      };
    } finally {
      done();
    }
  });
}
