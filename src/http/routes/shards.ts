import type { FastifyInstance } from 'fastify';
import { parseQuery, type Expr } from '../../logql/mod.ts';
import { SpoorError, type Matcher } from '../../model/mod.ts';
import { labelRoute, limitRange, rangeQueryParameters } from '../label-request.ts';
import { parameter } from '../parameters.ts';
import type { HttpParts } from '../parts.ts';

const defaultLimit = 100;
const unitBytes: Readonly<Record<string, number>> = { '': 1, B: 1, K: 2 ** 10, KB: 2 ** 10, M: 2 ** 20, MB: 2 ** 20, G: 2 ** 30, GB: 2 ** 30, T: 2 ** 40, TB: 2 ** 40 };

/**
 * GET and POST /loki/api/v1/index/shards: ranges of stream fingerprints that hold about `targetBytesPerShard` each. In Loki the query frontend asks for them; there no query
 * that comes from outside is cut by them (`shards` is not passed on), and none is here.
 */
export function shardRoutes(app: FastifyInstance, parts: HttpParts): void {
  labelRoute(app, parts, '/loki/api/v1/index/shards', async (request) => {
    const { parameters, tenant, signal } = request;
    const asked = rangeQueryParameters(parameters, request.nowNs, defaultLimit);
    const targetBytes = sizeParameter(parameter(parameters, 'targetBytesPerShard'));
    const range = limitRange(request, asked) ?? { startNs: asked.endNs, endNs: asked.endNs };
    const shards = await parts.labels.shards({ tenant, matchers: selectorOf(parseQuery(parameter(parameters, 'query'))), startNs: range.startNs, endNs: range.endNs }, targetBytes, signal);
    // Written by hand: fingerprints have 64 bits, as numbers.
    const texts = shards.map(({ min, max, streams, chunks, bytes, rows }) => `{"bounds":{"min":${min},"max":${max}},"stats":${JSON.stringify({ streams, chunks, bytes, entries: rows })}}`);
    const sum = (of: (shard: (typeof shards)[number]) => number): number => shards.reduce((total, shard) => total + of(shard), 0);
    const index = { totalChunks: sum(({ chunks }) => chunks), postFilterChunks: sum(({ chunks }) => chunks), totalStreams: sum(({ streams }) => streams) };
    return `{"shards":[${texts.join(',')}],"statistics":${JSON.stringify({ index })},"chunkGroups":null}`;
  });
}

function sizeParameter(text: string): number {
  const match = /^(\d+)\s*([KMGT]?B?)$/i.exec(text.trim());
  if (text !== '' && match === null) throw new SpoorError('bad_request', { reason: `invalid targetBytesPerShard: ${text}: strconv.UnmarshalText: parsing ${JSON.stringify(text)}: invalid syntax` });
  const bytes = Number(match?.[1] ?? 0) * (unitBytes[(match?.[2] ?? '').toUpperCase()] ?? 1);
  if (bytes <= 0) throw new SpoorError('bad_request', { reason: 'targetBytesPerShard must be a positive value' });
  return bytes;
}

/** The selector of a query that has one. */
function selectorOf(query: Expr): readonly Matcher[] {
  const groups = new Set<readonly Matcher[]>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) return node.forEach(visit);
    const { kind, matchers } = node as { kind?: unknown; matchers?: readonly Matcher[] };
    if (kind === 'log_query' && matchers !== undefined) groups.add(matchers);
    else Object.values(node).forEach(visit);
  };
  visit(query);
  const [only = []] = groups;
  if (groups.size > 1) throw new SpoorError('bad_request', { reason: 'multiple matcher groups are not supported in GetShards. This is likely an internal bug as binary operations should be dispatched separately in planning' });
  return only;
}
