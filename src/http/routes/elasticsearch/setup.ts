import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { SpoorError } from '../../../model/mod.ts';
import type { HttpParts } from '../../parts.ts';
import { header } from '../../request.ts';
import { isElasticClient, versionFor } from './client.ts';
import { sendErrorTo, sendFault, sendJson, sendText, unsupported } from './reply.ts';

const clusterName = 'spoor';
/** Ids that clients may remember: always the same. */
const clusterId = 'c3Bvb3ItY2x1c3Rlci0wMQ';
const nodeId = 'c3Bvb3Itbm9kZS0wMDAwMQ';
const licenseId = '73706f6f-7200-4000-8000-000000000001';
const licenseEndsMs = 4_102_444_800_000;
const acknowledged = { acknowledged: true };
const everyMethod: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** Answers GET and HEAD /: who the server is. */
export async function sendRoot(request: FastifyRequest, reply: FastifyReply, parts: HttpParts): Promise<FastifyReply> {
  return sendJson(request, reply, {
    name: 'spoor',
    cluster_name: clusterName,
    cluster_uuid: clusterId,
    version: {
      number: versionFor(request, parts.elasticsearch.version),
      build_flavor: 'default',
      build_type: 'tar',
      build_hash: parts.version.revision === '' ? 'unknown' : parts.version.revision,
      build_date: '2026-01-01T00:00:00.000Z',
      build_snapshot: false,
      lucene_version: '9.12.0',
      minimum_wire_compatibility_version: '7.17.0',
      minimum_index_compatibility_version: '7.0.0',
    },
    tagline: 'You Know, for Search',
  });
}

type Answer = (request: FastifyRequest, parts: HttpParts) => unknown;

interface Names {
  readonly name?: string;
  readonly index?: string;
}

const nameOf = (request: FastifyRequest): string => (request.params as Names).name ?? '';

/** What is answered to questions that shippers ask at their start, by path. Nothing that they set up is kept: spoor needs no templates, policies or pipelines, so they are told that all is there. */
const questions: readonly (readonly [path: string, answer: Answer])[] = [
  ['/_license', () => ({ license: { status: 'active', uid: licenseId, type: 'basic', mode: 'basic', issue_date_in_millis: 0, expiry_date_in_millis: licenseEndsMs, issued_to: 'spoor', issuer: 'spoor', start_date_in_millis: -1 } })],
  ['/_xpack', xpack],
  ['/_xpack/license', () => ({ license: { status: 'active', uid: licenseId, type: 'basic', mode: 'basic', expiry_date_in_millis: licenseEndsMs } })],
  ['/_cluster/health', health],
  ['/_cluster/health/:name', health],
  ['/_cluster/settings', () => ({ persistent: {}, transient: {}, defaults: {} })],
  ['/_cluster/state/:name', () => ({ cluster_name: clusterName, cluster_uuid: clusterId })],
  ['/_cluster/stats', () => ({ cluster_name: clusterName, cluster_uuid: clusterId, status: 'green' })],
  ['/_nodes', nodes],
  ['/_nodes/:name', nodes],
  ['/_nodes/:name/:metric', nodes],
  ['/_index_template', () => ({ index_templates: [] })],
  ['/_index_template/:name', (request) => ({ index_templates: [{ name: nameOf(request), index_template: { index_patterns: [nameOf(request)], composed_of: [] } }] })],
  ['/_component_template', () => ({ component_templates: [] })],
  ['/_component_template/:name', (request) => ({ component_templates: [{ name: nameOf(request), component_template: { template: {} } }] })],
  ['/_template', () => ({})],
  ['/_template/:name', (request) => ({ [nameOf(request)]: { order: 0, index_patterns: [nameOf(request)], settings: {}, mappings: {}, aliases: {} } })],
  ['/_ilm/status', () => ({ operation_mode: 'RUNNING' })],
  ['/_ilm/policy', () => ({})],
  ['/_ilm/policy/:name', (request) => ({ [nameOf(request)]: { version: 1, modified_date: '2026-01-01T00:00:00.000Z', policy: { phases: { hot: { min_age: '0ms', actions: {} } } }, in_use_by: { indices: [], data_streams: [], composable_templates: [] } } })],
  ['/_ingest/pipeline', () => ({})],
  ['/_ingest/pipeline/:name', (request) => ({ [nameOf(request)]: { processors: [] } })],
  ['/_data_stream', () => ({ data_streams: [] })],
  ['/_data_stream/:name', (request) => ({ data_streams: [{ name: nameOf(request), timestamp_field: { name: '@timestamp' }, indices: [], generation: 1, status: 'GREEN', template: nameOf(request) }] })],
  ['/_alias', () => ({})],
  ['/_alias/:name', (request) => ({ [`${nameOf(request)}-000001`]: { aliases: { [nameOf(request)]: { is_write_index: true } } } })],
  ['/_aliases', () => ({})],
  ['/_logstash/pipeline', () => ({})],
  ['/_logstash/pipeline/:name', () => ({})],
  ['/_security/_authenticate', () => ({ username: 'spoor', roles: ['superuser'], full_name: null, email: null, metadata: {}, enabled: true, authentication_type: 'realm' })],
  ['/_security/user/_has_privileges', () => ({ username: 'spoor', has_all_requested: true, cluster: {}, index: {}, application: {} })],
  ['/_security/role/:name', () => ({})],
  ['/_security/api_key', () => ({ api_keys: [] })],
  ['/_plugins/*', () => ({})],
  ['/_opendistro/*', () => ({})],
  ['/:index/_settings', () => ({})],
  ['/:index/_mapping', () => ({})],
  ['/:index/_alias', () => ({})],
  ['/:index/_alias/:name', () => ({})],
  ['/:index/_refresh', () => ({ _shards: { total: 1, successful: 1, failed: 0 } })],
  ['/_refresh', () => ({ _shards: { total: 1, successful: 1, failed: 0 } })],
  ['/:index/_flush', () => ({ _shards: { total: 1, successful: 1, failed: 0 } })],
];

/** Paths that search or change what is there, which spoor does not have. */
const unsupportedPaths = [
  '/_search', '/:index/_search', '/_msearch', '/:index/_msearch', '/_count', '/:index/_count', '/_sql', '/_mget', '/:index/_mget', '/_reindex', '/:index/_update/:id', '/:index/_update_by_query',
  '/:index/_delete_by_query', '/_search/scroll',
];

/** The paths that clients of Elasticsearch ask at their start, besides those that write. */
export function elasticSetupRoutes(scope: FastifyInstance, parts: HttpParts, prefix: string): void {
  for (const [path, answer] of questions) {
    scope.route({
      method: everyMethod,
      url: prefix + path,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const asks = request.method === 'GET' || request.method === 'HEAD' || (request.method === 'POST' && /\/_(?:has_privileges|refresh|flush)$/.test(path));
        return sendJson(request, reply, asks ? answer(request, parts) : acknowledged);
      },
    });
  }
  for (const path of ['/_cat', '/_cat/*']) {
    scope.get(prefix + path, async (request, reply) => {
      const isHealth = request.url.includes('_cat/health');
      if (request.url.includes('format=json')) return sendJson(request, reply, isHealth ? [{ cluster: clusterName, status: 'green', 'node.total': '1', 'node.data': '1' }] : []);
      const nowMs = parts.clock.nowMs();
      return sendText(reply, isHealth ? `${Math.floor(nowMs / 1000)} ${new Date(nowMs).toISOString().slice(11, 19)} ${clusterName} green 1 1 0 0 0 0 0 0 - 100.0%\n` : '');
    });
  }
  for (const path of unsupportedPaths) {
    scope.route({
      method: ['GET', 'POST', 'PUT', 'DELETE'],
      url: prefix + path,
      exposeHeadRoute: false,
      handler: async (request) => {
        throw unsupported(request);
      },
    });
  }
  scope.route({ method: ['GET', 'DELETE'], url: `${prefix}/:index/_doc/:id`, exposeHeadRoute: true, handler: noSuchDocument });
  // At the root it would be the route of every page that is not there (sendNotFound).
  if (prefix !== '') {
    scope.route({ method: everyMethod, url: `${prefix}/:index`, exposeHeadRoute: false, handler: async (request, reply) => indexItself(request, reply, (request.params as Names).index ?? '') });
  }
}

async function noSuchDocument(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (request.method === 'DELETE') return sendFault(request, reply, 400, 'illegal_argument_exception', 'only write ops with an op_type of create or index are allowed: spoor keeps log entries, which do not change');
  const { index, id } = request.params as { readonly index: string; readonly id: string };
  return sendJson(request, reply, { _index: index, _id: id, found: false }, 404);
}

/** /{index}: every index is there. */
async function indexItself(request: FastifyRequest, reply: FastifyReply, index: string): Promise<FastifyReply> {
  if (index.startsWith('_') || request.method === 'POST') throw unsupported(request);
  if (request.method === 'PUT') return sendJson(request, reply, { ...acknowledged, shards_acknowledged: true, index });
  if (request.method === 'DELETE') return sendFault(request, reply, 400, 'illegal_argument_exception', 'entries are deleted by retention only');
  return sendJson(request, reply, { [index]: { aliases: {}, mappings: {}, settings: {} } });
}

/** Answers a path that no route has: /{index} for clients of Elasticsearch, and otherwise that there is no such page. */
export async function sendNotFound(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const index = /^\/([^/?_][^/?]*)(?:\?|$)/.exec(request.url)?.[1];
  if (index === undefined || !isElasticClient(request)) return sendErrorTo(new SpoorError('not_found'), request, reply);
  try {
    await indexItself(request, reply, decodeURIComponent(index));
  } catch (error) {
    await sendErrorTo(error, request, reply);
  }
}

function health(): unknown {
  return {
    cluster_name: clusterName, status: 'green', timed_out: false, number_of_nodes: 1, number_of_data_nodes: 1, active_primary_shards: 0, active_shards: 0, relocating_shards: 0, initializing_shards: 0,
    unassigned_shards: 0, delayed_unassigned_shards: 0, number_of_pending_tasks: 0, number_of_in_flight_fetch: 0, task_max_waiting_in_queue_millis: 0, active_shards_percent_as_number: 100,
  };
}

/** One node, at the address that the client itself used: clients that look for nodes ("sniffing") then keep what they have. */
function nodes(request: FastifyRequest, parts: HttpParts): unknown {
  const host = /^[\w.:[\]-]{1,255}$/.exec(header(request, 'host') ?? '')?.[0] ?? '127.0.0.1:3100';
  const version = versionFor(request, parts.elasticsearch.version);
  const node = { name: 'spoor', version, roles: ['data', 'ingest', 'master'], transport_address: host, host: host.replace(/:\d+$/, ''), ip: host.replace(/:\d+$/, ''), http: { bound_address: [host], publish_address: host, max_content_length_in_bytes: parts.bodyLimits.bodyBytesMax } };
  return { _nodes: { total: 1, successful: 1, failed: 0 }, cluster_name: clusterName, nodes: { [nodeId]: node } };
}

function xpack(): unknown {
  const on = { available: true, enabled: true };
  const off = { available: false, enabled: false };
  return {
    build: { hash: 'unknown', date: '2026-01-01T00:00:00.000Z' },
    license: { uid: licenseId, type: 'basic', mode: 'basic', status: 'active', expiry_date_in_millis: licenseEndsMs },
    features: { ilm: on, data_streams: on, logstash: on, monitoring: off, ml: off, security: off, watcher: off },
    tagline: 'You know, for X',
  };
}
