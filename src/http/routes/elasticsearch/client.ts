import type { FastifyRequest } from 'fastify';
import { header } from '../../request.ts';

/** What clients of Elasticsearch call themselves. */
const agents = /elastic|opensearch|[a-z]beat\b|logstash|fluent|vector|rsyslog|syslog-ng|manticore/i;
/** The version of clients that say their own; others are told the default. */
const agentVersion = /(?:[a-z]beat|elastic-agent|logstash)\/(\d{1,3}\.\d{1,3}\.\d{1,3})/i;
const clientVersion = /(?:^|,)es=(\d{1,3}\.\d{1,3}\.\d{1,3})/;
const compatibleWith = /compatible-with=(\d{1,2})/;
const defaultVersion = '8.17.0';

/** Whether a request comes from a client of Elasticsearch, or is for one of its paths: its answers and errors are then as Elasticsearch's. */
export function isElastic(request: FastifyRequest): boolean {
  return /^\/(?:elasticsearch(?:[/?]|$)|(?:[^/?]+\/)?_)/.test(request.url) || isElasticClient(request);
}

/** Whether the client says that it is one of Elasticsearch. */
export function isElasticClient(request: FastifyRequest): boolean {
  return (
    request.headers['x-elastic-client-meta'] !== undefined ||
    request.headers['x-elastic-product-origin'] !== undefined ||
    (header(request, 'accept') ?? '').includes('vnd.elasticsearch') ||
    (header(request, 'content-type') ?? '').includes('vnd.elasticsearch') ||
    agents.test(header(request, 'user-agent') ?? '')
  );
}

/**
 * Whether the answer at / is Elasticsearch's and not the page: for its clients, for those that ask for JSON, and for those that do not say who they are or what they take, which no
 * browser does.
 */
export function wantsElasticRoot(request: FastifyRequest): boolean {
  const accept = header(request, 'accept');
  if (accept?.includes('text/html') === true) return false;
  return isElasticClient(request) || accept === undefined || accept.includes('json') || header(request, 'user-agent') === undefined || /[?&](?:filter_path|pretty|human)\b/.test(request.url);
}

/** The version that a client is told: `configured`, or where that is empty the one that it calls its own, so that none finds the server too old or too new. */
export function versionFor(request: FastifyRequest, configured: string): string {
  if (configured !== '') return configured;
  const own = agentVersion.exec(header(request, 'user-agent') ?? '')?.[1] ?? clientVersion.exec(header(request, 'x-elastic-client-meta') ?? '')?.[1];
  if (own !== undefined) return own;
  const major = compatibleWith.exec(header(request, 'accept') ?? '')?.[1];
  return major === undefined || major === '8' ? defaultVersion : `${major}.0.0`;
}

/** The media type of answers: that of the versioned API for clients that ask for it. */
export function answerType(request: FastifyRequest): string {
  const accept = header(request, 'accept') ?? '';
  if (!accept.includes('application/vnd.elasticsearch+json')) return 'application/json; charset=UTF-8';
  const major = compatibleWith.exec(accept)?.[1];
  return `application/vnd.elasticsearch+json${major === undefined ? '' : `;compatible-with=${major}`}`;
}
