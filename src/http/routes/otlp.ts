import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SpoorError } from '../../model/mod.ts';
import { exportResponse, exportResponseJson, rpcStatus, type PartialSuccess } from '../../protocols/mod.ts';
import { codedError, retryAfterSeconds } from '../answer.ts';
import { rpcCodeOf } from '../grpc/status.ts';
import { exportBytesExpected, exportLogs } from '../otlp-export.ts';
import type { HttpParts } from '../parts.ts';
import { ingestScope } from '../push-intake.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

const protobufType = 'application/x-protobuf';
const jsonType = 'application/json';
/** Loki's path, on which spoor answers as Loki does. */
const lokiPath = '/otlp/v1/logs';
/** OTLP's own. */
const otlpPath = '/v1/logs';

/**
 * POST /otlp/v1/logs and /v1/logs: exports of logs by OTLP/HTTP (docs/operate/otlp.md, docs/adr/020-answers-to-otlp.md). OTLP's path answers 200 with an ExportLogsServiceResponse,
 * which says what was refused. Loki's answers as Loki does, where that loses nothing: 204 where everything is stored, 400 where records are refused and the client does not say
 * what it accepts. Errors are a Status; what may pass later is 429 or 503 with Retry-After, never 500.
 */
export async function otlpRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Before the body is read: who may not push sends nothing.
    const tenant = tenantOf(header(request, 'x-scope-orgid'), parts.authEnabled);
    const contentEncoding = encodingOf(request);
    const backfillShard = header(request, 'x-loki-backfill-shard') ?? '';
    return parts.intake.receive('otlp', request, exportBytesExpected(parts, contentEncoding), async (push) => {
      const format = formatOf(request);
      const outcome = await exportLogs(parts, tenant, push, { protocol: 'otlp', format, contentEncoding, backfillShard });
      if (outcome.kind === 'stored') {
        // Loki refuses the export, and stores what was good of it.
        if (outcome.refusal !== null && isLokiPath(request) && header(request, 'accept') === undefined) {
          return sendStatus(request, reply, outcome.refusal.status, rpcCodeOf(outcome.refusal), outcome.refusal.message, null);
        }
        return sendStored(request, reply, outcome.partial);
      }
      const { status, refusal, retryAfterSeconds: seconds } = outcome;
      // OTLP has a server take an export of nothing.
      if (refusal.code === 'no_valid_stream' && !isLokiPath(request)) return sendStored(request, reply, null);
      return sendStatus(request, reply, status, rpcCodeOf(refusal), refusal.message, seconds);
    });
  };

  await ingestScope(app, parts, 'otlp', (scope) => {
    scope.setErrorHandler(async (error, request, reply) => {
      const known = codedError(error, request);
      if (known.status === 500) request.log.error({ err: known, code: known.code }, 'request failed');
      else if (known.status > 500) request.log.warn({ code: known.code, url: request.routeOptions.url }, `request refused: ${known.message}`);
      const status = known.status === 500 ? 503 : known.status;
      await sendStatus(request, reply, status, rpcCodeOf(known), known.message, status === 503 || (status === 429 && known.retryable) ? retryAfterSeconds : null);
    });
    scope.post(lokiPath, handler);
    scope.post(otlpPath, handler);
  });
}

function isLokiPath(request: FastifyRequest): boolean {
  return request.routeOptions.url === lokiPath;
}

/** Loki takes the two types without parameters only. */
function formatOf(request: FastifyRequest): 'protobuf' | 'json' {
  const sent = header(request, 'content-type') ?? '';
  const type = isLokiPath(request) ? sent : sent.replace(/;.*/s, '').trim().toLowerCase();
  if (type === protobufType) return 'protobuf';
  if (type === jsonType) return 'json';
  throw new SpoorError('otlp_media_type', { type: sent.slice(0, 200) });
}

/** Loki takes encodings as it writes them, and no `identity`. */
function encodingOf(request: FastifyRequest): string {
  const sent = header(request, 'content-encoding') ?? '';
  if (isLokiPath(request)) return sent;
  const encoding = sent.trim().toLowerCase();
  return encoding === 'identity' ? '' : encoding;
}

function sendStored(request: FastifyRequest, reply: FastifyReply, partial: PartialSuccess | null): FastifyReply {
  if (partial === null && isLokiPath(request)) return reply.code(204).send();
  if (isJson(request)) return reply.code(200).type(jsonType).send(exportResponseJson(partial));
  return reply.code(200).type(protobufType).send(exportResponse(partial));
}

/** An error: a Status in protobuf, as Loki has it; on OTLP's path in the form of the request. */
function sendStatus(request: FastifyRequest, reply: FastifyReply, status: number, code: number, message: string, seconds: number | null): FastifyReply {
  if (seconds !== null) reply.header('retry-after', String(seconds));
  reply.code(status).header('x-content-type-options', 'nosniff');
  if (!isLokiPath(request) && isJson(request)) return reply.type(jsonType).send(JSON.stringify({ code, message }));
  return reply.type(protobufType).send(rpcStatus(code, message));
}

function isJson(request: FastifyRequest): boolean {
  return /^application\/json\b/i.test(header(request, 'content-type') ?? '');
}
