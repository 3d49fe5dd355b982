import type { FastifyReply, FastifyRequest } from 'fastify';
import { SpoorError } from '../../../model/mod.ts';
import { FilterPath, filtered } from '../../../protocols/mod.ts';
import { codedError, sendError } from '../../answer.ts';
import { parameter, readParameters } from '../../parameters.ts';
import { answerType, isElastic } from './client.ts';

const retryAfterSeconds = 1;

/** The types of errors by status, as Elasticsearch names them. */
const types: ReadonlyMap<number, string> = new Map([
  [400, 'illegal_argument_exception'],
  [401, 'security_exception'],
  [403, 'cluster_block_exception'],
  [404, 'resource_not_found_exception'],
  [405, 'method_not_allowed_exception'],
  [413, 'content_too_long_exception'],
  [429, 'es_rejected_execution_exception'],
  [500, 'internal_server_error'],
  [501, 'unsupported_operation_exception'],
  [503, 'cluster_manager_not_available_exception'],
]);

/** The type of an error of a status. */
export function errorType(status: number): string {
  return types.get(status) ?? (status < 500 ? 'illegal_argument_exception' : 'internal_server_error');
}

/** The filter that a request asks for. */
export function filterOf(request: FastifyRequest): FilterPath {
  return new FilterPath(request.url.includes('filter_path') ? parameter(readParameters(request.url, ''), 'filter_path') : '');
}

/** Sends a small JSON answer, what of it `filter_path` wants. */
export async function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown, status = 200): Promise<FastifyReply> {
  return reply.code(status).header('x-elastic-product', 'Elasticsearch').type(answerType(request)).send(JSON.stringify(filtered(value, filterOf(request))));
}

/** Sends text, as the `_cat` API does. */
export async function sendText(reply: FastifyReply, text: string): Promise<FastifyReply> {
  return reply.code(200).header('x-elastic-product', 'Elasticsearch').type('text/plain; charset=UTF-8').send(text);
}

/** Sends `{"error": {"root_cause": […], "type": …, "reason": …}, "status": …}`. */
export async function sendFault(request: FastifyRequest, reply: FastifyReply, status: number, type: string, reason: string): Promise<FastifyReply> {
  const cause = { type, reason };
  return reply.code(status).header('x-elastic-product', 'Elasticsearch').type(answerType(request)).send(JSON.stringify({ error: { root_cause: [cause], ...cause }, status }));
}

/** Turns whatever was thrown into an error as Elasticsearch's. */
export async function sendElasticError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const known = codedError(error, request);
  if (known.status === 500) request.log.error({ err: known, code: known.code }, 'request failed');
  else if (known.status > 500 && known.code !== 'not_implemented') request.log.warn({ code: known.code, url: request.routeOptions.url }, `request refused: ${known.message}`);
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  if (known.retryable && (known.status === 429 || known.status === 503)) reply.header('retry-after', String(retryAfterSeconds));
  const { type } = known.details;
  await sendFault(request, reply, known.status, typeof type === 'string' ? type : errorType(known.status), known.message);
}

/** Sends an error in the words of whom it is for: clients of Elasticsearch, or of Loki. */
export async function sendErrorTo(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  return isElastic(request) ? sendElasticError(error, request, reply) : sendError(error, request, reply);
}

/** The error for a path of Elasticsearch that spoor does not have. */
export function unsupported(request: FastifyRequest): SpoorError {
  return new SpoorError('not_implemented', { what: `${request.method} ${request.url.split('?', 1)[0] ?? ''} of Elasticsearch's API (query with LogQL)` });
}
