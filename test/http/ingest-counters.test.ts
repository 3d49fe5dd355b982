import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { ingestProtocols } from '../../src/distributor/mod.ts';
import { IngestCounters } from '../../src/http/mod.ts';

test('everything is counted by protocol, and every protocol is there from the start', async () => {
  const registry = new Registry();
  const counters = new IngestCounters(registry);
  counters.request('grpc', 'OK');
  counters.request('loki', 204);
  counters.body('loki', 100);
  counters.received('loki', 3, 50);
  counters.refusedEntries('loki', 'line_too_long', 2);
  counters.refusedRequest('syslog', 'push_too_many');
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('spoor_ingest_'));
  expect(lines).toEqual(expect.arrayContaining([
    'spoor_ingest_requests_total{protocol="grpc",status_code="OK"} 1',
    'spoor_ingest_requests_total{protocol="loki",status_code="204"} 1',
    'spoor_ingest_body_bytes_total{protocol="loki"} 100',
    'spoor_ingest_bytes_total{protocol="loki"} 50',
    'spoor_ingest_refused_entries_total{protocol="loki",reason="line_too_long"} 2',
    'spoor_ingest_refused_requests_total{protocol="syslog",reason="push_too_many"} 1',
    ...ingestProtocols.map((protocol) => `spoor_ingest_entries_total{protocol="${protocol}"} ${protocol === 'loki' ? 3 : 0}`),
  ]));
});
