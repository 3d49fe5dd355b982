import { expect, test } from 'vitest';
import { stableLength } from '../../../src/protocols/elasticsearch/index-name.ts';

test.each<[string, string]>([
  ['logs', 'logs'],
  ['logstash-2026.11.22', 'logstash'],
  ['logstash-2026.11', 'logstash'],
  ['app-2026-11-22', 'app'],
  ['app_2026.11.22.14', 'app'],
  ['filebeat-9.1.2-2026.11.22-000001', 'filebeat-9.1.2'],
  ['filebeat-9.1.2-2026.11.22', 'filebeat-9.1.2'],
  ['filebeat-7.17.0-000012', 'filebeat-7.17.0'],
  ['journal-20261122', 'journal'],
  ['weekly-2026.47', 'weekly'],
  ['logs-nginx-default', 'logs-nginx-default'],
  ['app-v2', 'app-v2'],
  ['service-12345', 'service-12345'],
  ['-2026.11.22', '-2026.11.22'],
  ['.ds-logs-x-2026.11.22-000001', '.ds-logs-x'],
])('%s is labelled %s', (name, label) => {
  const bytes = Buffer.from(`xx${name}yy`);
  expect(bytes.toString('utf8', 2, 2 + stableLength(bytes, 2, Buffer.byteLength(name)))).toBe(label);
});
