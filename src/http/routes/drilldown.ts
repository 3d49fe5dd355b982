import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';
import { formatPrometheusDuration, limitSpecs, type LimitName, type Limits } from '../../model/mod.ts';
import type { HttpParts } from '../parts.ts';
import { header } from '../request.ts';
import { tenantOf } from '../tenant.ts';

/** The limits that Loki tells a tenant of. */
const published = [
  'discover_log_levels', 'discover_service_name', 'log_level_fields', 'max_entries_limit_per_query', 'max_line_size_truncate', 'max_query_bytes_read', 'max_query_length', 'max_query_lookback',
  'max_query_range', 'max_query_series', 'query_timeout', 'retention_period', 'volume_enabled', 'volume_max_series',
] as const satisfies readonly LimitName[];

/** What Loki publishes besides, which spoor never does. */
const switchedOff = { metric_aggregation_enabled: false, pattern_persistence_enabled: false };

const patternsUrl = '/loki/api/v1/patterns';

/**
 * GET /loki/api/v1/drilldown-limits, what Logs Drilldown asks a tenant's limits and the server's abilities for; and GET /config/tenant/v1/limits, the same limits as YAML.
 */
export function drilldownRoutes(app: FastifyInstance, parts: HttpParts): void {
  const limitsOf = (tenantHeader: string | undefined): Record<string, unknown> => publishLimits(parts.limits.forTenant(tenantOf(tenantHeader, parts.authEnabled)));
  app.get('/loki/api/v1/drilldown-limits', async (request, reply) => {
    const limits = limitsOf(header(request, 'x-scope-orgid'));
    const hasPatterns = app.hasRoute({ method: 'GET', url: patternsUrl });
    return reply.type('application/json').send(`${JSON.stringify({ limits, pattern_ingester_enabled: hasPatterns, version: parts.version.version })}\n`);
  });
  app.get('/config/tenant/v1/limits', async (request, reply) => reply.type('text/plain; charset=utf-8').send(stringify(limitsOf(header(request, 'x-scope-orgid')))));
}

/** The published limits by name, as Loki writes them: durations as `30d1h`, sizes as `256KB`, everything else as it is. */
export function publishLimits(limits: Limits): Record<string, unknown> {
  const shown = published.map((name): [string, unknown] => {
    const value = limits[name];
    const { kind } = limitSpecs[name];
    if (kind === 'duration') return [name, formatPrometheusDuration(value as bigint)];
    return [name, kind === 'size' ? formatConfigSize(Number(value)) : value];
  });
  return Object.fromEntries([...shown, ...Object.entries(switchedOff)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** A size in the largest unit (of 1024) that leaves no fraction. */
function formatConfigSize(bytes: number): string {
  let count = bytes;
  let unit = 0;
  while (count > 0 && count % 1024 === 0 && unit < units.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${count}${units[unit] ?? ''}`;
}
