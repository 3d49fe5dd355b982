import type { FastifyRequest } from 'fastify';
import { readParameters, type Parameters } from './parameters.ts';

/** A header that may come once. */
export function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Parameters of the URL and of a form body. */
export function requestParameters(request: FastifyRequest): Parameters {
  const isForm = (header(request, 'content-type') ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded');
  return readParameters(request.url, isForm && Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
}
