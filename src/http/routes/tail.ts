import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { checkStages, parseQuery, type ScanTask } from '../../logql/mod.ts';
import { reasonOf, SpoorError, type Clock } from '../../model/mod.ts';
import { tailRows } from '../../querier/mod.ts';
import { limitParameter, parameter, timeParameter } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';
import { header, requestParameters } from '../request.ts';
import { tenantOf } from '../tenant.ts';
import { TailDelay } from './tail-delay.ts';
import { TailSender } from './tail-sender.ts';

const pingMs = 1000;
/** A client that neither takes anything nor answers a ping for so long is gone: its network may have died without a word. */
const silentMsMax = 60_000;
/** A close frame takes 125 bytes, two of them the code. */
const closeReasonBytesMax = 123;
const delaySecondsMax = 5;
const defaultLimit = 100;
const defaultLookbackNs = 3_600_000_000_000n;
const durationMaxMs = 3_600_000;
/** How often is looked whether rows are due, and whether there is room to say what was dropped. */
const tickMs = 100;

/** WebSocket /loki/api/v1/tail. */
export async function tailRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const running = new Map<string, number>();
  parts.metrics.gauge('spoor_tails', 'Tails at the moment', () => [...running.values()].reduce((sum, count) => sum + count, 0));
  const plain = async (): Promise<never> => {
    throw new SpoorError('bad_request', { reason: 'tail is a WebSocket: the request lacks the header Upgrade: websocket' });
  };
  const wsHandler = (socket: WebSocket, request: FastifyRequest): void => {
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
  };
  app.route({ method: 'GET', url: '/loki/api/v1/tail', preValidation: async (request) => void readTail(request, parts), handler: plain, wsHandler });
}

function close(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, cutText(reason, closeReasonBytesMax));
}

/** The beginning of a text that takes no more bytes than that; whole characters. */
export function cutText(text: string, bytesMax: number): string {
  let cut = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
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
  checkStages(query.stages);
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

/** Sends what the tail finds until the client goes away (its business), or the tail fails or lasted long enough (1011 and the reason, as in Loki). */
async function serveTail(socket: WebSocket, tail: Tail, parts: HttpParts): Promise<void> {
  const stop = new AbortController();
  const sender = new TailSender(socket, tail.categorizeLabels, (result, rows) => parts.metrics.tailed(result, rows));
  const delay = tail.delayMs > 0 ? new TailDelay(BigInt(tail.delayMs) * 1_000_000n) : null;
  const end = setTimeout(() => stop.abort(new TailEnd('reached tail max duration limit')), durationMaxMs);
  const stopPings = keepAlive(socket, sender, parts.clock);
  socket.on('close', () => stop.abort());
  socket.on('error', () => stop.abort());
  const ticks = (async () => {
    while (!stop.signal.aborted) {
      await sleep(tickMs, undefined, { signal: stop.signal }).catch(() => undefined);
      const due = delay?.due(parts.clock.nowNs()) ?? null;
      if (due !== null) await sender.offer(due);
      sender.announce();
    }
  })();
  try {
    for await (const found of tailRows(parts.querier, tail.task, stop.signal, parts.clock)) {
      if (found.kind === 'passed_over') sender.passedOver(found);
      else if (delay === null) await sender.offer(found);
      else delay.add(found);
    }
    const { reason } = stop.signal as { readonly reason: unknown };
    if (reason instanceof TailEnd) close(socket, 1011, reason.message);
  } catch (error) {
    if (!stop.signal.aborted) close(socket, 1011, reasonOf(error));
  } finally {
    stop.abort();
    stopPings();
    clearTimeout(end);
    await ticks;
  }
}

/** Why a tail was ended from here. */
class TailEnd extends Error {}

/** Pings each second, and breaks the connection off where the client gives no sign of life any more. Returns a function that ends this. */
function keepAlive(socket: WebSocket, sender: TailSender, clock: Clock): () => void {
  let aliveMs = clock.monotonicMs();
  let taken = 0;
  const alive = (): void => {
    aliveMs = clock.monotonicMs();
  };
  socket.on('pong', alive);
  const timer = setInterval(() => {
    // A ping waits behind what is unsent: a slow client shows that it lives by taking that.
    if (sender.takenBytes > taken) alive();
    taken = Math.max(taken, sender.takenBytes);
    if (clock.monotonicMs() - aliveMs > silentMsMax) socket.terminate();
    else socket.ping();
  }, pingMs);
  return () => clearInterval(timer);
}
