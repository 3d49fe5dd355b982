import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('auth_enabled: true\noverrides: {t: {max_query_series: 7, retention_period: 744h, max_query_bytes_read: 1536KB, discover_service_name: []}}');
});
afterAll(() => server.close());

const expected = {
  discover_log_levels: true, max_entries_limit_per_query: 5000, max_line_size_truncate: false, max_query_bytes_read: '0B', max_query_length: '30d1h', max_query_lookback: '0s', max_query_range: '0s', max_query_series: 500,
  metric_aggregation_enabled: false, pattern_persistence_enabled: false, query_timeout: '1m', retention_period: '0s', volume_enabled: true, volume_max_series: 1000,
};

it('answers the limits as Loki writes them, whether there are patterns, and the version', async () => {
  const answer = await server.as({ 'x-scope-orgid': 'other' }).fetch('/loki/api/v1/drilldown-limits');
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await answer.json()).toEqual({
    limits: { ...expected, discover_service_name: expect.arrayContaining(['service', 'app']) as string[], log_level_fields: expect.arrayContaining(['level', 'SeverityText']) as string[] },
    pattern_ingester_enabled: expect.any(Boolean) as boolean,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
  });
});

it("answers a tenant's own limits", async () => {
  const own = server.as({ 'x-scope-orgid': 't' });
  expect(await own.get('/loki/api/v1/drilldown-limits')).toMatchObject({ limits: { max_query_series: 7, retention_period: '31d', max_query_bytes_read: '1536KB', discover_service_name: [] } });
  expect(parse(await own.text('/config/tenant/v1/limits'))).toMatchObject({ ...expected, max_query_series: 7, retention_period: '31d', max_query_bytes_read: '1536KB' });
});

it('wants a tenant', async () => {
  for (const url of ['/loki/api/v1/drilldown-limits', '/config/tenant/v1/limits']) await expect(server.api.text(url)).rejects.toThrow('401: no org id');
});
