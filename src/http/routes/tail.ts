import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { encodeTailFrame, parseQuery, type Batch, type ScanTask } from '../../logql/mod.ts';
import { isSpoorError, reasonOf, SpoorError } from '../../model/mod.ts';
import { tailRows } from '../../querier/mod.ts';
import { limitParameter, parameter, timeParameter } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const pingMs = 1000;
/** A client that answers none of so many pings is gone: its network may have died without a word. */
const unansweredPingsMax = 60;
/** A close frame takes 125 bytes, two of them the code. */
const closeReasonBytesMax = 123;
const delaySecondsMax = 5;
const defaultLimit = 100;
const defaultLookbackNs = 3_600_000_000_000n;
const durationMaxMs = 3_600_000;
/** Rows and bytes of lines of one frame. */
const frameRowsMax = 1000;
const frameLineBytesMax = 2 ** 20;
/** No further frame is made while so much is unsent. A client that takes nothing for longer is cut off; it can come back and ask for what it missed. */
const unsentBytesMax = 4 * 2 ** 20;
const stallMsMax = 10_000;
const stallCheckMs = 20;

/** WebSocket /loki/api/v1/tail. */
export async function tailRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const running = new Map<string, number>();
  app.get('/loki/api/v1/tail', { websocket: true, preValidation: async (request) => void readTail(request, parts) }, (socket, request) => {
    const tail = readTail(request, parts);
    const { tenant } = tail.task;
    const count = (running.get(tenant) ?? 0) + 1;
    const limit = parts.limits.forTenant(tenant).max_concurrent_tail_requests;
    if (limit > 0 && count > limit) {
      close(socket, 1011, new SpoorError('tail_limit', { count, limit }).message);
      return;
    }
    running.set(tenant, count);
    void serveTail(socket, tail, parts).finally(() => {
      const left = (running.get(tenant) ?? 1) - 1;
      if (left > 0) running.set(tenant, left);
      else running.delete(tenant);
    });
  });
}

function close(socket: WebSocket, code: number, reason: string): void {
  let end = Math.min(reason.length, closeReasonBytesMax);
  while (Buffer.byteLength(reason.slice(0, end)) > closeReasonBytesMax) end -= 1;
  socket.close(code, reason.slice(0, end));
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
  let unanswered = 0;
  socket.on('pong', () => (unanswered = 0));
  const ping = setInterval(() => {
    if (unanswered++ >= unansweredPingsMax) socket.terminate();
    else socket.ping();
  }, pingMs);
  const end = setTimeout(() => stop.abort(new SpoorError('bad_request', { reason: 'reached tail max duration limit' })), durationMaxMs);
  try {
    for await (const batch of tailRows(parts.querier, tail.task, stop.signal)) {
      if (tail.delayMs > 0) await sleep(tail.delayMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) break;
      for (const frame of frames(batch)) {
        socket.send(encodeTailFrame(frame, { categorizeLabels: tail.categorizeLabels }));
        await drained(socket, stop.signal);
      }
    }
    close(socket, 1000, isSpoorError(stop.signal.reason) ? stop.signal.reason.message : '');
  } catch (error) {
    if (!stop.signal.aborted) close(socket, 1011, reasonOf(error));
    else if (isSpoorError(stop.signal.reason)) close(socket, 1000, stop.signal.reason.message);
  } finally {
    clearInterval(ping);
    clearTimeout(end);
  }
}

/** A batch in portions that become one frame each. */
function* frames(batch: Batch): Generator<Batch> {
  let from = 0;
  let bytes = 0;
  for (const [i, { line }] of batch.rows.entries()) {
    if (i > from && (i - from >= frameRowsMax || bytes + line.length > frameLineBytesMax)) {
      yield { ...batch, rows: batch.rows.slice(from, i) };
      from = i;
      bytes = 0;
    }
    bytes += line.length;
  }
  yield from === 0 ? batch : { ...batch, rows: batch.rows.slice(from) };
}

/** Waits until the client has taken enough of what was sent; lets others in between in any case. */
async function drained(socket: WebSocket, signal: AbortSignal): Promise<void> {
  await immediate();
  let stalledMs = 0;
  for (let unsent = socket.bufferedAmount; unsent > unsentBytesMax; ) {
    if (stalledMs >= stallMsMax) throw new SpoorError('bad_request', { reason: 'the client reads too slowly' });
    await sleep(stallCheckMs, undefined, { signal });
    stalledMs = socket.bufferedAmount < unsent ? 0 : stalledMs + stallCheckMs;
    unsent = socket.bufferedAmount;
  }
}
