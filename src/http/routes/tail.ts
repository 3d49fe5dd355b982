import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { encodeTailFrame, parseQuery, type ScanTask } from '../../logql/mod.ts';
import { isSpoorError, reasonOf, SpoorError } from '../../model/mod.ts';
import { tailRows } from '../../querier/mod.ts';
import { limitParameter, parameter, timeParameter } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const pingMs = 1000;
const delaySecondsMax = 5;
const defaultLimit = 100;
const defaultLookbackNs = 3_600_000_000_000n;
const durationMaxMs = 3_600_000;
/** A client that reads slower than this piles up is cut off; it can come back and ask for what it missed. */
const unsentBytesMax = 16 * 2 ** 20;

/** WebSocket /loki/api/v1/tail. */
export async function tailRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const running = new Map<string, number>();
  app.get('/loki/api/v1/tail', { websocket: true, preValidation: async (request) => void readTail(request, parts) }, (socket, request) => {
    const tail = readTail(request, parts);
    const { tenant } = tail.task;
    const count = (running.get(tenant) ?? 0) + 1;
    const limit = parts.limits.forTenant(tenant).max_concurrent_tail_requests;
    if (limit > 0 && count > limit) {
      socket.close(1011, new SpoorError('tail_limit', { count, limit }).message.slice(0, 120));
      return;
    }
    running.set(tenant, count);
    void serveTail(socket, tail, parts).finally(() => running.set(tenant, (running.get(tenant) ?? 1) - 1));
  });
}

interface Tail {
  readonly task: ScanTask;
  readonly delayMs: number;
  readonly categorizeLabels: boolean;
}

function readTail(request: FastifyRequest, parts: HttpParts): Tail {
  const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
  const parameters = requestParameters(request);
  const query = parseQuery(parameter(parameters, 'query'));
  if (query.kind !== 'log_query') throw new SpoorError('bad_request', { reason: 'tail needs a log query, not a metric query' });
  const delayText = parameter(parameters, 'delay_for');
  const delaySeconds = delayText === '' ? 0 : Number(delayText);
  if (!Number.isFinite(delaySeconds) || delaySeconds < 0 || delaySeconds > delaySecondsMax) {
    throw new SpoorError('bad_request', { reason: `delay_for can't be greater than ${delaySecondsMax}` });
  }
  const nowNs = parts.clock.nowNs();
  return {
    task: {
      tenant,
      matchers: query.matchers,
      stages: query.stages,
      startNs: timeParameter(parameters, 'start', nowNs - defaultLookbackNs),
      endNs: nowNs + defaultLookbackNs,
      output: { kind: 'log', direction: 'backward', limit: limitParameter(parameters, defaultLimit) },
    },
    delayMs: delaySeconds * 1000,
    categorizeLabels: (header(request, 'x-loki-response-encoding-flags') ?? '').includes('categorize-labels'),
  };
}

async function serveTail(socket: WebSocket, tail: Tail, parts: HttpParts): Promise<void> {
  const stop = new AbortController();
  socket.on('close', () => stop.abort());
  socket.on('error', () => stop.abort());
  const ping = setInterval(() => socket.ping(), pingMs);
  const end = setTimeout(() => stop.abort(new SpoorError('bad_request', { reason: 'reached tail max duration limit' })), durationMaxMs);
  try {
    for await (const batch of tailRows(parts.querier, tail.task, stop.signal)) {
      if (tail.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, tail.delayMs));
      if (stop.signal.aborted) break;
      socket.send(encodeTailFrame(batch, { categorizeLabels: tail.categorizeLabels }));
      if (socket.bufferedAmount > unsentBytesMax) throw new SpoorError('bad_request', { reason: 'the client reads too slowly' });
    }
    socket.close(1000, isSpoorError(stop.signal.reason) ? stop.signal.reason.message : '');
  } catch (error) {
    if (!stop.signal.aborted) socket.close(1011, reasonOf(error).slice(0, 120));
  } finally {
    clearInterval(ping);
    clearTimeout(end);
  }
}
