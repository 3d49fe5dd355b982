import type { FastifyReply, FastifyRequest } from 'fastify';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';

/** Seconds after which a refused client should try again. */
export const retryAfterSeconds = 1;

/** Turns whatever was thrown into an answer: the one place where an error becomes a status. Text, as Loki's. */
export async function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const known = codedError(error, request);
  // Overload and timeouts come in numbers and need no stack.
  if (known.status === 500) request.log.error({ err: known, code: known.code }, 'request failed');
  else if (known.status > 500) request.log.warn({ code: known.code, url: request.routeOptions.url }, `request refused: ${known.message}`);
  if (reply.sent || reply.raw.headersSent) {
    // An answer that has begun can only be broken off, so that the client sees that it is not whole.
    reply.raw.destroy();
    return;
  }
  if (known.retryable && (known.status === 429 || known.status === 503)) reply.header('retry-after', String(retryAfterSeconds));
  await reply.code(known.status).header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(`${known.message}\n`);
}

/** Errors of Fastify itself, which carry a status, become coded ones. */
export function codedError(error: unknown, request: FastifyRequest): SpoorError {
  if (isSpoorError(error)) return error;
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (status === 413) return new SpoorError('body_too_large', { limit: request.routeOptions.bodyLimit ?? 0, name: request.routeOptions.url?.endsWith('/push') === true ? 'server.body_bytes_max' : 'form' });
  if (typeof status === 'number' && status >= 400 && status < 500) return new SpoorError('bad_request', { reason: reasonOf(error) });
  return new SpoorError('internal', { reason: reasonOf(error) }, { cause: error });
}

/** setTimeout takes no longer time, and would strike at once. */
const timerMsMax = 2 ** 31 - 1;

/** A signal that aborts when the client goes away or the time is up; `done` must be called at the end. */
export function requestSignal(reply: FastifyReply, timeoutMs: number): { readonly signal: AbortSignal; readonly done: () => void } {
  const gone = new AbortController();
  const onClose = (): void => {
    if (!reply.raw.writableFinished) gone.abort(new SpoorError('query_cancelled'));
  };
  reply.raw.once('close', onClose);
  const timer = setTimeout(() => gone.abort(new SpoorError('query_timeout')), Math.min(timeoutMs, timerMsMax));
  return {
    signal: gone.signal,
    done: () => {
      clearTimeout(timer);
      reply.raw.removeListener('close', onClose);
    },
  };
}
