import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';
import { header } from './request.ts';

/** Shorter answers are not compressed, as in Loki. */
const gzipBytesMin = 1400;
/** Fast rather than small: most answers go to a browser near by. */
const gzipLevel = 1;
/** The event loop gets a turn after so many bytes, also where the socket takes everything at once. */
const turnBytes = 256 * 1024;
const timerMsMax = 2 ** 31 - 1;

export interface StreamOptions {
  readonly type: string;
  /** A client that takes nothing for so long is cut off. */
  readonly stallMs: number;
  /** What is written at the end where the source fails half way, before the connection is broken off. */
  readonly lastWords?: (error: SpoorError) => Uint8Array;
}

/**
 * Answers with what `source` gives, piece by piece as the client takes it, compressed where it wants that. Nothing is sent before the first piece is there: a source that fails
 * before is thrown, so that the client gets an error. After that the connection is broken off, so that nobody takes the answer for whole.
 * The source is told to end (`return`) when the client goes away.
 */
export async function streamAnswer(request: FastifyRequest, reply: FastifyReply, source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, options: StreamOptions): Promise<FastifyReply> {
  const pieces = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const beginning: Uint8Array[] = [];
  let begun = 0;
  let ended = false;
  // So much is needed to know whether compressing is worth it.
  while (begun < gzipBytesMin && !ended) {
    const { value, done } = await pieces.next();
    if (done === true) ended = true;
    else {
      beginning.push(value);
      begun += value.length;
    }
  }
  const gzip = begun >= gzipBytesMin && acceptsGzip(header(request, 'accept-encoding') ?? '') ? createGzip({ level: gzipLevel }) : null;
  reply.type(options.type).header('vary', 'Accept-Encoding');
  if (ended && gzip === null) return reply.send(Buffer.concat(beginning));
  if (gzip !== null) reply.header('content-encoding', 'gzip');
  reply.hijack();
  const out = new Outlet(reply, gzip, options.stallMs);
  try {
    reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
    for (const piece of beginning) await out.write(piece);
    while (!ended) {
      const { value, done } = await pieces.next();
      if (done === true) ended = true;
      else await out.write(value);
    }
    await out.end();
  } catch (error) {
    const known = isSpoorError(error) ? error : new SpoorError('internal', { reason: reasonOf(error) }, { cause: error });
    if (known.status === 500) request.log.error({ err: known, code: known.code }, 'request failed');
    await out.breakOff(options.lastWords?.(known));
  } finally {
    if (!ended) await pieces.return?.();
  }
  return reply;
}

/** Whether an Accept-Encoding header allows gzip. */
export function acceptsGzip(text: string): boolean {
  let any = false;
  for (const item of text.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const wanted = weight === undefined || Number(weight.slice(2)) > 0;
    if (coding === 'gzip' || coding === 'x-gzip') return wanted;
    if (coding === '*') any = wanted;
  }
  return any;
}

/** The way out to one client: waits where it does not take more. */
class Outlet {
  readonly #raw: FastifyReply['raw'];
  readonly #gzip: Gzip | null;
  readonly #stallMs: number;
  readonly #closed = new AbortController();
  #sinceTurn = 0;

  constructor(reply: FastifyReply, gzip: Gzip | null, stallMs: number) {
    this.#raw = reply.raw;
    this.#gzip = gzip;
    this.#stallMs = Math.min(stallMs, timerMsMax);
    this.#raw.on('error', () => undefined);
    this.#gzip?.pipe(this.#raw);
    // Nobody reads what waits in it any more.
    this.#raw.once('close', () => {
      this.#closed.abort();
      this.#gzip?.destroy();
    });
    if (this.#gone) this.#closed.abort();
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#gone) throw new SpoorError('query_cancelled');
    const to = this.#gzip ?? this.#raw;
    if (!to.write(piece)) await this.#until(once(to, 'drain', { signal: this.#closed.signal }));
    this.#sinceTurn += piece.length;
    if (this.#sinceTurn < turnBytes) return;
    this.#sinceTurn = 0;
    await nextTurn();
  }

  get #gone(): boolean {
    return this.#raw.destroyed || this.#raw.socket?.destroyed === true;
  }

  async #until(event: Promise<unknown>): Promise<void> {
    const { promise: stalled, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new SpoorError('client_stalled', { seconds: this.#stallMs / 1000 })), this.#stallMs);
    try {
      await Promise.race([event, stalled]);
    } catch (error) {
      event.catch(() => undefined);
      throw isSpoorError(error) ? error : new SpoorError('query_cancelled');
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    const ended = once(this.#raw, 'finish', { signal: this.#closed.signal });
    (this.#gzip ?? this.#raw).end();
    await this.#until(ended);
  }

  /** Ends without the mark by which a client tells a whole answer. */
  async breakOff(lastWords: Uint8Array | undefined): Promise<void> {
    if (lastWords !== undefined && !this.#gone) {
      const to = this.#gzip ?? this.#raw;
      const written = new Promise<void>((resolve) => to.write(lastWords, () => resolve()));
      const flushed = this.#gzip === null ? written : written.then(() => new Promise<void>((resolve) => this.#gzip?.flush(constants.Z_SYNC_FLUSH, resolve)));
      // What gzip gave still has to reach the socket.
      await this.#until(flushed.then(() => nextTurn())).catch(() => undefined);
      if (!this.#gone && this.#raw.writableLength > 0) await this.#until(once(this.#raw, 'drain', { signal: this.#closed.signal })).catch(() => undefined);
    }
    this.#raw.destroy();
  }
}
