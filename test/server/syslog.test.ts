import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { readConfiguration, startServer, type RunningServer } from '../../src/server/mod.ts';
import { Api } from '../support/api.ts';

let directory: string;
let server: RunningServer | null = null;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-syslog-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
  await rm(directory, { recursive: true, force: true });
});

async function start(text: string): Promise<RunningServer> {
  server = await startServer(readConfiguration({ file: { name: 'test.yaml', text }, environment: { SPOOR_QUERIER_THREADS: '1' }, flags: { data_dir: directory, listen: '127.0.0.1:0' } }), pino({ level: 'silent' }));
  return server;
}

describe('syslog in a server', () => {
  it('is off unless it is asked for', async () => {
    expect((await start('')).syslogPorts).toEqual(new Map());
  });

  it('belongs to the tenant of its listener, has the labels that the tenant and the listener say, and is counted', async () => {
    const running = await start('auth_enabled: true\nsyslog: {listen_tcp: "127.0.0.1:0", tenant_tcp: net, labels: "site=a"}\noverrides: {net: {syslog_label_fields: [app]}}');
    const socket = connect(running.syslogPorts.get('tcp') ?? 0, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('<11>1 - h a - - - text\n');
    const api = new Api(running.url, { 'x-scope-orgid': 'net' });
    for (let attempt = 0; attempt < 300 && (await api.lines('{site="a"}')).length === 0; attempt++) await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(await api.streams('{site="a"}')).toEqual([
      { stream: { site: 'a', app: 'a', service_name: 'a', host: 'h', facility: 'user', severity: 'err', detected_level: 'error' }, values: [[expect.any(String), 'text']] },
    ]);
    const metrics = await api.text('/metrics');
    expect(metrics).toContain('spoor_ingest_entries_total{protocol="syslog"} 1');
    expect(metrics).toContain('spoor_ingest_requests_total{protocol="syslog",status_code="204"} 1');
    expect(metrics).toContain('spoor_syslog_connections{transport="tcp"} 0');
  });

  it('delivers at a stop what it has read', async () => {
    const running = await start('syslog: {listen_tcp: "127.0.0.1:0", batch_delay: 1h}');
    const socket = connect(running.syslogPorts.get('tcp') ?? 0, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(Array.from({ length: 100 }, (_, i) => `<13>1 - h stopping - - - ${i}\n`).join(''));
    const api = new Api(running.url);
    for (let attempt = 0; attempt < 300 && !/ingest_body_bytes_total\{protocol="syslog"\} [1-9]/.test(await api.text('/metrics')); attempt++) await new Promise((resolve) => { setTimeout(resolve, 50); });
    await running.stop();
    const again = await start('');
    expect(await new Api(again.url).lines('{app="stopping"}')).toHaveLength(100);
  });
});

test.each<[string, string]>([
  ['syslog: {listen_tcp: "127.0.0.1:0", time_zone: Nowhere/Town}', 'syslog.time_zone'],
  ['syslog: {listen_udp: "127.0.0.1:0", labels: job}', 'syslog.labels: job is no label'],
  ['syslog: {listen_tls: "127.0.0.1:0"}', 'syslog.tls_cert_file: must be set'],
  ['syslog: {listen_tls: "127.0.0.1:0", tls_cert_file: /nosuch, tls_key_file: /nosuch}', 'syslog.tls_cert_file: ENOENT'],
  ['auth_enabled: true\nsyslog: {listen_tcp: "127.0.0.1:0"}', 'syslog.tenant_tcp: must be set'],
])('refuses %s', async (config, reason) => {
  await expect(start(config)).rejects.toThrow(reason);
});

it('takes no address that is none', () => {
  expect(() => readConfiguration({ file: { name: 'x', text: 'syslog: {listen_tcp: nowhere}' }, environment: {}, flags: {} })).toThrow('syslog.listen_tcp');
  expect(readConfiguration({ file: { name: 'x', text: 'syslog: {listen_tcp: ""}' }, environment: {}, flags: {} }).settings['syslog.listen_tcp']).toBe('');
});
