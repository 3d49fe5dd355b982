import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { checkStages, encodeTailFrame, parseQuery, type Batch, type ScanTask } from '../../logql/mod.ts';
import { isSpoorError, reasonOf, SpoorError, type Clock } from '../../model/mod.ts';
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
  const sender = new Sender(socket, tail.delayMs, parts.clock, stop.signal);
  try {
    for await (const batch of tailRows(parts.querier, tail.task, stop.signal)) {
      for (const frame of frames(batch)) await sender.send(encodeTailFrame(frame, { categorizeLabels: tail.categorizeLabels }));
    }
    close(socket, 1000, '');
  } catch (error) {
    if (!stop.signal.aborted) close(socket, 1011, reasonOf(error));
    else if (isSpoorError(stop.signal.reason)) close(socket, 1000, stop.signal.reason.message);
  } finally {
    stop.abort();
    clearInterval(ping);
    clearTimeout(end);
  }
}

/**
 * Sends frames after the delay that the client asked for, and no faster than it takes them. Rows are encoded before they wait, so that heads need not be
 * kept for those who wait.
 */
class Sender {
  readonly #socket: WebSocket;
  readonly #delayMs: number;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #waitingBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(socket: WebSocket, delayMs: number, clock: Clock, signal: AbortSignal) {
    this.#socket = socket;
    this.#delayMs = delayMs;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Resolves when there is room for more. */
  async send(frame: string): Promise<void> {
    const dueMs = this.#clock.monotonicMs() + this.#delayMs;
    this.#waitingBytes += frame.length;
    const sent = this.#sending.then(() => this.#sendAt(dueMs, frame));
    this.#sending = sent.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    if (this.#delayMs === 0 || this.#waitingBytes > unsentBytesMax) await this.#sending;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #sendAt(dueMs: number, frame: string): Promise<void> {
    const waitMs = dueMs - this.#clock.monotonicMs();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal });
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) return;
    this.#socket.send(frame);
    await drained(this.#socket, this.#signal);
    this.#waitingBytes -= frame.length;
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
