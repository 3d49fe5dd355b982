import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { reasonOf } from '../model/mod.ts';
import type { SyslogLog, SyslogMetrics } from './ports.ts';
import type { SyslogQueue } from './queue.ts';
import { plainAddress } from './tcp.ts';

/** At a stop the kernel's queue is read until nothing came for so long, and as many times at most. */
const drainPauseMs = 20;
const drainPausesMax = 20;

export interface UdpListenerSettings {
  readonly host: string;
  readonly port: number;
  /** What may wait for the store; datagrams that come on top are dropped and counted. */
  readonly queueBytesMax: number;
  /** Memory that the kernel is asked for, where datagrams wait for the process. */
  readonly receiveBytes: number;
}

/** Takes syslog messages over UDP: one a datagram. Nothing tells their senders to wait, so that what has no room is dropped, and counted. */
export class UdpListener {
  readonly #settings: UdpListenerSettings;
  readonly #queue: SyslogQueue;
  readonly #socket: Socket;
  readonly #log: SyslogLog;
  #received = 0;

  constructor(settings: UdpListenerSettings, queue: SyslogQueue, metrics: SyslogMetrics, log: SyslogLog) {
    this.#settings = settings;
    this.#queue = queue;
    this.#log = log;
    this.#socket = createSocket({ type: settings.host.includes(':') ? 'udp6' : 'udp4' });
    this.#socket.on('message', (message, { address }) => {
      this.#received++;
      metrics.received('udp', message.length);
      if (message.length === 0) return;
      if (this.#queue.bytes + message.length > settings.queueBytesMax) metrics.dropped('udp', 'queue_full', 1);
      else this.#queue.add(message, 0, message.length, plainAddress(address));
    });
  }

  /** Begins to listen; the address, with the port that it got. */
  async listen(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.once('error', reject);
    this.#socket.bind({ address: this.#settings.host, port: this.#settings.port }, resolve);
    await promise;
    this.#socket.removeListener('error', reject);
    this.#socket.on('error', (error) => this.#log.warn({ transport: 'udp', reason: error.message }, 'the syslog listener has trouble'));
    try {
      this.#socket.setRecvBufferSize(this.#settings.receiveBytes);
    } catch (error) {
      this.#log.info({ reason: reasonOf(error) }, 'the kernel gives the UDP listener no more memory');
    }
    return this.#socket.address();
  }

  /** Takes no more datagrams than have arrived by then. */
  async close(): Promise<void> {
    for (let pause = 0, before = -1; pause < drainPausesMax && before !== this.#received; pause++) {
      before = this.#received;
      await new Promise<void>((resolve) => { setTimeout(resolve, drainPauseMs); });
    }
    await new Promise<void>((resolve) => { this.#socket.close(() => resolve()); });
  }
}
