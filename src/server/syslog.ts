import { readFile } from 'node:fs/promises';
import type { TlsOptions } from 'node:tls';
import type { Logger } from 'pino';
import { Counter, Gauge } from 'prom-client';
import type { Distributor } from '../distributor/mod.ts';
import { soleTenant, type Metrics } from '../http/mod.ts';
import { reasonOf, SpoorError, type Clock, type LimitsSource } from '../model/mod.ts';
import { readConstantLabels, Zone } from '../protocols/mod.ts';
import { startSyslog, type SyslogListeners, type SyslogMetrics, type SyslogSettings, type Transport } from '../syslog/mod.ts';
import type { Settings } from './config/settings.ts';

interface Parts {
  readonly distributor: Distributor;
  readonly limits: LimitsSource;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Starts the syslog listeners that the configuration asks for; null where it asks for none. Throws `bad_config`. */
export async function startSyslogListeners(settings: Settings, { distributor, limits, clock, metrics, log }: Parts): Promise<SyslogListeners | null> {
  if (settings['syslog.listen_tcp'] === '' && settings['syslog.listen_tls'] === '' && settings['syslog.listen_udp'] === '') return null;
  return startSyslog(await readSettings(settings), { target: distributor, limits, clock, metrics: syslogMetrics(metrics), log });
}

async function readSettings(settings: Settings): Promise<SyslogSettings> {
  const timeZone = settings['syslog.time_zone'];
  try {
    new Zone(timeZone).toUtcMs(0);
  } catch (error) {
    throw new SpoorError('bad_config', { where: 'syslog.time_zone', reason: reasonOf(error) });
  }
  return {
    tcp: address(settings, 'tcp'),
    tls: await tlsAddress(settings),
    udp: address(settings, 'udp'),
    labels: readConstantLabels(settings['syslog.labels'], 'syslog.labels'),
    timeZone,
    frameBytesMax: settings['syslog.frame_bytes_max'],
    connectionsMax: settings['syslog.connections_max'],
    idleMs: settings['syslog.idle_timeout'],
    batchBytes: settings['syslog.batch_bytes'],
    batchDelayMs: settings['syslog.batch_delay'],
    udpQueueBytesMax: settings['syslog.udp_queue_bytes_max'],
    udpReceiveBytes: settings['syslog.udp_receive_bytes'],
  };
}

function address(settings: Settings, transport: Transport): SyslogSettings['tcp'] {
  const text = settings[`syslog.listen_${transport}`];
  if (text === '') return null;
  const tenant = settings[`syslog.tenant_${transport}`];
  if (settings.auth_enabled && tenant === '') throw new SpoorError('bad_config', { where: `syslog.tenant_${transport}`, reason: 'must be set where auth_enabled is true: syslog names no tenant' });
  const at = text.lastIndexOf(':');
  const host = text.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { host: host === '' ? '0.0.0.0' : host, port: Number(text.slice(at + 1)), tenant: settings.auth_enabled ? tenant : soleTenant };
}

async function tlsAddress(settings: Settings): Promise<SyslogSettings['tls']> {
  const where = address(settings, 'tls');
  if (where === null) return null;
  const read = async (name: 'syslog.tls_cert_file' | 'syslog.tls_key_file' | 'syslog.tls_client_ca_file'): Promise<Buffer> => {
    try {
      return await readFile(settings[name]);
    } catch (error) {
      throw new SpoorError('bad_config', { where: name, reason: settings[name] === '' ? 'must be set where syslog.listen_tls is' : reasonOf(error) });
    }
  };
  const options: TlsOptions = { cert: await read('syslog.tls_cert_file'), key: await read('syslog.tls_key_file'), minVersion: 'TLSv1.2' };
  if (settings['syslog.tls_client_ca_file'] === '') return { ...where, options };
  return { ...where, options: { ...options, ca: await read('syslog.tls_client_ca_file'), requestCert: true, rejectUnauthorized: true } };
}

function syslogMetrics(metrics: Metrics): SyslogMetrics {
  const registers = [metrics.registry];
  const dropped = new Counter({ name: 'spoor_syslog_dropped_total', help: 'Messages that were not taken in, by reason', labelNames: ['transport', 'reason'], registers });
  const cut = new Counter({ name: 'spoor_syslog_cut_total', help: 'Messages over syslog.frame_bytes_max that were cut', labelNames: ['transport'], registers });
  const turnedAway = new Counter({ name: 'spoor_syslog_connections_refused_total', help: 'Connections over syslog.connections_max', labelNames: ['transport'], registers });
  const connections = new Gauge({ name: 'spoor_syslog_connections', help: 'Open connections', labelNames: ['transport'], registers });
  return {
    batch: (status) => metrics.ingest.request('syslog', status),
    received: (_transport, bytes) => metrics.ingest.body('syslog', bytes),
    dropped: (transport, reason, messages) => dropped.inc({ transport, reason }, messages),
    cut: (transport) => cut.inc({ transport }),
    turnedAway: (transport) => turnedAway.inc({ transport }),
    refused: (reason) => metrics.ingest.refusedRequest('syslog', reason),
    connections: (transport, change) => connections.inc({ transport }, change),
  };
}
