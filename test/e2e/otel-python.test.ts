import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { pythonWith } from './python/environment.ts';

const run = promisify(execFile);
/** Where PyPI cannot be reached the tests are skipped, but not in CI. */
const python = await pythonWith('opentelemetry', ['opentelemetry-exporter-otlp-proto-http==1.45.2', 'opentelemetry-exporter-otlp-proto-grpc==1.45.2']);

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('auth_enabled: true\ngrpc: {listen: "127.0.0.1:0"}\n');
});
afterAll(() => server.close());

test.skipIf(python === null).each<[string, string, () => string]>([
  ['http', 'py-http', () => `${server.url}/v1/logs`],
  ['http', 'py-loki', () => `${server.url}/otlp/v1/logs`],
  ['grpc', 'py-grpc', () => `127.0.0.1:${server.grpcPorts[0]}`],
])(
  "takes what OpenTelemetry's Python exporter sends by %s as %s",
  async (kind, service, endpoint) => {
    const { stderr } = await run(python!, [path.join(import.meta.dirname, 'python/otel_logs.py'), kind, endpoint(), service, 'team'], { timeout: 120_000 });
    expect(stderr).not.toMatch(/Failed to export|error code/iv);
    const api = server.as({ 'x-scope-orgid': 'team' });
    const lines = await api.lines(`{service_name="${service}", k8s_pod_name="pod-1"}`);
    expect(lines.toSorted()).toEqual([...Array.from({ length: 200 }, (_, i) => `message ${i} ünï`), 'it failed'].toSorted());
    const [stream] = await api.streams(`{service_name="${service}"} |= "message 7 "`);
    expect(stream?.stream).toMatchObject({ severity_text: 'WARN', severity_number: '13', detected_level: 'warn', user_id: 'u7', telemetry_sdk_language: 'python' });
    expect(await api.lines(`{service_name="${service}"} | exception_type="ValueError" | detected_level="error"`)).toEqual(['it failed']);
  },
  180_000,
);
