import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { SeverityNumber } from '@opentelemetry/api';
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api } from '../support/api.ts';
import { freePort, ServerProcess } from '../support/server.ts';

let directory: string;
let server: ServerProcess;
let grpcPort: number;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-otel-'));
  grpcPort = await freePort();
  server = await ServerProcess.start({ dataDirectory: directory, port: await freePort(), environment: { SPOOR_AUTH_ENABLED: 'true', SPOOR_GRPC_LISTEN: `127.0.0.1:${grpcPort}` } });
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await rm(directory, { recursive: true, force: true });
});

const headers = { 'x-scope-orgid': 'team' };
const metadata = new Metadata();
metadata.set('x-scope-orgid', 'team');
const gzip = 'gzip' as never;

const exporters: readonly (readonly [string, () => LogRecordExporter])[] = [
  ['http-json', () => new JsonExporter({ url: `${server.url}/v1/logs`, headers })],
  ['http-json-gzip', () => new JsonExporter({ url: `${server.url}/otlp/v1/logs`, headers, compression: gzip })],
  ['http-protobuf', () => new ProtobufExporter({ url: `${server.url}/otlp/v1/logs`, headers })],
  ['http-protobuf-gzip', () => new ProtobufExporter({ url: `${server.url}/v1/logs`, headers, compression: gzip })],
  ['grpc', () => new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}`, metadata })],
  ['grpc-gzip', () => new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}`, metadata, compression: gzip })],
];

it.each(exporters)("takes what OpenTelemetry's JavaScript exporter sends by %s", async (service, open) => {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'host.name': 'h1' }),
    processors: [new BatchLogRecordProcessor({ exporter: open(), maxExportBatchSize: 64 })],
  });
  const logger = provider.getLogger('library', '1.2.3');
  for (let i = 0; i < 200; i++) {
    logger.emit({ severityNumber: SeverityNumber.WARN, severityText: 'WARN', body: `message ${i} ünï`, attributes: { 'http.status_code': 200 + i, nested: { a: { b: true } }, list: ['x', 1] } });
  }
  logger.emit({ body: { event: 'started', port: 80 }, eventName: 'started' });
  await provider.forceFlush();
  await provider.shutdown();
  const api = new Api(server.url, headers);
  const lines = await api.lines(`{service_name="${service}"}`);
  expect(lines).toHaveLength(201);
  expect(lines.filter((line) => /^message \d+ ünï$/v.test(line))).toHaveLength(200);
  const [stream] = await api.streams(`{service_name="${service}"} |= "message 7 "`);
  expect(stream).toMatchObject({
    stream: {
      service_name: service, host_name: 'h1', scope_name: 'library', scope_version: '1.2.3', severity_text: 'WARN', severity_number: '13', detected_level: 'warn', http_status_code: '207', nested_a_b: 'true',
      list: '["x",1]', observed_timestamp: expect.stringMatching(/^\d{19}$/) as string,
    },
  });
  expect(await api.lines(`{service_name="${service}"} | event_name="started"`)).toEqual(['{"event":"started","port":80}']);
});
