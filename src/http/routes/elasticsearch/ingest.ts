import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RefusedRows } from '../../../distributor/mod.ts';
import { errorCodes, SpoorError } from '../../../model/mod.ts';
import { bulkAction, decodeBulk, decodeDocument, decodeElasticContent, expandedBytesExpected, runInSlices, singleAnswer, writeBulkAnswer, type BulkOptions, type BulkRequest } from '../../../protocols/mod.ts';
import type { HttpParts } from '../../parts.ts';
import { parameter, readParameters } from '../../parameters.ts';
import { header } from '../../request.ts';
import { tenantOf } from '../../tenant.ts';
import { answerType } from './client.ts';
import { errorType, filterOf, sendFault, sendJson } from './reply.ts';
import { documentLimits, rulesFor } from './settings.ts';

/** Beside the body stands a copy of it, with room for what is unescaped, and the columns: more than what others make of a body. */
const memoryFactor = 1.25;
/** Forms of JSON in bytes, and others that are no JSON at all. */
const otherTypes = /smile|cbor|yaml|protobuf/i;
const indexBytesMax = 255;
const idBytesMax = 512;

interface Path {
  readonly index?: string;
  readonly id?: string;
}

/** What the writing routes of one prefix need. */
export interface IngestRoutes {
  readonly scope: FastifyInstance;
  readonly parts: HttpParts;
  /** Before all paths. */
  readonly prefix: string;
}

/** POST and PUT `_bulk`, and `_doc` and `_create` for single documents. */
export function elasticIngestRoutes({ scope, parts, prefix }: IngestRoutes): void {
  const bulk = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const startedMs = parts.clock.monotonicMs();
    const { body, isTaken } = await receive(parts, request, async (content, options, tenant) => {
      const read = await runInSlices(decodeBulk(content, options));
      try {
        const isTaken = await store(parts, tenant, read);
        const took = Math.round(parts.clock.monotonicMs() - startedMs);
        const { body } = await runInSlices(writeBulkAnswer(read, took, filterOf(request)));
        return { body, isTaken };
      } finally {
        read.release();
      }
    });
    // The status says that all went well, also where nothing of it could be taken for now.
    if (!isTaken) await parts.intake.paceRequest(request);
    return reply.code(200).header('x-elastic-product', 'Elasticsearch').type(answerType(request)).send(body);
  };
  const single = (kind: number) => async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    receive(parts, request, async (content, options, tenant) => {
      const isCreate = parameter(readParameters(request.url, ''), 'op_type') === 'create';
      const read = decodeDocument(content, isCreate ? bulkAction.create : kind, checkedName((request.params as Path).id ?? '', idBytesMax, 'id'), options);
      try {
        await store(parts, tenant, read);
        const fault = read.items.fault(0);
        if (fault !== undefined) return await sendFault(request, reply, fault.status, fault.type, fault.reason);
        const { status, ...answer } = singleAnswer(read);
        return await sendJson(request, reply, answer, Number(status));
      } finally {
        read.release();
      }
    });

  for (const url of ['/_bulk', '/_bulk/', '/:index/_bulk', '/:index/_bulk/', '/:index/:type/_bulk']) scope.route({ method: ['POST', 'PUT'], url: prefix + url, handler: bulk });
  for (const url of ['/:index/_doc', '/:index/_doc/', '/:index/events']) scope.post(prefix + url, single(bulkAction.index));
  scope.route({ method: ['POST', 'PUT'], url: `${prefix}/:index/_doc/:id`, handler: single(bulkAction.index) });
  scope.route({ method: ['POST', 'PUT'], url: `${prefix}/:index/_create/:id`, handler: single(bulkAction.create) });
}

/** Receives a body, undoes its encoding, and hands it on with what is to be made of it. */
async function receive<T>(parts: HttpParts, request: FastifyRequest, work: (content: Buffer, options: BulkOptions, tenant: string) => Promise<T>): Promise<T> {
  // Before the body is read: who may not push sends nothing.
  const tenant = elasticTenant(parts, request);
  const limits = parts.limits.forTenant(tenant);
  const contentType = header(request, 'content-type') ?? '';
  if (otherTypes.test(contentType)) throw new SpoorError('elastic_media_type', { mediaType: contentType.slice(0, 100) });
  const options: BulkOptions = {
    rules: rulesFor(request, limits),
    document: documentLimits(limits, parts.bodyLimits, parts.clock.nowNs()),
    limits: parts.bodyLimits,
    index: checkedName((request.params as Path).index ?? '', indexBytesMax, 'index'),
  };
  const encoding = header(request, 'content-encoding') ?? '';
  return parts.intake.receive('elasticsearch', request, (body) => memoryFactor * expandedBytesExpected(body, encoding, parts.bodyLimits), async ({ body, decoded, needs }) => {
    const content = await decodeElasticContent(body, encoding, parts.bodyLimits);
    await needs(memoryFactor * content.length);
    decoded(memoryFactor * content.length);
    return work(content, options, tenant);
  });
}

/** The tenant: as everywhere, and where the request names none the one of the configuration, for shippers that cannot send a header. */
export function elasticTenant(parts: HttpParts, request: FastifyRequest): string {
  const named = header(request, 'x-scope-orgid');
  const fallback = parts.elasticsearch.tenant;
  return tenantOf(named === undefined && fallback !== '' ? fallback : named, parts.authEnabled);
}

function checkedName(name: string, bytesMax: number, what: string): string {
  if (Buffer.byteLength(name) > bytesMax) throw new SpoorError('bad_request', { reason: `the ${what} of the URL has more than ${bytesMax} bytes` });
  return name;
}

/** Stores the documents; what is refused of them is told of their items. False where the store took nothing of what it could have taken. */
async function store(parts: HttpParts, tenant: string, { items, batch }: BulkRequest): Promise<boolean> {
  if (items.faulty > 0) parts.metrics.refusedByDecoder(tenant, 'elasticsearch', 'elastic_item', items.faulty, 0);
  if (batch.rows === 0) return true;
  const onRefused = ({ firstRow, rows, reason, error }: RefusedRows): void => {
    const status = reason === 'blocked_ingestion' ? 403 : errorCodes[reason].status;
    const words = wordedOnce(() => error().message);
    for (let row = firstRow; row < firstRow + rows; row++) items.refuse(items.itemOf(row), status, errorType(status), words);
  };
  const { stored } = await parts.distributor.push(tenant, batch, { protocol: 'elasticsearch', onRefused });
  return stored > 0;
}

function wordedOnce(words: () => string): () => string {
  let text: string | undefined;
  return () => (text ??= words());
}
