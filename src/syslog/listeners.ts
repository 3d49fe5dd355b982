import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { SyslogMetrics, SyslogLog, Transport } from './ports.ts';
import { SyslogQueue, type SyslogQueueParts } from './queue.ts';
import { TcpListener } from './tcp.ts';
import { UdpListener } from './udp.ts';

/** Where one transport listens, and for whom. */
export interface SyslogAddress {
  readonly host: string;
  readonly port: number;
  readonly tenant: string;
}

export interface SyslogSettings {
  readonly tcp: SyslogAddress | null;
  readonly tls: (SyslogAddress & { readonly options: TlsOptions }) | null;
  readonly udp: SyslogAddress | null;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly timeZone: string;
  readonly frameBytesMax: number;
  readonly connectionsMax: number;
  readonly idleMs: number;
  readonly batchBytes: number;
  readonly batchDelayMs: number;
  readonly udpQueueBytesMax: number;
  readonly udpReceiveBytes: number;
}

export interface SyslogParts extends Omit<SyslogQueueParts, 'metrics' | 'log'> {
  readonly metrics: SyslogMetrics;
  readonly log: SyslogLog;
}

/** The syslog listeners of a process. */
export interface SyslogListeners {
  /** Addresses by transport. */
  readonly addresses: ReadonlyMap<Transport, AddressInfo>;
  /** Takes nothing more in, and delivers what has arrived; once `signal` aborts, the rest is given up and counted. A second call waits for the first. */
  stop(signal: AbortSignal): Promise<void>;
}

interface Listener {
  listen(): Promise<AddressInfo>;
  close(): Promise<void>;
}

/** Starts the listeners that are configured. Rejects where one cannot listen; then none does. */
export async function startSyslog(settings: SyslogSettings, parts: SyslogParts): Promise<SyslogListeners> {
  const { metrics, log } = parts;
  const queues: SyslogQueue[] = [];
  const listeners = new Map<Transport, Listener>();
  const open = (transport: Transport, address: SyslogAddress | null, make: (queue: SyslogQueue, at: SyslogAddress) => Listener): void => {
    if (address === null) return;
    const { labels, timeZone, batchBytes, batchDelayMs, frameBytesMax: bytesMax } = settings;
    const queue = new SyslogQueue({ transport, tenant: address.tenant, labels, timeZone, batchBytes, batchDelayMs, frameBytesMax: bytesMax }, parts);
    queues.push(queue);
    listeners.set(transport, make(queue, address));
  };
  const { frameBytesMax, connectionsMax, idleMs } = settings;
  open('tcp', settings.tcp, (queue, { host, port }) => new TcpListener({ transport: 'tcp', host, port, frameBytesMax, connectionsMax, idleMs, tls: null }, queue, metrics, log));
  open('tls', settings.tls, (queue, { host, port }) => new TcpListener({ transport: 'tls', host, port, frameBytesMax, connectionsMax, idleMs, tls: settings.tls?.options ?? {} }, queue, metrics, log));
  open('udp', settings.udp, (queue, { host, port }) => new UdpListener({ host, port, queueBytesMax: settings.udpQueueBytesMax, receiveBytes: settings.udpReceiveBytes }, queue, metrics, log));
  const addresses = new Map<Transport, AddressInfo>();
  try {
    for (const [transport, listener] of listeners) {
      const address = await listener.listen();
      addresses.set(transport, address);
      log.info({ transport, address: address.address, port: address.port }, 'spoor listens for syslog');
    }
  } catch (error) {
    for (const transport of addresses.keys()) await listeners.get(transport)?.close();
    throw error;
  }
  let stopped: Promise<void> | null = null;
  const stop = async (signal: AbortSignal): Promise<void> => {
    await Promise.all(Array.from(listeners.values(), async (listener) => listener.close()));
    await Promise.all(queues.map(async (queue) => queue.drain(signal)));
  };
  return { addresses, stop: async (signal) => (stopped ??= stop(signal)) };
}
